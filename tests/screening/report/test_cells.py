"""Cells keep the CSV's text; only the displayed text is rounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.columns import COLUMNS
from screening.report.cells import render_cell
from screening.table import cell


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("score", "0.31928", "+0.319"),
        ("score", "-0.0001", "0.000"),
        ("score", "-0.4321", "\u22120.432"),
        ("confidence", "62.71", "63"),
        ("probability_up", "0.6789", "68 %"),
        ("predicted_return_low", "-0.0126", "\u22121.26 %"),
        ("event_weight_haircut", "0.45", "45 %"),
        ("close", "1234.5", "1,234.50"),
        ("close", "0.0625", "0.0625"),
        ("average_volume_20d", "425311.95", "425,312"),
        ("event_skip_trading", "true", "yes"),
        ("event_time", "after_close", "after the close"),
        ("return_scale", "0.013627", "1.36 %"),
        ("event_typical_move", "0.0133", "1.33 %"),
        ("event_own_share", "0.7382", "0.74"),
        ("median_turnover_20d", "972623308.41", "972,623,308"),
        ("traded_share_60d", "0.983", "98 %"),
        ("model_trained_at", "2025-11-08T19:30:00+11:00", "2025-11-08 08:30 UTC"),
        ("symbol", "CBA.AX", "CBA.AX"),
    ],
)
def test_a_value_is_shown_as_a_person_reads_it(
    column: str, value: str, text: str
) -> None:
    """Fractions are percent, times are UTC, a rounded zero has no sign."""
    assert render_cell(column, value).text == text


def test_a_missing_value_has_a_reason_and_no_number() -> None:
    """A value that is not known has an empty text and a reason."""
    found = render_cell("score", "", "unknown_symbol: no history")
    assert (found.value, found.text) == ("", "")
    assert found.reason == "unknown_symbol: no history"


@given(st.sampled_from(COLUMNS), st.floats(allow_nan=False, allow_infinity=False))
def test_the_csvs_text_is_kept_to_the_last_digit(column: str, number: float) -> None:
    """The value beside the text reads back as the CSV's number."""
    assert float(render_cell(column, cell(number)).value) == number


@given(st.sampled_from(COLUMNS), st.text(min_size=1))
def test_a_foreign_text_is_shown_as_it_is(column: str, text: str) -> None:
    """A word instead of a number in an edited CSV raises no error."""
    assert render_cell(column, text).value == text
