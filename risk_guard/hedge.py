"""How much of the index hedges the stock, and how well. Pure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.settings import GuardSettings


@dataclass(frozen=True)
class Hedge:
    """Beta of daily returns against the index; the share of variance it explains."""

    beta: float
    r_squared: float


def hedge(
    closes: pd.Series, index_closes: pd.Series, settings: GuardSettings
) -> Hedge | None:
    """Return the beta over the last 252 sessions that both traded, and its R squared.

    Both are adjusted closes by session, in order. Rows without a close above 0 on
    either side are left out. None where fewer than 60 returns remain, or the index
    never moved.
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
