"""As many sit-outs as a policy has, drawn at random: what no rule at all would give."""

import numpy as np
from pydantic import BaseModel, Field

from features.windows import Floats

DRAWS = 1000


class Spread(BaseModel, frozen=True):
    """The mean of all draws, and the range that holds 95 % of them."""

    value: float | None
    low: float | None
    high: float | None


class RandomSitOuts(BaseModel, frozen=True):
    """Random sit-outs by the figures of a policy."""

    count: int = Field(description="Nights in each draw, as many as the policy has")
    draws: int
    squared_returns: Spread
    largest_moves: Spread
    worst_losses: Spread
    forgone_a_year: Spread


def random_sit_outs(
    values: Floats, count: int, sessions: int, level: float, seed: int
) -> RandomSitOuts:
    """Return the figures of `DRAWS` draws of `count` nights without replacement.

    `values`, shape (nights, 4), are squared return, 1 for one of the largest moves, 1
    for one of the worst losses, and return. `sessions` are those of a year.
    """
    generator = np.random.default_rng(seed)
    nights = len(values)
    drawn = np.array(
        [
            values[generator.choice(nights, count, replace=False, shuffle=False)].sum(0)
            for _ in range(DRAWS)
        ]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = drawn[:, :3] / values[:, :3].sum(axis=0)
    forgone = drawn[:, 3] * sessions / nights
    spreads = [_spread(part, level) for part in (*shares.T, forgone)]
    names = ("squared_returns", "largest_moves", "worst_losses", "forgone_a_year")
    return RandomSitOuts(
        count=count, draws=DRAWS, **dict(zip(names, spreads, strict=True))
    )


def _spread(values: Floats, level: float) -> Spread:
    if not np.isfinite(values).all():
        return Spread(value=None, low=None, high=None)
    outside = (1 - level) / 2
    low, high = np.quantile(values, [outside, 1 - outside])
    return Spread(value=float(values.mean()), low=float(low), high=float(high))
