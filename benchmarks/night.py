"""Measures how long a night takes, by stage, and how much memory it needs.

    uv run python benchmarks/night.py [--symbols 10 50 200] [--memory 200] [--json]
                                      [--preset standard]

Prices are random walks of two years on ASX sessions. A cold night trains every model, a
fresh night trains none. Memory is sampled for the run's own process and for the largest
training process. The CPU seconds of the run's own process are printed by step of the
flow, with those of Prefect's server. The stages follow, from a plain loop over the same
functions: what `screen_all` takes above them is Prefect and its threads. Then one
process trains `--memory` models of two epochs on histories of different lengths; its
memory is printed after 20 models and after all.

Before that, `overnight screen --source sample` runs as a process of its own with fresh
models, and the seconds of its parts are printed. The server starts beside the imports,
so its seconds are those that the command still waits for it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
import typer
from made_market import AS_OF, QUIET_PREFECT, made_symbols, write_prices
from scale import Bench, Clock, load, processor_seconds, timed

from config.parameters import TrainingParameters
from features.indicators import indicator_frame
from features.windows import Floats, feature_rows
from market_data.folder import FolderSource
from market_data.prices import adjust_prices
from modelling.jobs import load_backend_quietly
from modelling.training import train
from storage.paths import StoragePath
from tasks.temporary_server import temporary_server
from workers.process_pool import OnEpoch, ProcessPool

SAMPLE_SECONDS = 0.2
EARLY = 20

STEPS = ("screen_all", "publish", "report", "archive", "deliver", "show_night")
"""The steps of the flow, by the names of their functions."""


@dataclass
class Memory:
    """The largest megabytes sampled, of this process and of any process below it."""

    own_mb: float = 0.0
    largest_child_mb: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Sample until the night has ended."""
        here = psutil.Process()
        while not self.ended.wait(SAMPLE_SECONDS):
            self.own_mb = max(self.own_mb, here.memory_info().rss / 2**20)
            for child in here.children(recursive=True):
                self.largest_child_mb = max(self.largest_child_mb, _megabytes(child))


@dataclass(frozen=True)
class NightTiming:
    """One night; `epochs` and `training_seconds` are means per model, 0 if fresh.

    `cpu_by_step` are the CPU seconds of this process by step of the flow, and those of
    the temporary server.
    """

    kind: str
    symbols: int
    seconds: float
    trained: int
    epochs: float
    training_seconds: float
    own_mb: float
    largest_child_mb: float
    load: float
    cpu_by_step: dict[str, float]


def main() -> None:
    """Print the tables, or all figures as JSON."""
    options = _parse_arguments()
    if options.parts_of:
        print(json.dumps(_parts_of_a_command(options.parts_of)))
        return
    for name, value in QUIET_PREFECT.items():
        os.environ.setdefault(name, value)
    with tempfile.TemporaryDirectory() as folder, temporary_server() as server:
        command = _sample_command(Path(folder) / "sample")
        bench = Bench(Path(folder), max([*options.symbols, 1]), options.preset)
        if server:
            server.wait_until_ready()
        homes = [bench.new_home() for _ in options.symbols]
        nights = [
            night
            for count, home in zip(options.symbols, homes, strict=True)
            for night in _nights(bench, count, home)
        ]
        count = options.symbols[-1]
        stages = bench.plain_night(count, homes[-1], "stale", time.process_time)
        found = {
            "fresh_sample_command": command,
            "nights": [asdict(night) for night in nights],
            "cpu_seconds_per_symbol_by_stage": {
                stage: seconds / count for stage, seconds in stages.items()
            },
            "worker_memory": _worker_memory(Path(folder), options.memory),
        }
    print(json.dumps(found, indent=2) if options.json else _format(found))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument(
        "--memory", type=int, default=200, help="models of one process; 0: none"
    )
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--parts-of", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def _sample_command(home: Path) -> dict[str, float]:
    """Return seconds, CPU seconds and parts of a sample night with fresh models."""
    command = [sys.executable, __file__, "--parts-of", str(home)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    parts: dict[str, float] = {}
    for _ in ("cold", "fresh"):
        began, cpu = time.perf_counter(), processor_seconds()
        done = subprocess.run(  # noqa: S603  itself
            command, env=environment, check=True, capture_output=True, text=True
        )
        parts = json.loads(done.stdout.splitlines()[-1])
        seconds = time.perf_counter() - began
        rest = seconds - sum(parts.values())
        parts |= {"start and end of Python": rest, "all": seconds}
        parts["CPU seconds"] = processor_seconds() - cpu
    return parts


def _parts_of_a_command(home: str) -> dict[str, float]:
    """Run the sample night as `overnight screen` does; return the seconds by part."""
    from cli import app  # noqa: PLC0415  the benchmark itself does not need it

    clock = Clock()
    with clock("imports"):
        app.quiet_prefect(debug=False)
        from tasks.temporary_server import temporary_server  # noqa: PLC0415
    with temporary_server() as server:
        with clock("imports"):
            from cli import run_flow  # noqa: PLC0415
            from flows import overnight_screening as night  # noqa: PLC0415
        for name in STEPS:
            setattr(night, name, timed(clock, name, getattr(night, name)))
        if server:
            wait = timed(clock, "server", server.wait_until_ready)
            server.wait_until_ready = wait  # type: ignore[method-assign]
        request = {"source": "sample", "preset": "quick_test", "home": home}
        with clock("flow around its stages"), suppress(typer.Exit):
            run_flow.run_flow(server, night.overnight_screening, request, force=True)
    inner = sum(clock.seconds[name] for name in ("server", *STEPS))
    clock.seconds["flow around its stages"] -= inner
    return dict(clock.seconds)


def _nights(bench: Bench, count: int, home: StoragePath) -> Iterator[NightTiming]:
    """Yield a night that trains all models, then a night that trains none."""
    for kind, policy in (("cold", "always"), ("fresh", "stale")):
        busy = load()
        with _sample_memory() as memory, _cpu_by_step() as steps:
            seconds, state = bench.flow_night(count, policy, home)
        models = state.result(raise_on_failure=False).trained
        yield NightTiming(
            kind=kind,
            symbols=count,
            seconds=seconds,
            trained=len(models),
            epochs=_mean([model.epochs_run for model in models]),
            training_seconds=_mean([model.results.training_time for model in models]),
            own_mb=memory.own_mb,
            largest_child_mb=memory.largest_child_mb,
            load=busy,
            cpu_by_step=dict(steps),
        )


@contextmanager
def _cpu_by_step() -> Iterator[dict[str, float]]:
    """Measure the steps of the flow that runs in the block."""
    from flows import overnight_screening as night  # noqa: PLC0415

    clock, before = (
        Clock(time.process_time),
        {step: vars(night)[step] for step in STEPS},
    )
    vars(night).update({step: timed(clock, step, before[step]) for step in STEPS})
    start, server = time.process_time(), _server_seconds()
    yield clock.seconds
    vars(night).update(before)
    rest = time.process_time() - start - sum(clock.seconds.values())
    clock.seconds["rest of the flow"] = rest
    clock.seconds["Prefect's server"] = _server_seconds() - server


def _server_seconds() -> float:
    """Return the CPU seconds of the temporary server so far, 0 without one."""
    return sum(
        sum(child.cpu_times()[:2])
        for child in psutil.Process().children()
        if "tasks.server_process" in child.cmdline()
    )


@contextmanager
def _sample_memory() -> Iterator[Memory]:
    memory = Memory()
    watcher = threading.Thread(target=memory.watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        memory.ended.set()
        watcher.join()


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _megabytes(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 2**20
    except psutil.Error:  # It has ended meanwhile.
        return 0.0


def _worker_memory(folder: Path, models: int) -> dict[str, float]:
    """Return the memory of one training process after 20 models and after all."""
    if not models:
        return {}
    (symbol,) = made_symbols(1)
    write_prices(folder / "memory", symbol, seed=1)
    source = FolderSource(folder / "memory")
    history = source.fetch(symbol, AS_OF.replace(year=AS_OF.year - 2), AS_OF)
    rows = feature_rows(indicator_frame(adjust_prices(history.frame)))
    with ProcessPool(1, models + 1, 3600) as pool:
        held = [
            pool.run(_train_briefly, rows[5 * (number % EARLY) :])
            for number in range(models)
        ]
    early, last = held[min(EARLY, models) - 1], held[-1]
    return {
        "models": models,
        "after_20_mb": early,
        "after_all_mb": last,
        "growth": last / early - 1,
    }


def _train_briefly(rows: Floats, on_epoch: OnEpoch) -> float:
    """Train two epochs; return the megabytes that this process uses afterwards."""
    load_backend_quietly()
    train(rows, TrainingParameters(epochs=2), on_epoch)
    return float(psutil.Process().memory_info().rss) / 2**20


def _format(found: dict[str, Any]) -> str:
    lines = ["a sample night with fresh models, in seconds:"]
    lines += [
        f"{part:24}{seconds:8.1f}"
        for part, seconds in found["fresh_sample_command"].items()
    ]
    header = "night   symbols  seconds  trained  epochs  s/model    own MB  worker MB"
    lines += ["", header]
    lines += [
        f"{night['kind']:7}{night['symbols']:8}{night['seconds']:9.1f}{night['trained']:9}"
        f"{night['epochs']:8.1f}{night['training_seconds']:11.1f}{night['own_mb']:8.0f}"
        f"{night['largest_child_mb']:11.0f}"
        for night in found["nights"]
    ]
    for night in found["nights"]:
        lines += ["", f"{night['kind']} night of {night['symbols']}, CPU seconds:"]
        lines += [
            f"{step:20}{seconds:8.2f}" for step, seconds in night["cpu_by_step"].items()
        ]
    lines += ["", "the same fresh night in a plain loop, CPU milliseconds per symbol:"]
    lines += [
        f"{stage:20}{1000 * seconds:8.1f}"
        for stage, seconds in found["cpu_seconds_per_symbol_by_stage"].items()
    ]
    held = found["worker_memory"]
    if not held:
        return "\n".join(lines)
    lines.append(
        f"a process holds {held['after_20_mb']:.0f} MB after {EARLY} models, "
        f"{held['after_all_mb']:.0f} MB after {held['models']} ({held['growth']:+.1%})"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
