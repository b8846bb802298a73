"""Indicators computed from adjusted prices with pandas-ta.

The value at a session depends on that session and earlier ones only. It is NaN during
an average's first sessions, and for a ratio if the price never moved. RSI has values
from the second session on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME

if TYPE_CHECKING:
    import pandas as pd

SMA_20, SMA_50, RSI = "sma_20", "sma_50", "rsi"
MACD, MACD_SIGNAL, PERCENT_B = "macd", "macd_signal", "percent_b"
VOLATILITY_20D, AVERAGE_VOLUME_20D = "volatility_20d", "average_volume_20d"

INDICATORS = [
    *(SMA_20, SMA_50, RSI, MACD, MACD_SIGNAL, PERCENT_B),
    *(VOLATILITY_20D, AVERAGE_VOLUME_20D),
]

FEATURES = [CLOSE, VOLUME, HIGH, LOW, OPEN, SMA_20, RSI, MACD]
"""The network's inputs, in the order of SPEC 4."""

MINIMUM_ROWS = 55
"""Rows that the votes need: 50 for SMA 50, and 5 more before the last."""


def indicator_frame(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the prices with the columns of `INDICATORS` added.

    Parameters
    ----------
    prices
        Adjusted open, high, low, close and volume, sorted by session, without NaN; at
        least `MINIMUM_ROWS` rows.

    Notes
    -----
    `volatility_20d` is the sample standard deviation of 20 daily returns, not
    annualised; `percent_b` is (close - lower) / (upper - lower) of Bollinger 20/2.
    """
    from features.pandas_ta_uncompiled import ta  # noqa: PLC0415  it takes a second

    close = prices[CLOSE]
    macd = ta.macd(close, fast=12, slow=26, signal=9, talib=False)
    lower, upper = bollinger_bands(close)
    width = (upper - lower).where((upper - lower) > close.abs() * 1e-12)
    return prices.assign(
        **{
            SMA_20: ta.sma(close, length=20, talib=False),
            SMA_50: ta.sma(close, length=50, talib=False),
            RSI: ta.rsi(close, length=14, talib=False),
            MACD: macd.iloc[:, 0],
            MACD_SIGNAL: macd.iloc[:, 2],
            PERCENT_B: (close - lower) / width,
            VOLATILITY_20D: close.pct_change().rolling(20).std(),
            AVERAGE_VOLUME_20D: prices[VOLUME].rolling(20).mean(),
        }
    ).astype(np.float64)


def bollinger_bands(close: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the lower and upper Bollinger band 20/2; the first 19 rows are NaN."""
    from features.pandas_ta_uncompiled import ta  # noqa: PLC0415  it takes a second

    bands = ta.bbands(close, length=20, lower_std=2, upper_std=2, talib=False)
    return bands.iloc[:, 0], bands.iloc[:, 2]
