"""Standardised returns of sessions that react to a report: a pool, and a stock's share.

Such returns are divided by the scale of an ordinary session, as all standardised
returns are. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from features.windows import Floats
from modelling.distribution import quantile

MIN_POOL = 150
"""Reactions that a pool of the user's own stocks needs; else `US_POOL` is used."""

DRAWS = 199
"""A mixture reads both of its parts at the probabilities i / 200, i from 1 to 199."""

PRIOR_REACTIONS = 6
"""How many reactions of the pool's mean size count beside a stock's own ones."""

US_SHARES = (
    *(0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
    *(0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99),
)
US_QUANTILES = (
    *(-8.01, -6.80, -5.55, -3.92, -3.21, -2.44, -1.98, -1.53, -0.65, 0.01),
    *(0.91, 1.69, 2.28, 2.73, 3.32, 4.36, 5.80, 7.55, 9.23),
)
"""1,094 standardised reactions of 28 large US stocks, 2015 to 2025 (SPEC 6)."""

US_MEAN_SIZE = 2.648
"""Their mean absolute value."""


@dataclass(frozen=True)
class ReactionPool:
    """Standardised reactions of many stocks, each divided by its stock's own share.

    `mean_size` is the mean absolute value, `name` says whose reactions they are.
    """

    name: str
    z: Floats
    mean_size: float


US_POOL = ReactionPool(
    "28 US stocks, 2015 to 2025",
    np.interp(np.arange(1, DRAWS + 1) / (DRAWS + 1), US_SHARES, US_QUANTILES),
    US_MEAN_SIZE,
)


def own_share(own: Floats, mean_size: float) -> float:
    """Return the size of a stock's reactions relative to the pool's, 1 without any.

    `own` are its standardised past reactions. Few of them hardly move the share.
    """
    known = float(np.abs(own).sum()) + PRIOR_REACTIONS * mean_size
    return known / (len(own) + PRIOR_REACTIONS) / mean_size


def pool_of(reactions: Iterable[Floats]) -> ReactionPool:
    """Return the pool of these stocks, or the built-in one if they have too few.

    Each item holds one stock's standardised reactions in the order of their sessions.
    """
    parts = [divide_by_own_share(own) for own in reactions]
    return pool_from(np.concatenate([np.empty(0), *parts]))


def divide_by_own_share(own: Floats) -> Floats:
    """Return each reaction / the stock's share as it was known before the reaction.

    `own` are one stock's standardised reactions in the order of their sessions.
    """
    shares = [own_share(own[:past], US_MEAN_SIZE) for past in range(len(own))]
    return np.asarray(own / np.array(shares))


def pool_from(pooled: Floats) -> ReactionPool:
    """Return the pool of divided reactions, or the built-in one if they are few."""
    if len(pooled) < MIN_POOL:
        return US_POOL
    size = float(np.abs(pooled).mean())
    return ReactionPool(f"{len(pooled)} reactions of the screened stocks", pooled, size)


def reaction_z(pool: ReactionPool, share: float) -> Floats:
    """Return the standardised outcomes of a stock's reaction session."""
    return pool.z * share


def mixture(ordinary: Floats, reaction: Floats) -> Floats:
    """Return outcomes of which one half is ordinary, the other half reactions.

    Both parts are read at the same probabilities, so that they weigh the same whatever
    their numbers of values are.
    """
    shares = np.arange(1, DRAWS + 1) / (DRAWS + 1)
    return np.concatenate(
        [[quantile(part, share) for share in shares] for part in (ordinary, reaction)]
    )
