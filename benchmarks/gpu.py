"""How many models a minute a GPU trains, by the training flow itself.

    uv run python benchmarks/gpu.py [--symbols 500] [--preset standard] [--epochs N]
                                    [--places 128] [--compare 8] [--on gpu] [--json]

Symbols are made: random walks of two years on ASX sessions. The flow that
`overnight train` runs trains and registers them all in a temporary home, on the GPU in
batches; then the processor alone trains the first `--compare` of them, whose losses
stand beside the GPU's. Without a GPU it ends at once; `--on cpu` rehearses the same on
the processor, with numbers that say nothing of a GPU.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scale import SURROUNDINGS, Bench

from config.parameters import TrainingOverrides
from config.settings import ModelSettings
from modelling.model_metadata import ModelMetadata

REHEARSAL = "REHEARSAL on the processor: these numbers say nothing of a GPU"


@dataclass
class Course:
    """When a training flow told of epochs; seconds since it began."""

    began: float = field(default_factory=time.perf_counter)
    first_epoch: float | None = None
    last_epoch: float | None = None

    def hear(self, standing: Any) -> None:  # noqa: ANN401
        """Take note of an epoch; called from many threads."""
        if standing.epoch:
            self.last_epoch = time.perf_counter() - self.began
            self.first_epoch = self.first_epoch or self.last_epoch


@dataclass(frozen=True)
class Found:
    """What a flow over `symbols` took, and where.

    `first_epoch_seconds` and `last_epoch_seconds` say when the first and the last epoch
    was told of, None where all ended too soon: before them data are gathered and steps
    compiled, after them the last models are judged. Judging goes on beside the next
    batch.
    """

    device: str
    symbols: int
    models: int
    places: int
    seconds: float
    first_epoch_seconds: float | None
    last_epoch_seconds: float | None
    mean_epochs: float
    compared: int
    median_validation_loss: float
    median_validation_loss_on_processor: float
    rehearsal: bool

    @property
    def models_a_minute(self) -> float:
        """Return the models that a minute of the whole flow gives."""
        return 60 * self.models / self.seconds


def main() -> None:
    """Print a table, or all figures as JSON; exit with 1 where no GPU answers."""
    options = asked()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    why_not = no_device(options.on)
    if why_not:
        sys.exit(why_not)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.symbols, options.preset)
        bench.flow_night(1)  # Starts the server, which is not measured.
        found = measured(bench, options)
    print(as_json(found) if options.json else shown(found))


def asked(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what is asked for, by default on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--epochs", type=int, help="empty: the preset's")
    parser.add_argument("--places", type=int, default=ModelSettings().gpu_symbols)
    parser.add_argument("--compare", type=int, default=8, help="symbols trained twice")
    parser.add_argument("--on", choices=["gpu", "cpu"], default="gpu")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def no_device(wanted: str) -> str:
    """Return why nothing can be measured, in a sentence; '' where it can."""
    from tasks.gpu_slots import batch_slots, device_in, is_asked_for  # noqa: PLC0415

    models = ModelSettings.model_validate({"batches": wanted})
    if not is_asked_for(models):
        return (
            "a GPU must be there to be measured, got no packages for one; "
            "`uv sync --extra gpu`, or rehearse with --on cpu."
        )
    with batch_slots(models, 1) as slots:
        return device_in(slots, wanted)[1]


def measured(bench: Bench, options: argparse.Namespace) -> Found:
    """Return the figures of a flow over all symbols.

    Raises
    ------
    RuntimeError
        If a model was not trained, or not on the device.
    """
    batches = f'[models]\nbatches = "{options.on}"\ngpu_symbols = {options.places}\n'
    # A device is used where symbols are more than processes: one, of a few symbols.
    few = "training_processes = 1\n" if options.on == "cpu" else ""
    course, models = trained(bench, options.symbols, options.epochs, few + batches)
    seconds = time.perf_counter() - course.began
    never = '[models]\nbatches = "never"\n'
    _, alone = trained(bench, options.compare, options.epochs, never)
    twice = {model.symbol for model in alone}
    return Found(
        device=_device(models),
        symbols=options.symbols,
        models=len(models),
        places=options.places,
        seconds=seconds,
        first_epoch_seconds=course.first_epoch,
        last_epoch_seconds=course.last_epoch,
        mean_epochs=statistics.mean(model.epochs_run for model in models),
        compared=len(alone),
        median_validation_loss=_loss(one for one in models if one.symbol in twice),
        median_validation_loss_on_processor=_loss(alone),
        rehearsal=options.on == "cpu",
    )


def trained(
    bench: Bench, count: int, epochs: int | None, lines: str
) -> tuple[Course, Sequence[ModelMetadata]]:
    """Return the models of a training flow in a home of its own, and its course."""
    from flows.lstm_training import lstm_training  # noqa: PLC0415
    from tasks.progress import listener  # noqa: PLC0415

    home, parameters = bench.new_home(lines), TrainingOverrides(epochs=epochs)
    course = Course()
    token = listener.set(course.hear)
    request = bench.request(count, "always", home)
    state = lstm_training(**request, parameters=parameters, return_state=True)
    listener.reset(token)
    summary = state.result(raise_on_failure=False)
    print(*summary.notices, sep="\n", end="", file=sys.stderr)
    if len(summary.trained) < count:
        raise RuntimeError(
            f"all {count} symbols must be trained, got {len(summary.trained)}: "
            f"{summary.sentence}."
        )
    return course, summary.trained


def _device(models: Iterable[ModelMetadata]) -> str:
    found = Counter(model.device for model in models)
    (device, _), *others = found.most_common()
    if device is None or others:
        raise RuntimeError(
            f"all models must be trained in batches, got {dict(found)} by device; "
            "mend what the run says, or ask for more symbols than there are cores."
        )
    return device


def _loss(models: Iterable[ModelMetadata]) -> float:
    return statistics.median(model.results.final_val_loss for model in models)


def as_json(found: Found) -> str:
    """Return all figures as one object."""
    return json.dumps(
        {**asdict(found), "models_a_minute": found.models_a_minute}, indent=2
    )


def shown(found: Found) -> str:
    """Return the figures as lines of text."""
    losses = (
        f"{found.median_validation_loss:.6f}, by the processor alone "
        f"{found.median_validation_loss_on_processor:.6f}"
    )
    lines = [
        f"{found.models} models of {found.symbols} symbols on {found.device}",
        f"{found.places:8} places a batch, {found.mean_epochs:.1f} epochs a model",
        f"{found.seconds:8.1f} s in all, {found.models_a_minute:.1f} models a minute",
        f"{_told(found.first_epoch_seconds)} s until the first epoch was told of",
        f"{_told(found.last_epoch_seconds)} s until the last; what follows is judging",
        f"median validation loss of {found.compared} symbols: {losses}",
    ]
    return "\n".join([REHEARSAL, *lines, REHEARSAL] if found.rehearsal else lines)


def _told(seconds: float | None) -> str:
    return " unknown" if seconds is None else f"{seconds:8.1f}"


if __name__ == "__main__":
    main()
