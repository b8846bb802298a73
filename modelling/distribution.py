"""The distribution of the next session's return: scale, standardised returns, outcomes.

Every symbol with prices has one, with or without a model. Pure functions over tables
and arrays; all returns and scales are fractions.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.windows import Floats
from market_data.prices import CLOSE, HIGH, LOW, OPEN

MAX_TERM = 0.05
"""Largest value of each term of the variance proxy: one wrong price then does not
dominate the scale."""

HORIZONS = (1, 5, 22)
"""Sessions whose mean proxies are averaged: a day, a week and a month."""

MAX_SESSIONS, MIN_SESSIONS = 252, 60
"""How many latest sessions give standardised returns, and how many they need."""

LOW_SHARE, HIGH_SHARE = 0.1, 0.9
"""The ends of the 80 % interval."""


@dataclass(frozen=True)
class Distribution:
    """The outcomes `centre + scale * z`, all of the same probability.

    `z` are standardised returns in any order, none of them NaN.
    """

    centre: float
    scale: float
    z: Floats

    @property
    def outcomes(self) -> Floats:
        """Return the returns of the next session, in the order of `z`."""
        return self.centre + self.scale * self.z

    @property
    def low(self) -> float:
        """Return the return below which one outcome of ten is expected."""
        return float(quantile(self.outcomes, LOW_SHARE))

    @property
    def high(self) -> float:
        """Return the return above which one outcome of ten is expected."""
        return float(quantile(self.outcomes, HIGH_SHARE))

    @property
    def probability_up(self) -> float:
        """Return the share of outcomes above 0; an outcome of 0 counts half."""
        outcomes = self.outcomes
        return float(np.mean(outcomes > 0) + np.mean(outcomes == 0) / 2)


def variance_proxy(prices: pd.DataFrame) -> pd.Series:
    """Return each session's estimate of its variance; NaN for the first session.

    The range within the session (Parkinson 1980) plus the squared move from the close
    before to the open. Without a range or an open it is the squared log return.
    """
    opening, high, low, close = (
        prices[name].to_numpy(np.float64) for name in (OPEN, HIGH, LOW, CLOSE)
    )
    before = np.concatenate([[np.nan], close[:-1]])
    within = _log_square(high, low) / (4 * np.log(2))
    overnight = _log_square(opening, before)
    proxy = np.minimum(within, MAX_TERM) + np.minimum(overnight, MAX_TERM)
    has_range = np.isfinite(proxy) & (high > low)
    return pd.Series(
        np.where(has_range, proxy, _log_square(close, before)), prices.index
    )


def _log_square(price: Floats, other: Floats) -> Floats:
    return np.asarray(np.log(price / other) ** 2)


def next_scales(prices: pd.DataFrame) -> pd.Series:
    """Return, at each session, the scale of the session after it.

    The square root of the mean of the last proxy, its 5-session mean and its 22-session
    mean: the form of Corsi's HAR (2009) with equal weights. NaN until 22 proxies exist.
    """
    proxy = variance_proxy(prices)
    last, week, month = (proxy.rolling(sessions).mean() for sessions in HORIZONS)
    return ((last + week + month) / len(HORIZONS)) ** 0.5


def standardise(prices: pd.DataFrame) -> pd.DataFrame:
    """Return `return`, `scale` and `z` = return / scale of each session that has all.

    The scale of a session is that of `next_scales` at the session before. Sessions
    after 22 without any move have no scale.
    """
    scales = next_scales(prices).shift()
    returns = prices[CLOSE].pct_change(fill_method=None)
    table = pd.DataFrame({"return": returns, "scale": scales.where(scales > 0)})
    return table.assign(z=table["return"] / table["scale"]).dropna()


def ordinary_sessions(table: pd.DataFrame, reactions: Collection[date]) -> pd.DataFrame:
    """Return the latest 252 rows of `standardise` without the reaction sessions."""
    latest = table.tail(MAX_SESSIONS)
    days = np.array(list(reactions), dtype="datetime64[D]")
    return latest[~np.isin(latest.index.to_numpy("datetime64[D]"), days)]


def quantile(outcomes: Floats, share: float) -> float:
    """Return the outcome at place `share` * (n + 1) of the ordered outcomes.

    A next outcome is below it with the probability `share` (Hyndman and Fan 1996,
    type 6). With NumPy's default an "80 %" interval of 41 outcomes holds 76 %.
    """
    return float(np.quantile(outcomes, share, method="weibull"))
