"""Adjusted prices to indicators, by a fixed list from pandas-ta.

Each value at a session uses rows up to that session only (the prefix test holds the
list to it). NaN where the library defines none: during an average's first sessions, and
for ratios of a price that never moved. RSI has values from the second session on.
"""

import logging
import warnings
from types import ModuleType

import numpy as np
import pandas as pd

from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME

SMA_20, SMA_50, RSI = "sma_20", "sma_50", "rsi"
MACD, MACD_SIGNAL, PERCENT_B = "macd", "macd_signal", "percent_b"
VOLATILITY_20D, AVERAGE_VOLUME_20D = "volatility_20d", "average_volume_20d"

INDICATORS = [
    *(SMA_20, SMA_50, RSI, MACD, MACD_SIGNAL, PERCENT_B),
    *(VOLATILITY_20D, AVERAGE_VOLUME_20D),
]

FEATURES = [CLOSE, VOLUME, HIGH, LOW, OPEN, SMA_20, RSI, MACD]
"""The network's inputs, in this order (SPEC 4)."""

MINIMUM_ROWS = 55
"""Fewest rows for the indicators and votes: SMA 50, and SMA 20 five sessions ago."""


def indicator_frame(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the prices with `INDICATORS` beside them, row for row.

    Parameters
    ----------
    prices
        Adjusted open, high, low, close and volume; at least `MINIMUM_ROWS` rows in
        order, no NaN.

    Notes
    -----
    `volatility_20d` is the sample standard deviation of 20 daily returns, not
    annualised; `percent_b` is (close - lower) / (upper - lower) of Bollinger 20/2.
    """
    ta = _pandas_ta()
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
    """Return the lower and upper Bollinger band 20/2, row for row; 19 rows of NaN."""
    bands = _pandas_ta().bbands(close, length=20, lower_std=2, upper_std=2, talib=False)
    return bands.iloc[:, 0], bands.iloc[:, 2]


def _pandas_ta() -> ModuleType:
    # The library warns of pandas 4 while it is imported; it costs a second, so late.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas_ta  # noqa: PLC0415
    logging.getLogger("numba").setLevel(logging.WARNING)
    return pandas_ta
