"""Runs many nights in a row and checks that memory and files stop growing.

    uv run python benchmarks/soak.py [--nights 20] [--symbols 2] [--train always]
                                     [--worker PID] [--json]

Prices are random walks on ASX sessions, in a folder of CSV files. Each night is the
real flow on the next session, in one home, with the smallest network. `data/` and
`models/` must stop growing once `nights_kept` nights and `history_kept` models are
there; `reports/` and `logs/` keep a file per night and a line per model.

The Prefect server is a temporary one, or that of PREFECT_API_URL. With `--worker` each
night is a run of the deployment `overnight-screening/manual` on that server, and the
worker with that process id is measured (`overnight deploy` starts both). Results are
in docs/why.md.
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

import psutil
from made_market import AS_OF, FIRST, QUIET_PREFECT, made_symbols, write_prices

from config.parameters import TrainingOverrides
from config.settings import Settings
from market_data.sessions import sessions_between
from storage.home import Home

SMALLEST = TrainingOverrides(
    epochs=1, sequence_length=30, period="1y", lstm_units=(4, 3)
)
MAX_GROWTH = 0.05
"""Share by which memory may grow from one quarter of the nights to the next."""


@dataclass(frozen=True)
class NightUsage:
    """Memory, threads and open files of the process, and files of the home."""

    as_of: date
    state: str
    memory_mb: float
    threads: int
    open_files: int
    working_files: int
    working_kb: float
    kept_files: int


def main() -> None:
    """Print one line per night, then what still grows; exit 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=20)
    parser.add_argument("--symbols", type=int, default=2)
    parser.add_argument("--train", default="always", help="always, stale or never")
    parser.add_argument("--worker", type=int, help="its process id")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name, value in QUIET_PREFECT.items():
        os.environ.setdefault(name, value)
    found: list[NightUsage] = []
    with tempfile.TemporaryDirectory() as folder:
        for usage in nights(
            Path(folder),
            options.nights,
            options.symbols,
            options.train,
            options.worker,
        ):
            found.append(usage)
            if not options.json:
                print(format_usage(usage), flush=True)
    growth = still_growing(found)
    if options.json:
        report = {"nights": [asdict(usage) for usage in found], "growing": growth}
        print(json.dumps(report, default=str, indent=2))
    else:
        print("; ".join(growth) or "levelled off")
    sys.exit(1 if growth else 0)


def nights(
    folder: Path, count: int, symbols: int, train: str, worker: int | None = None
) -> Iterator[NightUsage]:
    """Run the nights of the last `count` sessions; yield the usage after each.

    They run in this process, or in the worker with the process id `worker`.
    """
    names = list(made_symbols(symbols))
    for seed, symbol in enumerate(names):
        write_prices(folder / "market", symbol, seed)
    home = Home(folder / "home")
    for session in sessions_between("XASX", FIRST, AS_OF)[-count:]:
        request = {
            "selection": {"symbols": names},
            "source": "folder",
            "folder": str(folder / "market"),
            "as_of": session.date().isoformat(),
            "train": train,
            "parameters": SMALLEST.model_dump(mode="json", exclude_unset=True),
            "home": str(home.root),
        }
        state = run_by_worker(request) if worker else run_here(request)
        yield measure_usage(home, session.date(), state, psutil.Process(worker))


def run_here(request: dict[str, Any]) -> str:
    """Run a night in this process; return the name of its state."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    state: str = overnight_screening(**request, return_state=True).name
    return state


def run_by_worker(request: dict[str, Any]) -> str:
    """Run a night in a worker; return the name of its state."""
    from prefect.deployments import run_deployment  # noqa: PLC0415

    run: Any = run_deployment("overnight-screening/manual", parameters=request)
    state: str = run.state.name
    return state


def measure_usage(
    home: Home, as_of: date, state: str, process: psutil.Process
) -> NightUsage:
    """Return the usage of the process and the home after a night."""
    working = [*files_in(home.root / "data"), *files_in(home.models)]
    kept = [*files_in(home.root / "reports"), *files_in(home.root / "logs")]
    return NightUsage(
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


def still_growing(found: Sequence[NightUsage]) -> list[str]:
    """Return what is higher in the last quarter of the nights than in the one before.

    Memory may grow by `MAX_GROWTH`, because allocators keep freed memory.
    """
    quarter = max(1, len(found) // 4)
    before, last = found[-2 * quarter : -quarter], found[-quarter:]
    if len(found) < 2 * Settings().run.nights_kept:
        return []  # The first nights fill the home.
    allowed = {"memory_mb": MAX_GROWTH, "working_kb": MAX_GROWTH}
    names = ("memory_mb", "threads", "open_files", "working_files", "working_kb")
    growing = []
    for name in names:
        was = median(getattr(usage, name) for usage in before)
        now = median(getattr(usage, name) for usage in last)
        if now > was * (1 + allowed.get(name, 0)):
            growing.append(f"{name} grows: {was:g} to {now:g}")
    return growing


def format_usage(usage: NightUsage) -> str:
    """Return the line of a night."""
    return (
        f"{usage.as_of} {usage.state}: {usage.memory_mb:.0f} MB, {usage.threads} "
        f"threads, {usage.open_files} open files; data and models "
        f"{usage.working_files} files, {usage.working_kb:.0f} kB; reports and logs "
        f"{usage.kept_files} files"
    )


if __name__ == "__main__":
    main()
