"""The trend and technical components: every threshold, ties, missing values, ranges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.component import Component
from features.indicators import (
    MACD,
    MACD_SIGNAL,
    PERCENT_B,
    RSI,
    SMA_20,
    SMA_50,
    indicator_frame,
)
from features.votes import SLOPE_SESSIONS, technical, trend
from market_data.prices import CLOSE

NEUTRAL = {RSI: 50.0, MACD: 1.0, MACD_SIGNAL: 1.0, PERCENT_B: 0.5}

values = st.floats(-1e6, 1e6) | st.just(np.nan)


def technical_rows(**changes: float) -> pd.DataFrame:
    """Return one row that votes 0 three times, with `changes` laid over it."""
    return pd.DataFrame([NEUTRAL | changes])


def trend_rows(
    close: float, sma_20: float, sma_50: float, sma_20_before: float
) -> pd.DataFrame:
    """Return six rows; SMA 20 had `sma_20_before` five sessions before the last."""
    averages = [sma_20_before, *([sma_20] * SLOPE_SESSIONS)]
    return pd.DataFrame({CLOSE: close, SMA_20: averages, SMA_50: sma_50})


@pytest.mark.parametrize(
    ("rsi", "vote"),
    [
        (0, 1),
        (29.9, 1),
        (np.nextafter(30, 0), 1),
        (30, 0.5),
        (30.1, 0.5),
        (39.9, 0.5),
        (np.nextafter(40, 0), 0.5),
        (40, 0),
        (40.1, 0),
        (50, 0),
        (59.9, 0),
        (60, 0),
        (np.nextafter(60, 100), -0.5),
        (60.1, -0.5),
        (69.9, -0.5),
        (70, -0.5),
        (np.nextafter(70, 100), -1),
        (70.1, -1),
        (100, -1),
    ],
)
def test_rsi_votes_at_each_threshold(rsi: float, vote: float) -> None:
    """RSI below 30 votes +1, below 40 +0.5, above 70 -1, above 60 -0.5, else 0."""
    component = technical(technical_rows(rsi=rsi))
    assert component == Component(pytest.approx(vote / 3), 1.0 if vote else 0.0)


@pytest.mark.parametrize(
    ("line", "signal", "vote"),
    [(1.1, 1.0, 1), (0.9, 1.0, -1), (1.0, 1.0, 0), (-1.0, -2.0, 1), (-2.0, -1.0, -1)],
)
def test_macd_votes_by_its_side_of_the_signal(
    line: float, signal: float, vote: float
) -> None:
    """The MACD line above its signal votes +1, below -1, on it 0."""
    component = technical(technical_rows(macd=line, macd_signal=signal))
    assert component.direction == pytest.approx(vote / 3)


@pytest.mark.parametrize(
    ("percent_b", "vote"),
    [(-0.5, 1), (0, 1), (0.1, 0.8), (0.5, 0), (0.75, -0.5), (1, -1), (1.4, -1)],
)
def test_percent_b_votes_against_the_band(percent_b: float, vote: float) -> None:
    """Bollinger votes 1 - 2 * percent B, and no more than 1 outside the bands."""
    component = technical(technical_rows(percent_b=percent_b))
    assert component.direction == pytest.approx(vote / 3)


@pytest.mark.parametrize(
    ("changes", "direction", "confidence"),
    [
        ({}, 0, 0),
        ({RSI: 20.0}, 1 / 3, 1),
        ({RSI: 20.0, MACD: 2.0}, 2 / 3, 1),
        ({RSI: 20.0, MACD: 2.0, PERCENT_B: 0.0}, 1, 1),
        ({RSI: 20.0, MACD: 0.0}, 0, 0),
        ({RSI: 20.0, MACD: 0.0, PERCENT_B: 0.25}, 0.5 / 3, 2 / 3),
        ({RSI: 65.0, MACD: 2.0, PERCENT_B: 0.75}, 0, 0),
        ({RSI: 65.0, MACD: 0.0, PERCENT_B: 0.25}, -1 / 3, 2 / 3),
        ({RSI: 80.0, MACD: 0.0, PERCENT_B: 0.0}, -1 / 3, 2 / 3),
        ({RSI: 35.0, MACD: 0.0}, -0.5 / 3, 0.5),
    ],
)
def test_technical_confidence_is_the_share_that_agrees(
    changes: dict[str, float], direction: float, confidence: float
) -> None:
    """Confidence is the share of non-zero votes with the mean's sign, 0 for none."""
    component = technical(technical_rows(**changes))
    assert component == Component(pytest.approx(direction), pytest.approx(confidence))


@pytest.mark.parametrize("undefined", [RSI, MACD, MACD_SIGNAL, PERCENT_B])
def test_technical_is_missing_where_an_indicator_is(undefined: str) -> None:
    """One undefined indicator silences the technical component and is named."""
    component = technical(technical_rows(**{undefined: np.nan}))
    assert component == Component.missing(f"technical needs {undefined}, undefined")


@pytest.mark.parametrize(
    ("close", "sma_20", "sma_50", "before", "direction"),
    [
        (13, 12, 11, 10, 1),
        (9, 10, 11, 12, -1),
        (13, 12, 11, 12, 0.75),
        (12, 12, 11, 10, 0.75),
        (13, 11, 11, 10, 0.75),
        (11, 12, 11, 10, 0.25),
        (10, 12, 11, 10, 0),
        (10, 12, 11, 13, -0.5),
        (12, 12, 12, 12, 0),
    ],
)
def test_trend_is_the_mean_of_four_votes(
    close: float, sma_20: float, sma_50: float, before: float, direction: float
) -> None:
    """Each comparison votes +1 or -1, an exact tie 0; confidence is the mean's size."""
    component = trend(trend_rows(close, sma_20, sma_50, before))
    assert component == Component(direction, abs(direction))


@pytest.mark.parametrize(
    ("sma_20", "sma_50", "before"),
    [(np.nan, 11, 10), (12, np.nan, 10), (12, 11, np.nan)],
)
def test_trend_is_missing_where_an_average_is(
    sma_20: float, sma_50: float, before: float
) -> None:
    """One undefined average silences the trend component, with the sessions it has."""
    component = trend(trend_rows(13, sma_20, sma_50, before))
    assert component == Component.missing("trend needs 55 sessions, got 6")


@pytest.mark.parametrize("rows", [1, 5])
def test_trend_is_missing_on_a_few_rows(rows: int) -> None:
    """Fewer rows than the slope looks back are a missing component, not a crash."""
    component = trend(trend_rows(13, 12, 11, 10).iloc[-rows:])
    assert not component.present
    assert "needs 55 sessions" in component.reason


def test_trend_looks_exactly_five_sessions_back() -> None:
    """The slope's vote depends on SMA 20 five sessions before, on no other row."""
    table = trend_rows(13, 12, 11, 10)
    table.loc[[1, 2, 3, 4], SMA_20] = 99.0
    assert trend(table).direction == 1


def test_a_rising_price_has_a_full_upward_trend(prices: pd.DataFrame) -> None:
    """A price that rises every session has all four votes up."""
    ramp = np.linspace(1, 2, len(prices))
    rising = prices.mul(0).add(1).mul(ramp, axis=0)
    assert trend(indicator_frame(rising)) == Component(1, 1)


@settings(max_examples=60, deadline=None)
@given(rsi=values, line=values, signal=values, percent_b=values)
def test_technical_stays_in_its_range(
    rsi: float, line: float, signal: float, percent_b: float
) -> None:
    """Direction is in [-1, 1], confidence in [0, 1], or both are missing."""
    component = technical(
        technical_rows(rsi=rsi, macd=line, macd_signal=signal, percent_b=percent_b)
    )
    assert in_range(component)
    assert component.present == bool(np.isfinite([rsi, line, signal, percent_b]).all())


@settings(max_examples=60, deadline=None)
@given(close=values, sma_20=values, sma_50=values, before=values)
def test_trend_stays_in_its_range(
    close: float, sma_20: float, sma_50: float, before: float
) -> None:
    """Direction is in [-1, 1], confidence in [0, 1], or both are missing."""
    component = trend(trend_rows(close, sma_20, sma_50, before))
    assert in_range(component)
    assert component.present == bool(np.isfinite([close, sma_20, sma_50, before]).all())


@settings(max_examples=20, deadline=None)
@given(lower=st.floats(0, 100), higher=st.floats(0, 100))
def test_a_higher_rsi_never_votes_higher(lower: float, higher: float) -> None:
    """The RSI vote falls, or stays, as RSI rises."""
    low, high = sorted((lower, higher))
    first, second = (technical(technical_rows(rsi=rsi)) for rsi in (low, high))
    assert first.direction is not None
    assert second.direction is not None
    assert first.direction >= second.direction


def in_range(component: Component) -> bool:
    """Return whether a component's numbers are in range, or both None with a reason."""
    if component.direction is None or component.confidence is None:
        return component.direction is component.confidence and bool(component.reason)
    return -1 <= component.direction <= 1 and 0 <= component.confidence <= 1
