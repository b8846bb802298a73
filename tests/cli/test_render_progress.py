"""What a person sees of trainings: rows at a terminal, lines in a file."""

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from cli.render_progress import MOST_ROWS, show_progress
from modelling.training import EpochDone
from pipeline.progress import HomeStatus, listener


@dataclass(frozen=True)
class Watcher:
    """A console of 80 columns, and what it shows of what a run tells."""

    terminal: bool

    def sees(self, *told: HomeStatus) -> str:
        """Return all that is printed while a run tells these standings."""
        paper = io.StringIO()
        console = Console(file=paper, force_terminal=self.terminal, width=80)
        with show_progress("2 symbols as of 2025-11-10", console):
            show = listener.get()
            assert show
            for standing in told:
                show(standing)
        assert listener.get() is None
        return paper.getvalue()


def epoch(symbol: str, number: int, done: int = 0) -> HomeStatus:
    """Return what is told of an epoch of ten."""
    return HomeStatus(0.1, done, 2, 80.0, symbol, EpochDone(number, 10, 0.0123, 0.0456))


def test_a_file_gets_a_few_lines_a_training() -> None:
    """Each quarter of the epochs is a line with losses and time, and no colour."""
    seen = Watcher(terminal=False).sees(*(epoch("AAPL", n) for n in range(1, 11)))
    lines = seen.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"AAPL: epoch {number} of 10" for number in (3, 5, 8, 10)
    ]
    assert "loss 0.01230, validation loss 0.04560, 0:00 left" in lines[-1]
    assert "\x1b" not in seen


def test_a_file_gets_a_line_a_symbol_that_is_done() -> None:
    """The run's own standing is told when a symbol is done."""
    seen = Watcher(terminal=False).sees(
        HomeStatus(0.5, 1, 2, 80.0, "AAPL"), HomeStatus(1.0, 2, 2, 0.0, "IBM")
    )
    assert seen.splitlines() == [
        "2 symbols as of 2025-11-10: 1 of 2 symbols, 1:20 left",
        "2 symbols as of 2025-11-10: 2 of 2 symbols",
    ]


def test_a_terminal_shows_a_row_a_training() -> None:
    """Symbol, epoch, both losses and the time left stand in one row."""
    seen = Watcher(terminal=True).sees(
        epoch("AAPL", 1), epoch("IBM", 1), epoch("IBM", 2)
    )
    last = seen.rpartition("val. loss")[2]
    for words in ("AAPL", "1 of 10", "IBM", "2 of 10", "0.01230", "0.04560", "0:00"):
        assert words in last


@pytest.mark.parametrize("number", [1, 30])
def test_rows_end_with_their_training_and_fit_the_screen(number: int) -> None:
    """A training that has ended has no row; more than fit are counted."""
    watcher = Watcher(terminal=True)
    many = [epoch(f"S{one}", 1) for one in range(number)]
    ended = HomeStatus(0.2, 0, 2, 80.0, "S0")
    last = watcher.sees(*many, ended).rpartition("val. loss")[2]
    assert "S0 " not in last
    left = number - 1 - MOST_ROWS
    assert (f"and {left} more" in last) == (left > 0)
