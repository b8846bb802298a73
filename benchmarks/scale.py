"""Measures what Prefect and a model cost per night, for docs/scale.md.

    uv run python benchmarks/scale.py [--symbols 20 50 200] [--trained 4] [--json]
                                      [--preset quick_test] [--dask ADDRESS]
                                      [--store s3://BUCKET]

Prices are random walks of two years on ASX sessions, in a folder of CSV files. First
each number of symbols is screened without training by the real flow, and by a plain
loop over the same functions; the difference is the cost of Prefect. Then `--trained`
symbols are trained on this machine and, if a scheduler is named, on Dask. The Prefect
server is a temporary one, or that of PREFECT_API_URL. Homes are temporary folders, or
are in the store and stay there.
"""

import argparse
import json
import os
import resource
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from made_market import AS_OF, QUIET_PREFECT, made_symbols, write_prices

from market_data.selection import Symbols
from storage.home import Home, write_atomic
from storage.paths import StoragePath
from storage.settings_file import SETTINGS_FILE
from tasks.temporary_server import temporary_server

Timer = Callable[[], float]


@dataclass(frozen=True)
class Orchestration:
    """Seconds of one night without training, by the flow and by a plain loop.

    CPU seconds are those of this process; `peak_mb` is the most memory that it has used
    so far.
    """

    symbols: int
    loop_seconds: float
    flow_seconds: float
    loop_cpu_seconds: float
    flow_cpu_seconds: float
    peak_mb: float
    load: float

    @property
    def overhead_seconds(self) -> float:
        """Return the flow's seconds minus the loop's."""
        return self.flow_seconds - self.loop_seconds

    @property
    def overhead_cpu_seconds(self) -> float:
        """Return the same in CPU seconds."""
        return self.flow_cpu_seconds - self.loop_cpu_seconds


@dataclass(frozen=True)
class ColdNight:
    """A night in which every model is trained; seconds are of the clock except `cpu`.

    `cpu_seconds` are those of the training processes, None on Dask.
    """

    runner: str
    symbols: int
    seconds: float
    training_seconds: float
    epochs: float
    cpu_seconds: float | None
    load: float
    seconds_by_stage: dict[str, float]
    kilobytes_per_symbol: dict[str, float]


def main() -> None:
    """Print the tables, or all figures as JSON."""
    options = parse_arguments()
    for name, value in QUIET_PREFECT.items():
        os.environ.setdefault(name, value)
    with tempfile.TemporaryDirectory() as folder, temporary_server() as server:
        most = max([*options.symbols, options.trained, 1])
        bench = Bench(Path(folder), most, options.preset, options.store)
        if server:
            server.wait_until_ready()
        found = {
            "orchestration": [bench.orchestration(count) for count in options.symbols],
            "cold": list(bench.cold_nights(options.trained, options.dask)),
            "largest_process_mb": largest_mb(resource.RUSAGE_CHILDREN),
        }
    print(
        json.dumps(found, default=asdict, indent=2)
        if options.json
        else format_figures(found)
    )


def parse_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line, by default of this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, nargs="*", default=[20, 50, 200])
    parser.add_argument("--trained", type=int, default=4, help="symbols trained; 0: no")
    parser.add_argument("--preset", default="quick_test")
    parser.add_argument("--dask", default="", help="address of a running scheduler")
    parser.add_argument("--store", default="", help="store in which homes are made")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


class Bench:
    """A folder of invented symbols, and the nights that are run on them."""

    def __init__(
        self, folder: Path, symbols: int, preset: str = "quick_test", store: str = ""
    ) -> None:
        """Write the prices of so many symbols."""
        self.preset = preset
        self.store = store
        self.folder = folder
        self.symbols = tuple(made_symbols(symbols))
        for seed, symbol in enumerate(self.symbols):
            write_prices(folder / "market", symbol, seed)

    def orchestration(self, count: int) -> Orchestration:
        """Return the seconds of `count` untrained symbols, by flow and by loop."""
        busy, start = load(), time.process_time()
        flow_seconds, _ = self.flow_night(count)
        between, peak = time.process_time(), largest_mb(resource.RUSAGE_SELF)
        loop = self.plain_night(count, self.new_home())
        return Orchestration(
            symbols=count,
            loop_seconds=sum(loop.values()),
            flow_seconds=flow_seconds,
            loop_cpu_seconds=time.process_time() - between,
            flow_cpu_seconds=between - start,
            peak_mb=peak,
            load=busy,
        )

    def cold_nights(self, count: int, scheduler: str) -> Iterator[ColdNight]:
        """Yield nights that train `count` symbols: on this machine, then on Dask."""
        runners = {"local": ""}
        if scheduler:
            runners["dask"] = f'runner = "dask"\ndask_scheduler = "{scheduler}"\n'
        for runner, lines in runners.items() if count else ():
            home, busy = self.new_home(lines), load()
            before = processor_seconds()
            seconds, state = self.flow_night(count, "always", home)
            here, after = runner == "local", processor_seconds()
            trained = state.result(raise_on_failure=False).trained
            times = [model.results.training_time for model in trained]
            stages = self.plain_night(count, home) if here else {}
            yield ColdNight(
                runner=runner,
                symbols=count,
                seconds=seconds,
                training_seconds=sum(times) / len(times),
                epochs=sum(model.epochs_run for model in trained) / len(trained),
                cpu_seconds=after - before if here else None,
                load=busy,
                seconds_by_stage=stages,
                kilobytes_per_symbol=kilobytes_by_folder(home, count),
            )

    def flow_night(
        self, count: int, train: str = "never", home: StoragePath | None = None
    ) -> tuple[float, Any]:
        """Return the seconds of a night by the real flow, and its final state."""
        from flows.overnight_screening import overnight_screening  # noqa: PLC0415

        start = time.perf_counter()
        state = overnight_screening(
            **self.request(count, train, home or self.new_home()),
            force=True,
            return_state=True,
        )
        return time.perf_counter() - start, state

    def plain_night(
        self,
        count: int,
        home: StoragePath,
        train: str = "never",
        timer: Timer = time.perf_counter,
    ) -> dict[str, float]:
        """Return the seconds of a night by stage, without Prefect.

        Models that are in `home` forecast.
        """
        from pipeline.plan import RunRequest, plan_run  # noqa: PLC0415
        from workers.process_pool import ProcessPool  # noqa: PLC0415

        clock = Clock(timer)
        request = self.request(count, train, home)
        with clock("plan"):
            now = datetime.now(UTC)
            plan = plan_run(RunRequest(**request), now=now)
        with ProcessPool(1, count, 1800) as pool:
            screen_plainly(plan, clock, pool)
        return dict(clock.seconds)

    def new_home(self, lines: str = "") -> StoragePath:
        """Return an empty home with `lines` under `[run]` of its settings."""
        place = self.store or str(self.folder)
        home = Home.at(f"{place}/home-{uuid.uuid4().hex}").root
        write_atomic(home / SETTINGS_FILE, f"[run]\n{lines}")
        return home

    def request(self, count: int, train: str, home: StoragePath) -> dict[str, Any]:
        """Return the parameters of a flow run on the first `count` symbols."""
        return {
            "selection": Symbols(symbols=self.symbols[:count]),
            "source": "folder",
            "folder": self.folder / "market",
            "as_of": AS_OF,
            "train": train,
            "preset": self.preset,
            "home": str(home),
        }


class Clock:
    """Seconds by stage."""

    def __init__(self, timer: Timer = time.perf_counter) -> None:
        """Start without any stage; `timer` returns seconds."""
        self._timer = timer
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add the seconds of the `with` block to the stage's."""
        start = self._timer()
        yield
        self.seconds[stage] += self._timer() - start


def screen_plainly(plan: Any, clock: Clock, pool: Any) -> None:  # noqa: ANN401
    """Screen the plan's symbols one after the other, without Prefect."""
    from pipeline.checkpoints import open_checkpoints  # noqa: PLC0415
    from pipeline.progress import Progress  # noqa: PLC0415
    from pipeline.run import RunResources, screening_stages  # noqa: PLC0415
    from pipeline.sources import open_sources  # noqa: PLC0415
    from pipeline.symbol import screen_all  # noqa: PLC0415
    from screening.row import build_row  # noqa: PLC0415
    from screening.table import csv_path, rank, write_csv  # noqa: PLC0415

    checkpoints = open_checkpoints(plan, "plain loop")
    run = RunResources(plan.open_feeds(), pool, checkpoints, Progress(plan.symbols))
    stages = screening_stages(plan, run, open_sources(plan, run.feeds))
    measured = {
        field.name: timed(clock, field.name, getattr(stages, field.name))
        for field in fields(stages)
    }
    findings, _ = screen_all(plan, replace(stages, **measured))
    with clock("publish"):
        blend = plan.settings.blend
        rows = rank((build_row(found, plan.run_at, blend) for found in findings), blend)
        write_csv(csv_path(plan.home.screening_csv, plan.as_of), rows)


def timed(clock: Clock, name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which then adds its seconds to the stage's."""

    def run(*inputs: object, **named: object) -> object:
        with clock(name):
            return stage(*inputs, **named)

    return run


def format_figures(found: dict[str, Any]) -> str:
    """Return all figures as lines of text."""
    lines = [
        "         seconds                    CPU seconds                peak",
        "symbols     loop     flow     over     loop     flow     over    MB   load",
    ]
    lines += [_format_line(night) for night in found["orchestration"]]
    lines += ["", "runner  trained  night s  training  epochs    CPU s/symbol   load"]
    for night in found["cold"]:
        lines.append(
            f"{night.runner:7} {night.symbols:7} {night.seconds:8.1f} "
            f"{night.training_seconds:9.1f} {night.epochs:7.0f} "
            f"{_per_symbol(night.cpu_seconds, night.symbols):>15} {night.load:6.1f}"
        )
        lines += [*_details(night)]
    peak = found["largest_process_mb"]
    return "\n".join([*lines, "", f"the largest child process took {peak:.0f} MB"])


def _format_line(night: Orchestration) -> str:
    seconds = (night.loop_seconds, night.flow_seconds, night.overhead_seconds)
    cpu = (night.loop_cpu_seconds, night.flow_cpu_seconds, night.overhead_cpu_seconds)
    columns = " ".join(f"{value:8.1f}" for value in (*seconds, *cpu))
    return f"{night.symbols:7} {columns} {night.peak_mb:5.0f} {night.load:6.1f}"


def _per_symbol(seconds: float | None, symbols: int) -> str:
    return "" if seconds is None else f"{seconds / symbols:.1f}"


def _details(night: ColdNight) -> Iterator[str]:
    for stage, seconds in night.seconds_by_stage.items():
        yield f"    {stage:12} {1000 * seconds / night.symbols:8.0f} ms per symbol"
    for folder, kilobytes in night.kilobytes_per_symbol.items():
        yield f"    {folder:12} {kilobytes:8.0f} KB per symbol"


def kilobytes_by_folder(home: StoragePath, symbols: int) -> dict[str, float]:
    """Return the kilobytes per symbol in each folder of the home, {} in a store."""
    found: dict[str, float] = {}
    if not isinstance(home, Path):
        return found  # The files are the same as on a disk.
    for folder in ("data/prices", "data/nights", "models", "reports", "logs"):
        files = [path for path in (home / folder).rglob("*") if path.is_file()]
        found[folder] = sum(path.stat().st_size for path in files) / 1024 / symbols
    return found


def processor_seconds() -> float:
    """Return the CPU seconds of all child processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def largest_mb(whose: int) -> float:
    """Return the most memory of this process, or of any child that has ended."""
    return resource.getrusage(whose).ru_maxrss / 1024


def load() -> float:
    """Return the machine's load: running processes, averaged over a minute."""
    return os.getloadavg()[0]


if __name__ == "__main__":
    main()
