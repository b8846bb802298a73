"""How far a run is, on stderr: a bar and a row a training for a person, lines else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from cli.output import TABLE_STYLE
from modelling.training import EpochDone
from pipeline.progress import Listener, TrainingProgress, listener, minutes

MOST_ROWS = 12
LINES_A_TRAINING = 4


@contextmanager
def show_progress(title: str, console: Console | None = None) -> Iterator[None]:
    """Show the progress of the flow that runs within."""
    console = console or Console(stderr=True, highlight=False, emoji=False)
    showing = _live if console.is_terminal else _lines
    with showing(title, console) as show:
        token = listener.set(show)
        try:
            yield
        finally:
            listener.reset(token)


@dataclass
class _Training:
    """One symbol's training: where it was first heard of, and where it is."""

    done: EpochDone
    first_epoch: int
    heard_at: float = field(default_factory=time.monotonic)

    @property
    def time_left(self) -> str:
        """Return minutes and seconds at its pace, `-` before there is one.

        Early stopping may end it sooner.
        """
        epochs = self.done.epoch - self.first_epoch
        if epochs < 1:
            return "-"
        pace = (time.monotonic() - self.heard_at) / epochs
        return minutes(pace * (self.done.epochs - self.done.epoch))


class _Trainings:
    """The trainings that are under way, by symbol, in the order they began."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, _Training] = {}

    def take(self, standing: TrainingProgress) -> _Training | None:
        """Take note of the last thing told; return the training if it goes on."""
        if standing.epoch is None:
            self._by_symbol.pop(standing.symbol, None)
            return None
        first = _Training(standing.epoch, standing.epoch.epoch)
        training = self._by_symbol.setdefault(standing.symbol, first)
        training.done = standing.epoch
        return training

    def table(self) -> Table:
        """Return a row a training."""
        table = Table(**TABLE_STYLE)
        for heading in ("symbol", "epoch", "loss", "val. loss", "left"):
            table.add_column(
                heading, justify="left" if heading == "symbol" else "right"
            )
        under_way = list(self._by_symbol.items())
        for symbol, training in under_way[:MOST_ROWS]:
            done = training.done
            epochs = f"{done.epoch} of {done.epochs}"
            losses = (f"{done.loss:.5f}", f"{done.validation_loss:.5f}")
            table.add_row(symbol, epochs, *losses, training.time_left)
        if len(under_way) > MOST_ROWS:
            table.add_row(f"and {len(under_way) - MOST_ROWS} more")
        return table


@contextmanager
def _live(title: str, console: Console) -> Iterator[Listener]:
    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[standing]}"),
    )
    task, trainings = bar.add_task(title, total=1.0, standing="starting"), _Trainings()
    with Live(bar, console=console, transient=True, refresh_per_second=4) as live:

        def show(standing: TrainingProgress) -> None:
            trainings.take(standing)
            said = standing.sentence
            bar.update(task, completed=standing.share, standing=said)
            live.update(Group(bar, trainings.table()))

        yield show


@contextmanager
def _lines(title: str, console: Console) -> Iterator[Listener]:
    """Print a few lines a training, and one each time a symbol is done."""
    done, quarters, trainings = 0, dict[str, int](), _Trainings()

    def show(standing: TrainingProgress) -> None:
        nonlocal done
        training = trainings.take(standing)
        if training:
            quarter = LINES_A_TRAINING * training.done.epoch // training.done.epochs
            if quarter > quarters.get(standing.symbol, 0):
                quarters[standing.symbol] = quarter
                console.print(_line(standing.symbol, training), soft_wrap=True)
        if standing.done > done:
            done = standing.done
            console.print(f"{title}: {standing.sentence}", soft_wrap=True)

    yield show


def _line(symbol: str, training: _Training) -> str:
    """Return `AAPL: epoch 5 of 20, loss 0.01, validation loss 0.02, 0:12 left`."""
    done = training.done
    return (
        f"{symbol}: epoch {done.epoch} of {done.epochs}, loss {done.loss:.5f}, "
        f"validation loss {done.validation_loss:.5f}, {training.time_left} left"
    )
