"""Estimates with intervals that cluster by day.

All symbols of one day rise and fall together, so a day counts as one draw: days are
drawn with replacement, as many as there are, and the figure is computed anew each time.
This bootstrap also serves ratios and correlations, which have no closed form; the few
means of the nightly report use the closed form of `clustered_mean` in
`screening.track_record`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from config.settings import EvaluationSettings
from features.windows import Floats

Statistic = Callable[[Floats], Floats]
"""From sums (..., parts) to figures (...); NaN where the sums allow none."""


class Estimate(BaseModel):
    """A figure with its interval; None where too little is known for it."""

    model_config = ConfigDict(frozen=True)

    value: float | None
    low: float | None = Field(description="Lower end of the interval")
    high: float | None = Field(description="Upper end of the interval")
    count: int = Field(description="Rows that it rests on")
    days: int = Field(description="Days that they are of")


@dataclass(frozen=True)
class DayBootstrap:
    """The resampling, seeded: the same days give the same intervals."""

    settings: EvaluationSettings

    def mean(self, values: pd.Series, days: pd.Series) -> Estimate:
        """Return the mean of `values` over all rows; NaN ones are left out."""
        return self.ratio(values, pd.Series(1.0, values.index), days)

    def ratio(self, above: pd.Series, below: pd.Series, days: pd.Series) -> Estimate:
        """Return sum(above) / sum(below) over the rows that have both."""
        return self.estimate(pd.DataFrame({"a": above, "b": below}), days, _quotient)

    def estimate(
        self, parts: pd.DataFrame, days: pd.Series, statistic: Statistic
    ) -> Estimate:
        """Return `statistic` of the parts' sums; rows that lack a part are left out.

        `days` names each row's day.
        """
        known = parts.dropna()
        sums = known.groupby(days.loc[known.index]).sum().to_numpy(float)
        if not len(sums):
            return Estimate(value=None, low=None, high=None, count=0, days=0)
        value = float(statistic(sums.sum(axis=0)))
        low, high = self._interval(sums, statistic)
        return Estimate(
            value=_known(value), low=low, high=high, count=len(known), days=len(sums)
        )

    def _interval(
        self, sums: Floats, statistic: Statistic
    ) -> tuple[float | None, float | None]:
        """Return the percentile interval, none of a single day."""
        if len(sums) == 1:
            return None, None
        generator = np.random.default_rng(self.settings.seed)
        shares = np.full(len(sums), 1 / len(sums))
        draws = self.settings.bootstrap_draws
        drawn = statistic(generator.multinomial(len(sums), shares, draws) @ sums)
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return None, None
        outside = (1 - self.settings.confidence_level) / 2
        low, high = np.quantile(drawn, [outside, 1 - outside])
        return float(low), float(high)


def _quotient(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
