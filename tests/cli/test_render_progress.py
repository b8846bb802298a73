"""Printed progress: a table at a terminal, lines in a file."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from rich.console import Console

from cli.render_progress import MAX_LINES, MAX_ROWS, show_progress
from modelling.training import EpochDone
from pipeline.progress import Progress, TrainingProgress, listener


@dataclass(frozen=True)
class Watcher:
    """A console of 80 columns whose output is returned."""

    terminal: bool

    def print(self, *states: TrainingProgress) -> str:
        """Return what is printed while a run reports these states."""
        paper = io.StringIO()
        console = Console(file=paper, force_terminal=self.terminal, width=80)
        with show_progress("as of 2025-11-10", console) as announce:
            announce("loading prices")
            show = listener.get()
            assert show
            for state in states:
                show(state)
        assert listener.get() is None
        return paper.getvalue()


def epoch(symbol: str, number: int, done: int = 0) -> TrainingProgress:
    """Return the progress after an epoch of ten."""
    return TrainingProgress(
        0.1, done, 2, 80.0, symbol, EpochDone(number, 10, 0.0123, 0.0456), "training"
    )


def test_a_file_gets_a_few_lines_of_one_training() -> None:
    """The training of a single symbol is shown by its losses, without colour."""
    states = [replace(epoch("AAPL", n), symbols=1, share=n / 11) for n in range(1, 11)]
    seen = Watcher(terminal=False).print(*states, TrainingProgress(1.0, 1, 1, 0.0))
    lines = seen.splitlines()
    assert len(lines) <= MAX_LINES
    assert lines[0].startswith("as of 2025-11-10: AAPL: epoch 1 of 10, loss 0.01230")
    assert lines[-1] == "as of 2025-11-10: 1 of 1 finished"
    assert "\x1b" not in seen


@pytest.mark.parametrize("symbols", [1, 2, 12, 13, 300, 10_000])
def test_a_file_gets_at_most_twelve_lines(symbols: int) -> None:
    """Threads report in any order; the lines rise, and the last one is complete."""
    names = [f"S{number}" for number in range(symbols)]
    paper = io.StringIO()
    with show_progress("night", Console(file=paper, width=80)):
        progress = Progress(names)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(progress.end_symbol, names))
    lines = paper.getvalue().splitlines()
    counts = [int(line.split()[1]) for line in lines]
    assert len(lines) <= min(symbols, MAX_LINES)
    assert counts == sorted(set(counts))
    assert lines[-1] == f"night: {symbols} of {symbols} finished"


def test_a_report_that_comes_late_is_not_printed() -> None:
    """A thread may report after another thread that has counted more."""
    seen = Watcher(terminal=False).print(
        TrainingProgress(1.0, 2, 2, 0.0, "IBM"),
        TrainingProgress(0.5, 1, 2, 80.0, "AAPL"),
    )
    assert seen.splitlines() == ["as of 2025-11-10: 2 of 2 finished"]


def test_a_terminal_shows_a_row_per_training() -> None:
    """A row holds symbol, epoch, both losses and the state."""
    seen = Watcher(terminal=True).print(
        epoch("AAPL", 1), epoch("IBM", 1), epoch("IBM", 2)
    )
    last = seen.rpartition("val. loss")[2]
    for words in (
        "AAPL",
        "1 of 10",
        "IBM",
        "2 of 10",
        "0.01230",
        "0.04560",
        "training",
    ):
        assert words in last


@pytest.mark.parametrize("number", [2, 30])
def test_ended_trainings_stay_in_view_and_fit_the_screen(number: int) -> None:
    """An ended training is below the running ones; rows that do not fit are counted."""
    watcher = Watcher(terminal=True)
    many = [epoch(f"S{index}", 1) for index in range(number)]
    ended = [
        TrainingProgress(0.2, 0, 2, 80.0, one.symbol, step="trained")
        for one in many[:-1]
    ]
    last = watcher.print(*many, *ended).rpartition("val. loss")[2]
    rows = [line.split() for line in last.splitlines() if "1 of 10" in line]
    assert rows[0][0] == f"S{number - 1}"
    assert [row[-1] for row in rows] == ["training", *["trained"] * (len(rows) - 1)]
    assert len(rows) == min(number, MAX_ROWS)
    assert (f"and {number - MAX_ROWS} more" in last) == (number > MAX_ROWS)


def test_a_terminal_shows_what_happens_before_the_first_symbol() -> None:
    """What is announced is on the screen before any symbol reports."""
    assert "loading prices" in Watcher(terminal=True).print()
    assert Watcher(terminal=False).print() == ""
