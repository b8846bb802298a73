"""Prints a run's progress on stderr: at a terminal a bar and a table, else 12 lines."""

import threading
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

MAX_LINES = 12
"""Lines of progress that a run prints into a file, whatever it screens."""

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
    """Print a line for each twelfth of the run; the last one when all is finished.

    Many threads report. A report that comes after a later one is not printed.
    """
    printed, lock = 0, threading.Lock()

    def show(progress: TrainingProgress) -> None:
        nonlocal printed
        twelfth = _twelfth(progress)
        with lock:
            if twelfth > printed:
                printed = twelfth
                console.print(f"{title}: {_words(progress)}", soft_wrap=True)

    yield show, lambda _: None


def _twelfth(progress: TrainingProgress) -> int:
    """Return how many of `MAX_LINES` equal parts are done, all only at the end."""
    if progress.done == progress.symbols:
        return MAX_LINES
    return min(MAX_LINES - 1, int(MAX_LINES * progress.share))


def _words(progress: TrainingProgress) -> str:
    """Return the run's progress, or for a single symbol that of its training."""
    if progress.epoch and progress.symbols == 1:
        return _line(progress.symbol, progress.epoch)
    return progress.sentence


def _line(symbol: str, done: EpochDone) -> str:
    """Return `AAPL: epoch 5 of 20, loss 0.01, validation loss 0.02`."""
    return (
        f"{symbol}: epoch {done.epoch} of {done.epochs}, loss {done.loss:.5f}, "
        f"validation loss {done.validation_loss:.5f}"
    )
