"""Past reports in one sentence and as bars by date."""

from dataclasses import replace

import pytest
from made_morning import morning, past_reactions, screened
from made_rows import DISTRIBUTION

from screening.report.page import morning_report
from screening.report.past_moves import LONGEST, ZERO, past_moves

EIGHT = (0.012, -0.02, 0.03, -0.031, 0.031, -0.04, 0.05, -0.074)


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ((0.021,), "Its last report moved it +2.10 %."),
        ((0.021, -0.004), "Its last 2 reports moved it +2.10 % and \u22120.40 %."),
        (
            (0.021, -0.004, 0.1),
            "Its last 3 reports moved it +2.10 %, \u22120.40 % and +10.00 %.",
        ),
        (
            (0.01, -0.02, 0.03, -0.04),
            "Its last 4 reports moved it 2.5 % in the median (1.0 to 4.0 %).",
        ),
        (
            (0.5, *EIGHT),
            "Its last 8 reports moved it 3.1 % in the median (1.2 to 7.4 %).",
        ),
    ],
)
def test_past_reports_are_one_sentence(moves: tuple[float, ...], sentence: str) -> None:
    """The last 8 sizes have a median and a range; up to 3 moves are listed."""
    found = past_moves(past_reactions(*moves))
    assert found
    assert found.sentence == sentence


def test_each_bar_is_drawn_on_the_side_of_its_sign() -> None:
    """A rise ends at the line of 0, a fall begins there; the largest is the longest."""
    found = past_moves(past_reactions(0.02, -0.04, 0.0))
    assert found
    rise, fall, still = found.bars
    assert (rise.top + rise.height, rise.height) == (ZERO, LONGEST // 2)
    assert (fall.top, fall.height) == (ZERO, LONGEST)
    assert still.height == 1
    assert rise.middle < fall.middle < still.middle < 100


def test_a_stock_without_past_reports_has_no_sentence() -> None:
    """Without a past reaction there is neither a sentence nor a picture."""
    assert past_moves(()) is None
    assert "Past reports" not in morning_report(morning([screened()]))


def test_the_fold_out_has_the_sentence_and_the_moves() -> None:
    """The page has the sentence, and each move by its date in the picture's title."""
    past = past_reactions(*EIGHT)
    found = screened(distribution=replace(DISTRIBUTION, past=past))
    page = morning_report(morning([found]))
    assert "Its last 8 reports moved it 3.1 % in the median" in page
    assert f"{past[-1].session} \u22127.4 %." in page
