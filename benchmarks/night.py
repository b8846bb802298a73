"""How long a night takes, cold and fresh, where time goes, and the memory it needs.

    uv run python benchmarks/night.py [--symbols 10 50 200] [--memory 200] [--json]
                                      [--preset standard]

Symbols are made: random walks of two years on ASX sessions. A cold night trains every
model, a fresh one finds them all young enough. Memory is sampled: the run's own process
and the largest of those that train. Then one process trains `--memory` models of a few
epochs, of histories of many lengths: what it holds after 20 and after all of them.
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
from made_market import AS_OF, made_symbols, write_prices
from scale import SURROUNDINGS, Bench, load

from config.parameters import TrainingParameters
from features.indicators import indicator_frame
from features.windows import Floats, feature_rows
from market_data.folder import FolderSource
from market_data.prices import adjust_prices
from modelling.training import train
from workers.process_pool import OnEpoch, ProcessPool

LOOK_EVERY_SECONDS = 0.2
EARLY = 20


@dataclass
class Memory:
    """The most megabytes seen, of this process and of any below it."""

    own_mb: float = 0.0
    largest_child_mb: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look until the night has ended."""
        here = psutil.Process()
        while not self.ended.wait(LOOK_EVERY_SECONDS):
            self.own_mb = max(self.own_mb, here.memory_info().rss / 2**20)
            for child in here.children(recursive=True):
                self.largest_child_mb = max(self.largest_child_mb, _megabytes(child))


@dataclass(frozen=True)
class NightTiming:
    """One night; `epochs` and `training_seconds` are means a model, 0 where fresh."""

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
    options = _arguments()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), max([*options.symbols, 1]), options.preset)
        bench.flow_night(1)  # Starts the server, which is not measured.
        nights = [night for count in options.symbols for night in _nights(bench, count)]
        stages = bench.plain_night(options.symbols[0], bench.new_home())
        found = {
            "nights": [asdict(night) for night in nights],
            "seconds_a_symbol_by_stage": {
                stage: seconds / options.symbols[0] for stage, seconds in stages.items()
            },
            "worker_memory": _worker_memory(Path(folder), options.memory),
        }
    print(json.dumps(found, indent=2) if options.json else _shown(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--memory", type=int, default=200, help="models of one process")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _nights(bench: Bench, count: int) -> Iterator[NightTiming]:
    """Give a night that trains all, then one that finds all models fresh."""
    home = bench.new_home()
    for kind, policy in (("cold", "always"), ("fresh", "stale")):
        busy = load()
        with _watched() as memory:
            seconds, state = bench.flow_night(count, policy, home)
        models = state.result(raise_on_failure=False).trained
        yield NightTiming(
            kind=kind,
            symbols=count,
            seconds=seconds,
            trained=len(models),
            epochs=_mean([one.epochs_run for one in models]),
            training_seconds=_mean([one.results.training_time for one in models]),
            own_mb=memory.own_mb,
            largest_child_mb=memory.largest_child_mb,
            load=busy,
        )


@contextmanager
def _watched() -> Iterator[Memory]:
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
    """Return what one training process holds after 20 models and after all."""
    (symbol,) = made_symbols(1)
    write_prices(folder / "memory", symbol, seed=1)
    source = FolderSource(folder / "memory")
    history = source.fetch(symbol, AS_OF.replace(year=AS_OF.year - 2), AS_OF)
    rows = feature_rows(indicator_frame(adjust_prices(history.frame)))
    with ProcessPool(1, models + 1, 3600) as pool:
        held = [
            pool.run(_trained, rows[5 * (number % EARLY) :]) for number in range(models)
        ]
    early, last = held[min(EARLY, models) - 1], held[-1]
    return {
        "models": models,
        "after_20_mb": early,
        "after_all_mb": last,
        "growth": last / early - 1,
    }


def _trained(rows: Floats, on_epoch: OnEpoch) -> float:
    """Train two epochs; return the megabytes that this process holds then."""
    train(rows, TrainingParameters(epochs=2), on_epoch)
    return float(psutil.Process().memory_info().rss) / 2**20


def _shown(found: dict[str, Any]) -> str:
    lines = ["night   symbols  seconds  trained  epochs  s a model  own MB  worker MB"]
    lines += [
        f"{one['kind']:7}{one['symbols']:8}{one['seconds']:9.1f}{one['trained']:9}"
        f"{one['epochs']:8.1f}{one['training_seconds']:11.1f}{one['own_mb']:8.0f}"
        f"{one['largest_child_mb']:11.0f}"
        for one in found["nights"]
    ]
    lines += [
        f"{stage:12}{1000 * seconds:8.0f} ms a symbol"
        for stage, seconds in found["seconds_a_symbol_by_stage"].items()
    ]
    held = found["worker_memory"]
    lines.append(
        f"a process holds {held['after_20_mb']:.0f} MB after {EARLY} models, "
        f"{held['after_all_mb']:.0f} MB after {held['models']} ({held['growth']:+.1%})"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
