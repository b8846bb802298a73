"""The explanation of an interval: every number follows from the others by hand."""

import re
from datetime import date
from typing import Any

import pytest
from made_rows import csv_row, four

from config.settings import Settings
from screening.explanation import explain
from screening.interval_explanation import (
    IntervalExplanation,
    PastMove,
    StoredDistribution,
    ZRange,
    interval_sentences,
)

CELLS: dict[str, Any] = {
    "model_status": "fresh",
    "predicted_return": 0.004,
    "return_scale": 0.01,
    "distribution_sessions": 240,
    "predicted_return_low": -0.009,
    "predicted_return_high": 0.016,
    "probability_up": 0.61,
    "event_reaction": "no",
    "event_past_reactions": 0,
}
REPORT: dict[str, Any] = {
    "event_reaction": "possible",
    "event_type": "earnings",
    "event_date": "2025-11-11",
    "event_time": "unknown",
    "event_past_reactions": 2,
    "event_own_share": (3.0 + 1.0 + 6 * 2.648) / 8 / 2.648,
}
STORED = StoredDistribution(
    ordinary=ZRange(count=240, low=-1.1, high=1.0),
    drawn=ZRange(count=398, low=-1.3, high=1.2),
    pool="28 US stocks",
    mean_size=2.648,
    past=(
        PastMove(session=date(2024, 11, 12), move=0.045, z=3.0),
        PastMove(session=date(2025, 5, 13), move=-0.01, z=-1.0),
    ),
)


def interval_of(
    stored: StoredDistribution | None = None,
    why_not: str = "",
    **changes: Any,  # noqa: ANN401
) -> IntervalExplanation | None:
    """Return the interval's explanation of a made row with these cells."""
    row = csv_row(four(1, 1, 0, None), **(CELLS | changes))
    return explain(row, Settings(), stored, why_not).interval


def words_of(found: IntervalExplanation | None) -> str:
    """Return the sentences on an interval."""
    assert found
    return " ".join(interval_sentences(found))


def test_the_row_alone_gives_its_interval() -> None:
    """Centre + scale x z of an ordinary session is the row's interval."""
    found = interval_of()
    assert found
    assert found.centre + found.scale * found.z.low == pytest.approx(-0.009)
    assert found.centre + found.scale * found.z.high == pytest.approx(0.016)
    assert (found.z.count, found.note, found.differs) == (240, "", "")


def test_each_end_is_a_sum_that_a_person_can_repeat() -> None:
    """The printed centre, scale and z give the printed ends; places are p(n + 1)."""
    text = words_of(interval_of())
    sums = re.findall(r": (\S+) \+ (\S+) x (\S+) = (\S+) \(", text)
    for centre, scale, z, end in sums:
        by_hand = float(centre) + float(scale) * float(z)
        assert by_hand == pytest.approx(float(end), abs=1e-6)
    assert len(sums) == 2
    assert "Places 24.1 and 216.9 of 240" in text


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({}, "the return that the LSTM predicts"),
        ({"predicted_return": 0.0}, "the LSTM predicts no change"),
        (
            {"predicted_return": None, "model_status": "rejected"},
            "no usable model predicts a return; the model is rejected",
        ),
    ],
)
def test_the_centre_has_a_reason(cells: dict[str, Any], reason: str) -> None:
    """The centre is the predicted return, or 0 with the reason why."""
    found = interval_of(**cells)
    assert found
    assert found.centre_reason == reason
    assert found.centre == (0.0 if cells else 0.004)


def test_a_reaction_session_has_the_ordinary_interval_beside_it() -> None:
    """The night's table gives the z of both intervals; the row agrees with it."""
    found = interval_of(STORED, **REPORT)
    assert found
    assert (found.z, found.differs) == (STORED.drawn, "")
    assert found.ordinary_low == pytest.approx(0.004 - 0.01 * 1.1)
    text = words_of(found)
    assert "possible (earnings 2025-11-11, time of day unknown)" in text
    assert "Places 39.9 and 359.1 of 398" in text
    assert "Without a report the interval would be -0.70% to +1.40%." in text


def test_the_own_share_can_be_repeated() -> None:
    """The printed sum, count and mean size give the own share of SPEC 6."""
    text = words_of(interval_of(STORED, **REPORT))
    parts = re.findall(
        r"share (\S+) = \((\S+), .+? \+ 6 x (\S+)\) / \((\d+) \+ 6\)", text
    )
    share, total, mean, count = map(float, parts[0])
    assert share == pytest.approx((total + 6 * mean) / (count + 6) / mean, abs=1e-3)
    assert "2024-11-12 +4.50% (z +3.00)" in text


def test_without_the_nights_table_the_row_is_shown_with_the_reason() -> None:
    """The z of the row are known; the ordinary interval is not, with the reason."""
    found = interval_of(None, "the night's table is no longer in the home", **REPORT)
    assert found
    assert (found.z.count, found.ordinary) == (None, None)
    assert "the night's table is no longer in the home" in words_of(found)


def test_a_table_that_gives_another_interval_is_named() -> None:
    """A row that does not follow from the night's table differs."""
    cells = CELLS | REPORT | {"predicted_return_low": -0.02}
    row = csv_row(four(1, 1, 0, None), **cells)
    (difference,) = explain(row, Settings(), STORED).differs
    assert "the row's interval is -0.020000 to +0.016000" in difference


def test_a_row_without_an_interval_has_none() -> None:
    """Without a scale there is no interval to explain."""
    assert interval_of(return_scale=None) is None
    assert interval_of(predicted_return_low=None) is None
