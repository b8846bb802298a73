"""Measures what each preset, and each parameter changed alone, costs and achieves.

    uv run python benchmarks/presets.py [--symbols GOOG IBM] [--only standard]

Trains the sample's stocks to 2013-03-01, every variant in a new process. Prints epochs
run, processor seconds per model (the first compiles), the process's largest memory,
medians of the scaled losses, and the skill of each stock.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from config.parameters import PRESETS, TrainingParameters, training_parameters
from features.indicators import indicator_frame
from features.windows import Floats, feature_rows
from market_data.prices import adjust_prices
from market_data.sample import LAST_SESSION, SampleSource
from modelling.training import train
from workers.process_pool import OnEpoch, ProcessPool

CHANGES: tuple[dict[str, Any], ...] = (
    {"epochs": 20},
    {"sequence_length": 90},
    {"batch_size": 16},
    {"batch_size": 64},
    {"validation_split": 0.3},
    {"period": "1y"},
    {"period": "5y"},
    {"lstm_units": (50, 25)},
    {"dropout": 0.3},
    {"learning_rate": 0.01},
    {"early_stopping_patience": 0},
)


@dataclass(frozen=True)
class Trained:
    """One model: its cost in processor seconds and megabytes, its losses and skill."""

    epochs: int
    seconds: float
    megabytes: float
    loss: float
    validation_loss: float
    skill: float


def main() -> None:
    """Print one table line as each variant ends."""
    options = parse_arguments(sys.argv[1:])
    print(f"{'':28}epochs  CPU s     MB    loss  val. loss  skill")
    for name, parameters in variants():
        if not options.only or name in options.only:
            print(format_line(name, measure(options.symbols, parameters)), flush=True)


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", nargs="+", default=["GOOG", "IBM"])
    parser.add_argument("--only", nargs="+", help="names of variants; all when empty")
    return parser.parse_args(words)


def variants() -> Iterator[tuple[str, TrainingParameters]]:
    """Yield the presets, then `standard` with one parameter changed, by name."""
    yield from PRESETS.items()
    for change in CHANGES:
        ((name, value),) = change.items()
        yield f"{name}={value}", training_parameters(**change)


def measure(symbols: Sequence[str], parameters: TrainingParameters) -> list[Trained]:
    """Return what training each symbol costs, all in one new process."""
    with ProcessPool(1, len(symbols) + 1, 3600) as pool:
        return [
            pool.run(_train, (_rows(symbol, parameters), parameters))
            for symbol in symbols
        ]


def _rows(symbol: str, parameters: TrainingParameters) -> Floats:
    start = LAST_SESSION.replace(year=LAST_SESSION.year - parameters.years)
    history = SampleSource().fetch(symbol, start, LAST_SESSION)
    return feature_rows(indicator_frame(adjust_prices(history.frame)))


def _train(given: tuple[Floats, TrainingParameters], on_epoch: OnEpoch) -> Trained:
    began = time.process_time()
    model = train(*given, on_epoch)
    return Trained(
        epochs=model.epochs.run,
        seconds=time.process_time() - began,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        loss=model.loss,
        validation_loss=model.validation_loss,
        skill=model.calibration.skill or float("nan"),
    )


def format_line(name: str, models: Sequence[Trained]) -> str:
    """Return a variant's line of the table."""
    epochs = "/".join(str(model.epochs) for model in models)
    skills = "/".join(f"{model.skill:.3f}" for model in models)
    return (
        f"{name:28}{epochs:>6}{mean(model.seconds for model in models):7.1f}"
        f"{max(model.megabytes for model in models):7.0f}"
        f"{median(model.loss for model in models):8.4f}"
        f"{median(model.validation_loss for model in models):11.4f}  {skills}"
    )


if __name__ == "__main__":
    main()
