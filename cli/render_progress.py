"""Prints a run's progress on stderr: a bar and a table at a terminal, else lines."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from cli.output import new_table
from modelling.training import EpochDone
from pipeline.progress import Listener, TrainingProgress, listener, minutes

MAX_ROWS = 12
"""Trainings in the table; the others are counted."""

LINES_PER_TRAINING = 4


@contextmanager
def show_progress(title: str, console: Console | None = None) -> Iterator[None]:
    """Show the progress of the flow that runs in the `with` block."""
    console = console or Console(stderr=True, highlight=False, emoji=False)
    open_display = _live if console.is_terminal else _lines
    with open_display(title, console) as show:
        token = listener.set(show)
        try:
            yield
        finally:
            listener.reset(token)


@dataclass
class _Training:
    """One symbol's training: its last epoch, and when its first epoch was reported."""

    done: EpochDone
    first_epoch: int
    started_at: float = field(default_factory=time.monotonic)

    @property
    def time_left(self) -> str:
        """Return minutes and seconds at its present pace, `-` during the first epoch.

        Early stopping may end the training sooner.
        """
        epochs = self.done.epoch - self.first_epoch
        if epochs < 1:
            return "-"
        pace = (time.monotonic() - self.started_at) / epochs
        return minutes(pace * (self.done.epochs - self.done.epoch))


class _Trainings:
    """The running trainings by symbol, in the order in which they began."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, _Training] = {}

    def update(self, progress: TrainingProgress) -> _Training | None:
        """Record the progress; return the training, None if it has ended."""
        if progress.epoch is None:
            self._by_symbol.pop(progress.symbol, None)
            return None
        first = _Training(progress.epoch, progress.epoch.epoch)
        training = self._by_symbol.setdefault(progress.symbol, first)
        training.done = progress.epoch
        return training

    def table(self) -> Table:
        """Return a table with one row per training."""
        headings = ("symbol", "epoch", "loss", "val. loss", "left")
        table = new_table(*headings, left={"symbol"})
        running = list(self._by_symbol.items())
        for symbol, training in running[:MAX_ROWS]:
            done = training.done
            epochs = f"{done.epoch} of {done.epochs}"
            losses = (f"{done.loss:.5f}", f"{done.validation_loss:.5f}")
            table.add_row(symbol, epochs, *losses, training.time_left)
        if len(running) > MAX_ROWS:
            table.add_row(f"and {len(running) - MAX_ROWS} more")
        return table


@contextmanager
def _live(title: str, console: Console) -> Iterator[Listener]:
    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[sentence]}"),
    )
    task, trainings = bar.add_task(title, total=1.0, sentence="starting"), _Trainings()
    with Live(bar, console=console, transient=True, refresh_per_second=4) as live:

        def show(progress: TrainingProgress) -> None:
            trainings.update(progress)
            bar.update(task, completed=progress.share, sentence=progress.sentence)
            live.update(Group(bar, trainings.table()))

        yield show


@contextmanager
def _lines(title: str, console: Console) -> Iterator[Listener]:
    """Print a few lines per training, and one line each time a symbol is done."""
    done, quarters, trainings = 0, dict[str, int](), _Trainings()

    def show(progress: TrainingProgress) -> None:
        nonlocal done
        training = trainings.update(progress)
        if training:
            quarter = LINES_PER_TRAINING * training.done.epoch // training.done.epochs
            if quarter > quarters.get(progress.symbol, 0):
                quarters[progress.symbol] = quarter
                console.print(_line(progress.symbol, training), soft_wrap=True)
        if progress.done > done:
            done = progress.done
            console.print(f"{title}: {progress.sentence}", soft_wrap=True)

    yield show


def _line(symbol: str, training: _Training) -> str:
    """Return `AAPL: epoch 5 of 20, loss 0.01, validation loss 0.02, 0:12 left`."""
    done = training.done
    return (
        f"{symbol}: epoch {done.epoch} of {done.epochs}, loss {done.loss:.5f}, "
        f"validation loss {done.validation_loss:.5f}, {training.time_left} left"
    )
