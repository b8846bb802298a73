"""Inputs of the risk beside events: news polarity, volatility, and hedge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.settings import GuardSettings

if TYPE_CHECKING:
    import pandas as pd

MINIMUM_BASE = 60
"""Returns from which the usual volatility can be computed."""


@dataclass(frozen=True)
class Volatility:
    """Recent / usual volatility; `spike` if it is above `volatility_multiple`."""

    ratio: float
    spike: bool


@dataclass(frozen=True)
class Hedge:
    """Beta of daily returns against the index, and the share of variance explained."""

    beta: float
    r_squared: float


@dataclass(frozen=True)
class MarketContext:
    """The other inputs of the risk score; None means unknown and adds nothing."""

    polarity: float | None = None
    volatility: Volatility | None = None
    hedge: Hedge | None = None


def volatility(closes: pd.Series, settings: GuardSettings) -> Volatility | None:
    """Return the volatility of the last 10 returns, relative to the 252 before them.

    The usual volatility is the median of 30-session rolling deviations, divided by
    `median_deviation` to remove its bias. All are daily and taken about a mean of
    zero: the mean of ten returns is mostly noise, and ten equal losses are not calm.

    `closes` are adjusted, sorted by session, without NaN. Return None if the history is
    too short or never moved.
    """
    squares = closes.pct_change().iloc[1:] ** 2
    recent = squares.iloc[-settings.volatility_recent_sessions :]
    base = squares.iloc[: -settings.volatility_recent_sessions]
    base = base.iloc[-settings.volatility_base_sessions :]
    if len(base) < max(MINIMUM_BASE, settings.volatility_rolling_sessions):
        return None
    rolling = base.rolling(settings.volatility_rolling_sessions).mean() ** 0.5
    usual = rolling.median() / median_deviation(settings.volatility_rolling_sessions)
    if not usual > 0:
        return None
    ratio = float(recent.mean() ** 0.5 / usual)
    return Volatility(ratio, ratio > settings.volatility_multiple)


def median_deviation(count: int) -> float:
    """Return the median of the sample deviation of `count` standard normal values.

    Wilson and Hilferty 1931: the median of chi-squared is about n(1 - 2/9n)^3.
    """
    return float((1 - 2 / (9 * count)) ** 1.5)


def hedge(
    closes: pd.Series, index_closes: pd.Series, settings: GuardSettings
) -> Hedge | None:
    """Return the beta and R squared over the stock's last `beta_sessions` sessions.

    Both inputs are adjusted closes, sorted by session. Sessions without a close above 0
    in both are left out. Return None if fewer than `min_beta_sessions` returns remain,
    or if the index never moved.
    """
    import pandas as pd  # noqa: PLC0415  the caller has loaded it

    both = pd.concat([closes, index_closes], axis=1, keys=["stock", "index"])
    recent = both.loc[closes.index[-(settings.beta_sessions + 1) :]]
    recent = recent[(recent > 0).all(axis=1)]
    returns = recent.pct_change().iloc[1:]
    if len(returns) < settings.min_beta_sessions:
        return None
    (own, together), (_, market) = np.cov(returns["stock"], returns["index"])
    if not market > 0:
        return None
    beta = float(together / market)
    return Hedge(beta, float(beta * together / own) if own > 0 else 0.0)
