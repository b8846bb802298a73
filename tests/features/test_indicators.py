"""The indicators: no look-ahead, the published formulas, NaN where undefined."""

import sys
from types import FunctionType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.indicators import (
    AVERAGE_VOLUME_20D,
    FEATURES,
    INDICATORS,
    MACD,
    MACD_SIGNAL,
    MINIMUM_ROWS,
    PERCENT_B,
    RSI,
    SMA_20,
    SMA_50,
    VOLATILITY_20D,
    indicator_frame,
)
from features.votes import technical, trend
from features.windows import Floats
from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME

PRICE_LIKE = [SMA_20, SMA_50, MACD, MACD_SIGNAL]
UNITLESS = [RSI, PERCENT_B, VOLATILITY_20D, AVERAGE_VOLUME_20D]


def simple_average(values: Floats, length: int) -> Floats:
    """Return the mean of each last `length` values by a plain loop."""
    answer = np.full(len(values), np.nan)
    for place in range(length - 1, len(values)):
        answer[place] = sum(values[place - length + 1 : place + 1]) / length
    return answer


def exponential_average(values: Floats, length: int) -> Floats:
    """Return the EMA, seeded with the mean of the first `length` values."""
    answer = np.full(len(values), np.nan)
    answer[length - 1] = sum(values[:length]) / length
    for place in range(length, len(values)):
        step = values[place] - answer[place - 1]
        answer[place] = answer[place - 1] + step * 2 / (length + 1)
    return answer


def wilder_rsi(close: Floats) -> Floats:
    """Return RSI 14 with Wilder's averages, seeded with the first change."""
    answer = np.full(len(close), np.nan)
    gain, loss = 0.0, 0.0
    for place, change in enumerate(np.diff(close), start=1):
        share = 1.0 if place == 1 else 1 / 14
        gain += share * (max(change, 0) - gain)
        loss += share * (max(-change, 0) - loss)
        answer[place] = 100 * gain / (gain + loss)
    return answer


def macd_and_signal(close: Floats) -> tuple[Floats, Floats]:
    """Return EMA 12 - EMA 26 and the EMA 9 of its defined part."""
    line = exponential_average(close, 12) - exponential_average(close, 26)
    signal = np.full(len(close), np.nan)
    signal[25:] = exponential_average(line[25:], 9)
    return line, signal


def percent_b(close: Floats) -> Floats:
    """Return Bollinger 20/2 percent B with sample standard deviations."""
    answer = np.full(len(close), np.nan)
    for place in range(19, len(close)):
        window = close[place - 19 : place + 1]
        lower = window.mean() - 2 * window.std(ddof=1)
        answer[place] = (close[place] - lower) / (4 * window.std(ddof=1))
    return answer


def volatility(close: Floats) -> Floats:
    """Return the sample standard deviation of each last 20 daily returns."""
    returns = close[1:] / close[:-1] - 1
    answer = np.full(len(close), np.nan)
    for place in range(20, len(close)):
        answer[place] = returns[place - 20 : place].std(ddof=1)
    return answer


ORACLES = {
    SMA_20: lambda close, _: simple_average(close, 20),
    SMA_50: lambda close, _: simple_average(close, 50),
    RSI: lambda close, _: wilder_rsi(close),
    MACD: lambda close, _: macd_and_signal(close)[0],
    MACD_SIGNAL: lambda close, _: macd_and_signal(close)[1],
    PERCENT_B: lambda close, _: percent_b(close),
    VOLATILITY_20D: lambda close, _: volatility(close),
    AVERAGE_VOLUME_20D: lambda _, volume: simple_average(volume, 20),
}


def flat(level: float, rows: int = 80) -> pd.DataFrame:
    """Return prices that never leave `level`."""
    return pd.DataFrame(
        dict.fromkeys([OPEN, HIGH, LOW, CLOSE], level) | {VOLUME: 1000.0},
        index=pd.bdate_range("2013-01-01", periods=rows, unit="ns"),
    )


def test_every_indicator_has_an_oracle() -> None:
    """The list of indicators and the list of oracles are the same list."""
    assert list(ORACLES) == INDICATORS


@pytest.mark.parametrize("rows", [MINIMUM_ROWS, 56, 77, 100, 163, 219])
@pytest.mark.parametrize("column", INDICATORS)
def test_a_cut_history_gives_the_same_bits(
    prices: pd.DataFrame, indicators: pd.DataFrame, column: str, rows: int
) -> None:
    """A value at t on a history cut at t is that of the full history, bit for bit."""
    cut = indicator_frame(prices.iloc[:rows])[column]
    assert cut.to_numpy().tobytes() == indicators[column].to_numpy()[:rows].tobytes()


@pytest.mark.parametrize("rows", [MINIMUM_ROWS, 120, 200])
def test_a_shuffled_future_changes_nothing_before_it(
    prices: pd.DataFrame, indicators: pd.DataFrame, rows: int
) -> None:
    """Sessions after t in any order leave every value up to t as it is."""
    order = np.random.default_rng(rows).permutation(np.arange(rows, len(prices)))
    places = [*range(rows), *order]
    shuffled = prices.iloc[places].set_axis(prices.index)
    pd.testing.assert_frame_equal(
        indicator_frame(shuffled).iloc[:rows], indicators.iloc[:rows], check_exact=True
    )


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(MINIMUM_ROWS, 219), factor=st.floats(0.01, 100))
def test_an_altered_future_changes_nothing_before_it(
    prices: pd.DataFrame, indicators: pd.DataFrame, rows: int, factor: float
) -> None:
    """Other prices after t leave every value up to t as it is."""
    altered = prices.copy()
    altered.iloc[rows:] *= factor
    pd.testing.assert_frame_equal(
        indicator_frame(altered).iloc[:rows], indicators.iloc[:rows], check_exact=True
    )


@pytest.mark.parametrize("column", INDICATORS)
def test_values_follow_the_published_formula(
    prices: pd.DataFrame, indicators: pd.DataFrame, column: str
) -> None:
    """Each indicator equals its formula in a plain loop, NaN for NaN."""
    expected = ORACLES[column](prices[CLOSE].to_numpy(), prices[VOLUME].to_numpy())
    np.testing.assert_allclose(indicators[column], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("column", INDICATORS)
def test_the_least_history_has_every_value(prices: pd.DataFrame, column: str) -> None:
    """On `MINIMUM_ROWS` rows the last one lacks no indicator."""
    last = indicator_frame(prices.iloc[:MINIMUM_ROWS])[column].iloc[-1]
    assert np.isfinite(last)


def test_the_prices_stay_beside_the_indicators(
    prices: pd.DataFrame, indicators: pd.DataFrame
) -> None:
    """The answer is the argument's rows and columns, then the indicators, as floats."""
    assert list(indicators.columns) == [*prices.columns, *INDICATORS]
    pd.testing.assert_frame_equal(indicators[prices.columns], prices)
    assert set(indicators.dtypes) == {np.dtype(np.float64)}


def test_the_argument_is_not_changed(prices: pd.DataFrame) -> None:
    """Computing indicators leaves the prices as they were."""
    before = prices.copy(deep=True)
    indicator_frame(prices)
    pd.testing.assert_frame_equal(prices, before, check_exact=True)


def test_the_networks_features_are_columns_in_the_specified_order(
    indicators: pd.DataFrame,
) -> None:
    """The eight features stand in the order of SPEC 4 and are all there."""
    assert " ".join(FEATURES) == "close volume high low open sma_20 rsi macd"
    assert set(FEATURES) <= set(indicators.columns)


@pytest.mark.parametrize("level", [0.07, 0.1, 3.3, 123.45, 1e6])
def test_a_price_that_never_moves_has_no_ratios(level: float) -> None:
    """A constant price has neither RSI nor percent B, and nothing is infinite."""
    answer = indicator_frame(flat(level))
    assert answer[[RSI, PERCENT_B]].isna().all(axis=None)
    assert not np.isinf(answer.to_numpy()).any()
    assert answer[VOLATILITY_20D].iloc[-1] == 0


@pytest.mark.parametrize("level", [0.07, 0.1, 3.3, 123.45, 1e6])
def test_a_price_that_never_moves_has_no_trend(level: float) -> None:
    """A constant price equals its averages, so every trend vote is a tie."""
    component = trend(indicator_frame(flat(level)))
    assert (component.direction, component.confidence) == (0, 0)


def test_a_price_that_never_moves_has_no_technical_voice() -> None:
    """A constant price leaves the technical component missing, with the reason."""
    component = technical(indicator_frame(flat(12.5)))
    assert not component.present
    assert component.reason == "technical needs rsi, percent_b, undefined"


def test_a_halted_price_has_no_bands(prices: pd.DataFrame) -> None:
    """Twenty equal closes after a lively history have no percent B, nor infinities."""
    halted = prices.copy()
    halted.loc[halted.index[-20:], [OPEN, HIGH, LOW, CLOSE]] = 91.7
    answer = indicator_frame(halted)
    assert np.isnan(answer[PERCENT_B].iloc[-1])
    assert not np.isinf(answer.to_numpy()).any()


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(0.01, 100))
def test_another_currency_scales_prices_and_leaves_ratios(
    prices: pd.DataFrame, indicators: pd.DataFrame, factor: float
) -> None:
    """All prices times a constant scale averages and MACD, and leave the ratios."""
    other = prices.assign(
        **{name: prices[name] * factor for name in (OPEN, HIGH, LOW, CLOSE)}
    )
    answer = indicator_frame(other)
    np.testing.assert_allclose(
        answer[PRICE_LIKE], indicators[PRICE_LIKE] * factor, rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(answer[UNITLESS], indicators[UNITLESS], rtol=1e-7)


def test_nothing_is_compiled() -> None:
    """The moving average of pandas-ta is a plain function, which NumPy computes."""
    from features.pandas_ta_uncompiled import ta  # noqa: PLC0415

    assert isinstance(sys.modules[ta.sma.__module__].nb_sma, FunctionType)
