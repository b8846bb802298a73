"""The 80 % intervals of many nights at once, without a model: around 0 (SPEC 6).

They equal those of the nights themselves (`pipeline.distributions`), without training.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from evaluation.scorecard.histories import StockHistory
from features.windows import Floats
from modelling.distribution import (
    HIGH_SHARE,
    LOW_SHARE,
    MAX_SESSIONS,
    MIN_SESSIONS,
    Distribution,
    next_scales,
    ordinary_sessions,
    standardise,
)
from modelling.reaction_pool import (
    ReactionPool,
    divide_by_own_share,
    mixture,
    own_share,
    pool_from,
    reaction_z,
)
from pipeline.distributions import past_reactions
from risk_guard.reactions import Reaction, reaction_sessions


@dataclass(frozen=True)
class StandardisedStock:
    """A stock's standardised returns, and its reactions to reports.

    `table` is that of `standardise`. `reactions` hold `z` and `divided` (by the share
    as known then), indexed by the session from which they are known. `reacting` are all
    possible reaction sessions.
    """

    table: pd.DataFrame
    scales: pd.Series
    reactions: pd.DataFrame
    reacting: frozenset[date]


def standardise_stock(stock: StockHistory) -> StandardisedStock:
    """Return the stock's standardised returns and reactions."""
    table = standardise(stock.bars)
    known: list[pd.Timestamp] = []
    parts: list[float] = []
    reacting: set[date] = set()
    for report in stock.reports:
        sessions = reaction_sessions(stock.exchange, report.day, report.time)
        reacting |= set(sessions)
        found = past_reactions(table, stock.exchange, [report])["z"]
        known += [pd.Timestamp(sessions[-1])] * len(found)
        parts += found.tolist()
    own = np.array(parts)
    reactions = pd.DataFrame(
        {"z": own, "divided": divide_by_own_share(own)}, pd.DatetimeIndex(known)
    )
    scales = next_scales(stock.bars)
    return StandardisedStock(table, scales, reactions, frozenset(reacting))


def pool_reactions(stocks: Sequence[StandardisedStock]) -> pd.Series:
    """Return the divided reactions of all stocks, by the first session with them."""
    parts = [stock.reactions["divided"] for stock in stocks]
    pooled: pd.Series = pd.concat(parts)
    return pooled.sort_index(kind="stable")


def pool_as_of(pooled: pd.Series, as_of: pd.Timestamp) -> ReactionPool:
    """Return the pool of the reactions known at `as_of`, the built-in one if few."""
    known = int(pooled.index.searchsorted(as_of, side="right"))
    return pool_from(pooled.to_numpy()[:known])


def ordinary_intervals(stock: StandardisedStock) -> pd.DataFrame:
    """Return `low` and `high` by as-of session, NaN below 60 standardised returns."""
    z = stock.table["z"].where(~stock.table.index.isin(_stamps(stock.reacting)))
    padded = np.concatenate([np.full(MAX_SESSIONS - 1, np.nan), z.to_numpy(float)])
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, MAX_SESSIONS))
    scales = stock.scales.reindex(z.index)
    ends = {"low": LOW_SHARE, "high": HIGH_SHARE}
    return pd.DataFrame(
        {name: scales * quantile_rows(windows, share) for name, share in ends.items()}
    )


def quantile_rows(ordered: Floats, share: float) -> Floats:
    """Return `modelling.distribution.quantile` of each row; NaN below 60 values.

    `ordered` has shape (rows, values): each row ascends and ends with its NaNs.
    """
    count = np.isfinite(ordered).sum(axis=1)
    enough = count >= MIN_SESSIONS
    place = np.clip(share * (count + 1), 1, np.maximum(count, 1))
    below = np.floor(place).astype(int)
    rows = np.arange(len(ordered))
    low = ordered[rows, below - 1]
    high = ordered[rows, np.minimum(below, np.maximum(count, 1) - 1)]
    return np.where(enough, low + (place - below) * (high - low), np.nan)


def reaction_interval(
    stock: StandardisedStock,
    as_of: pd.Timestamp,
    reaction: Reaction,
    pool: ReactionPool,
) -> tuple[float, float]:
    """Return the interval of a night whose forecast session reacts or may react."""
    past = stock.reactions.loc[stock.reactions.index <= as_of, "z"].to_numpy()
    z = reaction_z(pool, own_share(past, pool.mean_size))
    table = ordinary_sessions(stock.table.loc[:as_of], stock.reacting)
    if len(table) < MIN_SESSIONS:
        return np.nan, np.nan
    if reaction == "possible":
        z = mixture(table["z"].to_numpy(), z)
    found = Distribution(0.0, float(stock.scales.loc[as_of]), z)
    return found.low, found.high


def _stamps(days: Collection[date]) -> list[pd.Timestamp]:
    return [pd.Timestamp(day) for day in days]
