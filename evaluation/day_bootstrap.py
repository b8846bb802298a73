"""Estimates with bootstrap intervals that cluster by day.

All symbols of one day move together, so whole days are drawn: with replacement, as many
as there are. The statistic is computed again for each draw.
This bootstrap also serves ratios and correlations, which have no closed form; the few
means of the nightly report use the closed form of `clustered_mean` in
`screening.track_record`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from config.settings import EvaluationSettings
from features.windows import Floats

Statistic = Callable[[Floats], Floats]
"""Returns values, shape (...), for sums, shape (..., parts); NaN if undefined."""


class Estimate(BaseModel, frozen=True):
    """A value with its interval; None if there are too few rows or days for it."""

    value: float | None
    low: float | None = Field(description="Lower end of the interval")
    high: float | None = Field(description="Upper end of the interval")
    count: int = Field(description="Rows that the value is computed from")
    days: int = Field(description="Different days among these rows")


@dataclass(frozen=True)
class DayBootstrap:
    """Computes estimates by resampling days.

    The seed is fixed, so the same rows give the same intervals.
    """

    settings: EvaluationSettings

    def mean(self, values: pd.Series, days: pd.Series) -> Estimate:
        """Return the mean of `values` over all rows; rows with NaN are left out."""
        parts = pd.DataFrame({"value": values, "count": 1.0})
        return self.estimate(parts, days, divide_sums)

    def estimate(
        self, parts: pd.DataFrame, days: pd.Series, statistic: Statistic
    ) -> Estimate:
        """Return `statistic` of the sum of each column of `parts`.

        `days` holds the day of each row. Rows with NaN are left out.
        """
        known = parts.dropna()
        sums = known.groupby(days.loc[known.index]).sum().to_numpy(float)
        value = float(statistic(sums.sum(axis=0)))
        low, high = self._interval(sums, statistic)
        return Estimate(
            value=value if np.isfinite(value) else None,
            low=low,
            high=high,
            count=len(known),
            days=len(sums),
        )

    def _interval(
        self, sums: Floats, statistic: Statistic
    ) -> tuple[float | None, float | None]:
        """Return the ends of the percentile interval; None for fewer than two days."""
        if len(sums) < 2:
            return None, None
        counts = _count_days(
            self.settings.seed, len(sums), self.settings.bootstrap_draws
        )
        drawn = statistic(counts @ sums)
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return None, None
        outside = (1 - self.settings.confidence_level) / 2
        low, high = np.quantile(drawn, [outside, 1 - outside])
        return float(low), float(high)


@lru_cache(maxsize=1)
def _count_days(seed: int, days: int, draws: int) -> Floats:
    """Return how often each draw holds each day, shape (draws, days)."""
    shares = np.full(days, 1 / days)
    return np.random.default_rng(seed).multinomial(days, shares, draws).astype(float)


def divide_sums(sums: Floats) -> Floats:
    """Return first part / second part of sums, shape (..., 2); NaN for 0 / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])
