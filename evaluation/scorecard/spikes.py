"""The guard's volatility spike on many nights at once."""

import pandas as pd

from config.settings import GuardSettings
from risk_guard.market_context import MINIMUM_BASE, median_deviation


def volatility_spikes(closes: pd.Series, settings: GuardSettings) -> pd.Series:
    """Return whether each session has a spike; NaN if the history is too short.

    It is `risk_guard.market_context.volatility` at each session of `closes`, which are
    adjusted, sorted by session and without NaN.
    """
    squares = closes.pct_change() ** 2
    recent = squares.rolling(settings.volatility_recent_sessions).mean() ** 0.5
    window = settings.volatility_rolling_sessions
    rolling = squares.rolling(window).mean() ** 0.5
    base = rolling.shift(settings.volatility_recent_sessions)
    least = max(MINIMUM_BASE, window) - window + 1
    middle = base.rolling(
        settings.volatility_base_sessions - window + 1, min_periods=least
    ).median()
    usual = middle / median_deviation(window)
    ratios = (recent / usual).where(usual > 0)
    return (ratios > settings.volatility_multiple).astype(float).where(ratios.notna())
