"""Measures how long a night takes, by stage, and how much memory it needs.

    uv run python benchmarks/night.py [--symbols 10 50 200] [--memory 200] [--json]
                                      [--preset standard]

Prices are random walks of two years on ASX sessions. A cold night trains every model, a
fresh night trains none. Memory is sampled for the run's own process and for the largest
training process. Then one process trains `--memory` models of two epochs on histories
of different lengths; its memory is printed after 20 models and after all.
"""

import argparse
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from made_market import AS_OF, QUIET_PREFECT, made_symbols, write_prices
from scale import Bench, load

from config.parameters import TrainingParameters
from features.indicators import indicator_frame
from features.windows import Floats, feature_rows
from market_data.folder import FolderSource
from market_data.prices import adjust_prices
from modelling.training import train
from workers.process_pool import OnEpoch, ProcessPool

SAMPLE_SECONDS = 0.2
EARLY = 20


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
    """One night; `epochs` and `training_seconds` are means per model, 0 if fresh."""

    kind: str
    symbols: int
    seconds: float
    trained: int
    epochs: float
    training_seconds: float
    own_mb: float
    largest_child_mb: float
    load: float


def main() -> None:
    """Print the tables, or all figures as JSON."""
    options = _parse_arguments()
    for name, value in QUIET_PREFECT.items():
        os.environ.setdefault(name, value)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), max([*options.symbols, 1]), options.preset)
        bench.flow_night(1)  # Starts the server, which is not measured.
        nights = [night for count in options.symbols for night in _nights(bench, count)]
        stages = bench.plain_night(options.symbols[0], bench.new_home())
        found = {
            "nights": [asdict(night) for night in nights],
            "seconds_per_symbol_by_stage": {
                stage: seconds / options.symbols[0] for stage, seconds in stages.items()
            },
            "worker_memory": _worker_memory(Path(folder), options.memory),
        }
    print(json.dumps(found, indent=2) if options.json else _format(found))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--memory", type=int, default=200, help="models of one process")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _nights(bench: Bench, count: int) -> Iterator[NightTiming]:
    """Yield a night that trains all models, then a night that trains none."""
    home = bench.new_home()
    for kind, policy in (("cold", "always"), ("fresh", "stale")):
        busy = load()
        with _sample_memory() as memory:
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
    train(rows, TrainingParameters(epochs=2), on_epoch)
    return float(psutil.Process().memory_info().rss) / 2**20


def _format(found: dict[str, Any]) -> str:
    lines = ["night   symbols  seconds  trained  epochs  s/model    own MB  worker MB"]
    lines += [
        f"{night['kind']:7}{night['symbols']:8}{night['seconds']:9.1f}{night['trained']:9}"
        f"{night['epochs']:8.1f}{night['training_seconds']:11.1f}{night['own_mb']:8.0f}"
        f"{night['largest_child_mb']:11.0f}"
        for night in found["nights"]
    ]
    lines += [
        f"{stage:12}{1000 * seconds:8.0f} ms per symbol"
        for stage, seconds in found["seconds_per_symbol_by_stage"].items()
    ]
    held = found["worker_memory"]
    lines.append(
        f"a process holds {held['after_20_mb']:.0f} MB after {EARLY} models, "
        f"{held['after_all_mb']:.0f} MB after {held['models']} ({held['growth']:+.1%})"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
