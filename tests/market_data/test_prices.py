"""Price frames: their form, their cut at a date, their adjustment to one moment."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pandera.errors import SchemaError

from market_data.price_schemas import price_frame, require_clean
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    OHLC,
    PRICE_COLUMNS,
    VOLUME,
    adjust_prices,
    through,
)

LAST = date(2025, 6, 27)


def frame_of(closes: list[float], adjusted_closes: list[float]) -> pd.DataFrame:
    """Return a frame whose open, high and low are its close, a day a row."""
    columns = dict.fromkeys(OHLC, closes)
    columns |= {ADJUSTED_CLOSE: adjusted_closes, VOLUME: [10.0] * len(closes)}
    return price_frame(columns, pd.date_range("2025-06-02", periods=len(closes)))


def test_a_split_known_to_the_source_leaves_no_step() -> None:
    """A close before a one-to-two split counts half."""
    result = adjust_prices(frame_of([100, 102, 51], [50, 51, 51]))
    assert result[CLOSE].tolist() == [50, 51, 51]


def test_a_dividend_lowers_the_closes_before_it_by_its_share() -> None:
    """The return over an ex-dividend day is the total return."""
    result = adjust_prices(frame_of([100, 98], [98, 98]))
    assert result[CLOSE].tolist() == [98, 98]


def test_all_four_prices_are_adjusted_alike(
    generated: Callable[..., pd.DataFrame],
) -> None:
    """Open, high, low and close keep their ratios, and volume is not touched."""
    prices = generated()
    result = adjust_prices(prices)
    assert list(result.columns) == [*OHLC, VOLUME]
    ratios = prices[OHLC].div(prices[CLOSE], axis=0)
    pd.testing.assert_frame_equal(result[OHLC].div(result[CLOSE], axis=0), ratios)
    pd.testing.assert_series_equal(result[VOLUME], prices[VOLUME])


def test_the_last_close_is_the_price_that_was_traded(
    generated: Callable[..., pd.DataFrame],
) -> None:
    """Adjustment is seen from the last row, so that row stands as it was."""
    prices = generated()
    prices[ADJUSTED_CLOSE] *= 0.9
    last = adjust_prices(prices).iloc[-1]
    np.testing.assert_allclose(last[OHLC], prices[OHLC].iloc[-1], rtol=1e-12)


@examples(deadline=None, database=None)
@given(factor=st.floats(0.01, 100))
def test_a_later_dividend_changes_nothing(factor: float) -> None:
    """A factor on every adjusted close, which later events set, cancels out."""
    prices = frame_of([100, 102, 51, 50, 53], [49, 50, 50, 49.5, 53])
    later = prices.assign(**{ADJUSTED_CLOSE: prices[ADJUSTED_CLOSE] * factor})
    pd.testing.assert_frame_equal(
        adjust_prices(later), adjust_prices(prices), rtol=1e-12
    )


def test_returns_are_those_of_the_adjusted_close(
    generated: Callable[..., pd.DataFrame],
) -> None:
    """The source's adjusted close is the oracle of every return."""
    prices = generated()
    ours = adjust_prices(prices)[CLOSE].pct_change().dropna()
    oracle = prices[ADJUSTED_CLOSE].pct_change().dropna()
    np.testing.assert_allclose(ours, oracle, rtol=1e-9, atol=1e-12)


def test_adjustment_changes_no_argument(generated: Callable[..., pd.DataFrame]) -> None:
    """The frame handed in stays as it was."""
    prices = generated()
    before = prices.copy(deep=True)
    adjust_prices(prices)
    through(prices, LAST)
    pd.testing.assert_frame_equal(prices, before)


@pytest.mark.parametrize(
    ("last", "rows"),
    [
        (date(2025, 6, 1), 0),
        (date(2025, 6, 2), 1),
        (date(2025, 6, 4), 3),
        (date(2026, 1, 1), 3),
    ],
)
def test_a_cut_keeps_its_own_day_and_nothing_later(last: date, rows: int) -> None:
    """What a run may know ends with its as-of session, that session included."""
    prices = frame_of([1, 2, 3], [1, 2, 3])
    cut = through(prices, last)
    pd.testing.assert_frame_equal(cut, prices.iloc[:rows])


def test_a_price_frame_has_one_form() -> None:
    """Columns in order, as floats, by nanosecond sessions without a zone."""
    columns: dict[str, list[float]] = {name: [1, 2] for name in reversed(PRICE_COLUMNS)}
    days = pd.DatetimeIndex(["2025-06-02", "2025-06-03"]).as_unit("s")
    frame = price_frame(columns, days)
    assert list(frame.columns) == PRICE_COLUMNS
    assert set(map(str, frame.dtypes)) == {"float64"}
    assert (frame.index.dtype, frame.index.name) == ("datetime64[ns]", "session")


@pytest.mark.parametrize("column", [*OHLC, ADJUSTED_CLOSE])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_clean_prices_are_above_zero(column: str, value: float) -> None:
    """What is not above zero never passes for clean."""
    prices = frame_of([1, 2, 3], [1, 2, 3])
    prices.loc[prices.index[1], column] = value
    with pytest.raises(SchemaError, match=column):
        require_clean(prices)


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 1]])
def test_clean_prices_are_in_order_and_once_a_session(order: list[int]) -> None:
    """Unordered or repeated sessions never pass for clean."""
    with pytest.raises(SchemaError):
        require_clean(frame_of([1, 2, 3], [1, 2, 3]).iloc[order])
