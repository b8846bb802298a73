"""Prints a run's progress on stderr: a bar and a table at a terminal, else lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from cli.output import new_table
from modelling.training import EpochDone
from pipeline.progress import Listener, TrainingProgress, listener

MAX_ROWS = 12
"""Symbols in the table, running ones first; the others are counted."""

LINES_PER_TRAINING = 4

HEADINGS = ("symbol", "epoch", "loss", "val. loss", "state")


Announce = Callable[[str], None]
"""Shows what a run does before its first symbol reports."""


@contextmanager
def show_progress(title: str, console: Console | None = None) -> Iterator[Announce]:
    """Show the progress of the flow that runs in the `with` block."""
    console = console or Console(stderr=True, highlight=False, emoji=False)
    open_display = _live if console.is_terminal else _lines
    with open_display(title, console) as (show, announce):
        token = listener.set(show)
        try:
            yield announce
        finally:
            listener.reset(token)


class _Trainings:
    """The trainings by symbol: last report with an epoch, and the symbol's step.

    The last one that changed its step is the last one of the dictionary.
    """

    def __init__(self) -> None:
        self._by_symbol: dict[str, TrainingProgress] = {}

    def update(self, progress: TrainingProgress) -> None:
        """Record the progress; a symbol without a training is only counted."""
        symbol = progress.symbol
        before = self._by_symbol.get(symbol)
        if progress.epoch:
            self._by_symbol[symbol] = progress
        elif before:
            del self._by_symbol[symbol]
            self._by_symbol[symbol] = replace(before, step=progress.step)

    def table(self) -> Table:
        """Return a table: running trainings, then the latest ended ones."""
        table = new_table(*HEADINGS, left={"symbol", "state"})
        running = [one for one in self._by_symbol.values() if one.step == "training"]
        ended = [one for one in self._by_symbol.values() if one.step != "training"]
        rows = [*running, *ended[::-1]]
        for one in rows[:MAX_ROWS]:
            if one.epoch:
                epochs = f"{one.epoch.epoch} of {one.epoch.epochs}"
                loss, other = one.epoch.loss, one.epoch.validation_loss
                table.add_row(
                    one.symbol, epochs, f"{loss:.5f}", f"{other:.5f}", one.step
                )
        if len(rows) > MAX_ROWS:
            table.add_row(f"and {len(rows) - MAX_ROWS} more")
        return table


@contextmanager
def _live(title: str, console: Console) -> Iterator[tuple[Listener, Announce]]:
    bar = Progress(
        SpinnerColumn("line"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=14),
        TextColumn("{task.fields[sentence]}"),
    )
    task, trainings = bar.add_task(title, total=1.0, sentence="starting"), _Trainings()
    with Live(bar, console=console, transient=True, refresh_per_second=4) as live:

        def show(progress: TrainingProgress) -> None:
            trainings.update(progress)
            bar.update(task, completed=progress.share, sentence=progress.sentence)
            live.update(Group(bar, trainings.table()))

        yield show, lambda text: bar.update(task, sentence=text)


@contextmanager
def _lines(title: str, console: Console) -> Iterator[tuple[Listener, Announce]]:
    """Print a few lines per training, and one line each time a symbol is done."""
    done, quarters = 0, dict[str, int]()

    def show(progress: TrainingProgress) -> None:
        nonlocal done
        epoch = progress.epoch
        if epoch:
            quarter = LINES_PER_TRAINING * epoch.epoch // epoch.epochs
            if quarter > quarters.get(progress.symbol, 0):
                quarters[progress.symbol] = quarter
                console.print(_line(progress.symbol, epoch), soft_wrap=True)
        if progress.done > done:
            done = progress.done
            console.print(f"{title}: {progress.sentence}", soft_wrap=True)

    yield show, lambda _: None


def _line(symbol: str, done: EpochDone) -> str:
    """Return `AAPL: epoch 5 of 20, loss 0.01, validation loss 0.02`."""
    return (
        f"{symbol}: epoch {done.epoch} of {done.epochs}, loss {done.loss:.5f}, "
        f"validation loss {done.validation_loss:.5f}"
    )
