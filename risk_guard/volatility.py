"""Is the stock wilder than usual? Recent against usual daily volatility. Pure."""

from dataclasses import dataclass

import pandas as pd

from config.settings import GuardSettings

MINIMUM_BASE = 60
"""Returns that "usual" needs at the least, where the history is short."""


@dataclass(frozen=True)
class Volatility:
    """Recent over usual deviation of daily returns; `spike` if over the line."""

    ratio: float
    spike: bool


def volatility(closes: pd.Series, settings: GuardSettings) -> Volatility | None:
    """Return the last 10 returns' volatility against the 252 before them.

    Usual is the median of the 30-session rolling standard deviations; both sides are
    daily, and taken about a mean of zero: of ten returns the mean is mostly noise, and
    ten equal losses are no calm. Half of such deviations lie below `_median_deviation`
    of the true one, so the median is divided by it. `closes` are adjusted, in order,
    without NaN. None where the history is too short or never moved.
    """
    squares = closes.pct_change().iloc[1:] ** 2
    recent = squares.iloc[-settings.volatility_recent_sessions :]
    base = squares.iloc[: -settings.volatility_recent_sessions]
    base = base.iloc[-settings.volatility_base_sessions :]
    if len(base) < max(MINIMUM_BASE, settings.volatility_rolling_sessions):
        return None
    rolling = base.rolling(settings.volatility_rolling_sessions).mean() ** 0.5
    usual = rolling.median() / _median_deviation(settings.volatility_rolling_sessions)
    if not usual > 0:
        return None
    ratio = float(recent.mean() ** 0.5 / usual)
    return Volatility(ratio, ratio > settings.volatility_multiple)


def _median_deviation(count: int) -> float:
    """Return the median of the deviation of `count` normal values, of which it is 1.

    Wilson and Hilferty 1931: the median of chi-squared is about n(1 - 2/9n)^3.
    """
    return float((1 - 2 / (9 * count)) ** 1.5)
