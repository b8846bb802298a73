"""Why a call differs from the night before."""

from typing import Any

from made_rows import csv_row, four

from screening.report.why_changed import why_changed


def row(trend: float, technical: float = 0.5, **changes: Any) -> dict[str, str]:  # noqa: ANN401
    """Return a row with these directions, each with confidence 0.8."""
    averages = {"close": 38.5, "sma_20": 38.4, "sma_50": 38.0}
    return csv_row(four(0, trend, technical, None), **(averages | changes))


def test_the_component_that_moved_most_has_its_cause() -> None:
    """The close fell below an average: the trend's part of the score moved."""
    found = why_changed(row(1), row(0, close=38.1))
    assert found.startswith("trend moved most, +0.235 to 0.000: ")
    assert found.endswith("the close 38.10 is now below SMA 20 38.40")


def test_a_sit_out_comes_first() -> None:
    """The rule forces HOLD, whatever the components do."""
    event = {"event_type": "earnings", "event_date": "2025-11-11"}
    after = row(1, event_skip_trading=True, **event)
    assert why_changed(row(1), after) == "the guard sits it out (earnings 2025-11-11)"
    assert why_changed(after, row(1)) == "its sit-out has ended"


def test_a_component_that_went_missing_is_named() -> None:
    """It adds nothing any more; no cause is invented."""
    before = csv_row(four(1, 0.5, 0.5, None))
    after = csv_row(four(1, 0.5, 0.5, None) | {"lstm": four(0, 0, 0, None)["finbert"]})
    found = why_changed(before, after)
    assert found.startswith("lstm moved most, +0.339 to 0.000: it is missing now")


def test_a_changed_csv_gives_no_cause() -> None:
    """A cell that is no number stops no report."""
    assert why_changed(row(1) | {"trend_direction": "up"}, row(0)) == ""
