"""Many nights in a row, in one process or by one worker: what grows must level off.

    uv run python benchmarks/soak.py [--nights 20] [--symbols 2] [--train always]
                                     [--worker PID] [--json]

Symbols are made: random walks on ASX sessions, in a CSV folder. Each night is the real
flow on the next session, in one home, with the smallest network. `data/` and `models/`
must stop growing once `nights_kept` nights and `history_kept` models are there;
`reports/` and `logs/` get a file a night and a line a model, which are for the person.
The Prefect server is a temporary one, or that of PREFECT_API_URL. With `--worker` each
night is a run of the deployment `overnight-screening/manual` there, and what is
measured is the worker of that process id (`overnight deploy` starts both).

Measured on 2026-11-25, 20 nights of 2 symbols, each trained each night: levelled off.
`data/` and `models/` stood at 37 files, 807 kB from the fifth night on, 23 files open,
13 threads, memory 574 MB after the fifth and 580 MB after the last; 29 CPU s a night.
By a worker, 20 nights of 1 symbol: the same 19 files, 404 kB from the fifth night on,
5 threads, 13 to 20 files open, 38 s a night; memory of the worker 96 to 106 MB, half
a MB a night, which is Prefect's own: a run is a process that ends.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import psutil

from config.parameters import TrainingOverrides
from config.settings import Settings
from market_data.sessions import sessions_between
from storage.home import Home

FIRST, LAST = date(2024, 1, 2), date(2025, 11, 10)
SURROUNDINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}
SMALLEST = TrainingOverrides(
    epochs=1, sequence_length=30, period="1y", lstm_units=(4, 3)
)
MOST_GROWTH = 0.05
"""Share by which the last nights' memory may be over that of the nights before."""


@dataclass(frozen=True)
class Standing:
    """What is there after a night: the process' own, and the home's files."""

    as_of: date
    state: str
    memory_mb: float
    threads: int
    open_files: int
    working_files: int
    working_kb: float
    kept_files: int


def main() -> None:
    """Print a line a night, then what still grows; exit 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=2)
    parser.add_argument("--train", default="always", help="always, stale or never")
    parser.add_argument("--worker", type=int, help="its process id")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    found: list[Standing] = []
    with tempfile.TemporaryDirectory() as folder:
        place, count = Path(folder), asked.nights
        for one in nights(place, count, asked.symbols, asked.train, asked.worker):
            found.append(one)
            if not asked.json:
                print(shown(one), flush=True)
    growth = still_growing(found)
    if asked.json:
        told = {"nights": [asdict(one) for one in found], "growing": growth}
        print(json.dumps(told, default=str, indent=2))
    else:
        print("; ".join(growth) or "levelled off")
    sys.exit(1 if growth else 0)


def nights(
    folder: Path, count: int, symbols: int, train: str, worker: int | None = None
) -> Iterator[Standing]:
    """Run the nights of the last `count` sessions; give what is there after each.

    In this process, or by the worker of that process id.
    """
    names = [f"SK{number}.AX" for number in range(symbols)]
    for seed, symbol in enumerate(names):
        write_prices(folder / "market", symbol, seed)
    home = Home(folder / "home")
    for session in sessions_between("XASX", FIRST, LAST)[-count:]:
        asked = {
            "selection": {"symbols": names},
            "source": "folder",
            "folder": str(folder / "market"),
            "as_of": session.date().isoformat(),
            "train": train,
            "parameters": SMALLEST.model_dump(mode="json", exclude_unset=True),
            "home": str(home.root),
        }
        state = by_worker(asked) if worker else here(asked)
        yield standing(home, session.date(), state, psutil.Process(worker))


def here(asked: dict[str, Any]) -> str:
    """Run a night in this process; return its state's name."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    state: str = overnight_screening(**asked, return_state=True).name
    return state


def by_worker(asked: dict[str, Any]) -> str:
    """Have a worker run a night; return its state's name."""
    from prefect.deployments import run_deployment  # noqa: PLC0415

    run: Any = run_deployment("overnight-screening/manual", parameters=asked)
    state: str = run.state.name
    return state


def write_prices(folder: Path, symbol: str, seed: int) -> None:
    """Write a random walk of moves that no quality rule minds."""
    sessions = sessions_between("XASX", FIRST, LAST)
    moves = np.random.default_rng(seed).uniform(-0.02, 0.02, len(sessions))
    close = 50 * np.exp(np.cumsum(moves))
    prices = {"Open": close, "High": close * 1.01, "Low": close * 0.99}
    table = pd.DataFrame({"Date": sessions.date} | prices)
    table = table.assign(**{"Close": close, "Adj Close": close, "Volume": 1e6})
    path = folder / "prices" / f"{symbol}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)


def standing(home: Home, as_of: date, state: str, process: psutil.Process) -> Standing:
    """Return what is there now, in the home and in the process."""
    working = [*files_in(home.root / "data"), *files_in(home.models)]
    kept = [*files_in(home.root / "reports"), *files_in(home.root / "logs")]
    return Standing(
        as_of=as_of,
        state=state,
        memory_mb=round(process.memory_info().rss / 2**20, 1),
        threads=process.num_threads(),
        open_files=process.num_fds(),
        working_files=len(working),
        working_kb=round(sum(path.stat().st_size for path in working) / 1000, 1),
        kept_files=len(kept),
    )


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def still_growing(found: Sequence[Standing]) -> list[str]:
    """Return what is more after the last quarter of the nights than the one before.

    Memory may grow by `MOST_GROWTH`: allocators keep what they have been given.
    """
    quarter = max(1, len(found) // 4)
    before, last = found[-2 * quarter : -quarter], found[-quarter:]
    if len(found) < 2 * Settings().run.nights_kept:
        return []  # The first nights fill what is kept.
    allowed = {"memory_mb": MOST_GROWTH, "working_kb": MOST_GROWTH}
    names = ("memory_mb", "threads", "open_files", "working_files", "working_kb")
    growing = []
    for name in names:
        was = median(getattr(one, name) for one in before)
        now = median(getattr(one, name) for one in last)
        if now > was * (1 + allowed.get(name, 0)):
            growing.append(f"{name} grows: {was:g} to {now:g}")
    return growing


def shown(one: Standing) -> str:
    """Return a night's line."""
    return (
        f"{one.as_of} {one.state}: {one.memory_mb:.0f} MB, {one.threads} threads, "
        f"{one.open_files} open files; data and models {one.working_files} files, "
        f"{one.working_kb:.0f} kB; reports and logs {one.kept_files} files"
    )


if __name__ == "__main__":
    main()
