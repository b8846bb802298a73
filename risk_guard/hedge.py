"""The share of the index that hedges a stock, and how well it does."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.settings import GuardSettings


@dataclass(frozen=True)
class Hedge:
    """Beta of daily returns against the index, and the share of variance explained."""

    beta: float
    r_squared: float


def hedge(
    closes: pd.Series, index_closes: pd.Series, settings: GuardSettings
) -> Hedge | None:
    """Return the beta and R squared over the stock's last `beta_sessions` sessions.

    Both inputs are adjusted closes, sorted by session. Sessions without a close above 0
    in both are left out. Return None if fewer than `min_beta_sessions` returns remain,
    or if the index never moved.
    """
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
