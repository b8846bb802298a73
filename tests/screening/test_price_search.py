"""The closes of the next session that change a call, in prices."""

from itertools import pairwise
from typing import Any

import pytest
from made_morning import indicators_of, morning, screened

from config.settings import BlendSettings
from screening.price_changes import CallRange, PriceChanges, price_sentences
from screening.price_search import price_changes
from screening.table import csv_cells


def searched(symbol: str, **changes: str) -> tuple[dict[str, str], PriceChanges]:
    """Return a row and the closes that change its call."""
    (row,) = morning([screened(symbol)]).rows
    cells = csv_cells(row) | {"predicted_return_low": "-0.03"} | changes
    return cells, price_changes(cells, indicators_of(symbol), BlendSettings())


@pytest.mark.parametrize("symbol", ["CBA.AX", "BHP.AX", "ANZ.AX"])
def test_every_close_of_a_coarse_grid_has_the_call_of_its_range(symbol: str) -> None:
    """Halving skips no call: a search around each close alone gives the same."""
    cells, found = searched(symbol)
    close = float(cells["close"])
    for one in found.ranges:
        for place in (0.0, 0.3, 0.7, 1.0):
            at = round(one.low + place * (one.high - one.low), 2)
            alone = {
                "predicted_return_low": repr(at / close - 1),
                "predicted_return_high": repr(at / close - 1),
            }
            (only,) = searched(symbol, **alone)[1].ranges
            assert only.call == one.call


@pytest.mark.parametrize("symbol", ["CBA.AX", "BHP.AX", "ANZ.AX"])
def test_ranges_cover_the_interval_tick_by_tick(symbol: str) -> None:
    """Neighbouring ranges are one tick apart, have other calls, and name the votes."""
    cells, found = searched(symbol)
    ends = [
        float(cells["close"]) * (1 + float(cells[f"predicted_return_{end}"]))
        for end in ("low", "high")
    ]
    assert found.ranges[0].low == pytest.approx(ends[0], abs=0.01)
    assert found.ranges[-1].high == pytest.approx(ends[1], abs=0.01)
    for lower, upper in pairwise(found.ranges):
        assert upper.low == pytest.approx(lower.high + 0.01)
        assert upper.call != lower.call
        assert upper.cause


def test_without_an_interval_the_reason_is_given() -> None:
    """No closes are invented for a row without an interval."""
    _, found = searched("CBA.AX", predicted_return_high="")
    assert found.ranges == ()
    (sentence,) = price_sentences(found)
    assert sentence == (
        "Which close would change the call is not known: the row has no interval of "
        "the next return."
    )


def given(*ranges: tuple[Any, float, float], close: float) -> PriceChanges:
    """Return a BUY with these ranges, caused by one trend vote."""
    causes = ["", *["one of four trend votes"] * len(ranges)]
    made = [
        CallRange(call=call, low=low, high=high, cause=cause)
        for (call, low, high), cause in zip(ranges, causes, strict=False)
    ]
    return PriceChanges(call="BUY", close=close, ranges=tuple(made))


def test_a_call_ends_below_a_price() -> None:
    """The price is the lowest close with the call, and its votes are named."""
    found = given(("HOLD", 38.0, 38.52), ("BUY", 38.53, 39.5), close=39.0)
    assert price_sentences(found) == (
        "BUY ends with a close below 38.53 (one of four trend votes).",
    )


def test_a_range_within_the_interval_has_both_ends() -> None:
    """A third call above says what the call becomes."""
    found = given(
        ("BUY", 38.0, 38.9), ("HOLD", 38.91, 39.2), ("SELL", 39.21, 40), close=38.5
    )
    middle, top = price_sentences(found)
    assert middle.startswith("BUY ends with a close from 38.91 to 39.20 (")
    assert top.startswith("BUY becomes SELL with a close above 39.20 (")


def test_no_close_changes_the_call() -> None:
    """If all closes of the interval keep the call, the interval is named."""
    (sentence,) = price_sentences(given(("BUY", 38.0, 39.5), close=39.0))
    assert sentence == (
        "No close within the 80 % interval (38.00 to 39.50) changes the call BUY."
    )


def test_an_unchanged_close_may_end_a_call() -> None:
    """The averages move on: then the sentence says so."""
    (sentence,) = price_sentences(given(("HOLD", 38.0, 39.5), close=39.0))
    assert sentence.endswith(
        "(38.00 to 39.50), so with an unchanged one: the averages move on."
    )
