"""What a lead market's return says about a stock's next return. Pure.

All returns are fractions. Slopes are of one list of stocks that share a lead.
"""

from dataclasses import dataclass

import numpy as np

from features.windows import Floats
from modelling.distribution import Distribution

MAX_PAIRS, MIN_PAIRS = 252, 60
"""How many latest pairs of returns a slope is fitted on, and how many it needs."""

MEAN_COSTS = 3
"""Degrees of freedom that shrinking towards the mean of the slopes itself costs."""


@dataclass(frozen=True)
class SlopeFit:
    """A least-squares line with an intercept through pairs of returns.

    `variance` is the sampling variance of `slope`. `lead_squares` and `own_squares` are
    the sums of squared deviations from the means, of the lead's and the stock's
    returns.
    """

    pairs: int
    slope: float
    variance: float
    lead_squares: float
    own_squares: float

    def explained_share(self, slope: float) -> float:
        """Return the share of the stock's variance that another slope explains.

        R² = 1 - sum((y - mean y - slope (x - mean x))²) / sum((y - mean y)²)
        = (2 slope b - slope²) sum((x - mean x)²) / sum((y - mean y)²) with the fitted
        slope b; at least 0, and 0 if the stock did not move.
        """
        if self.own_squares == 0:
            return 0.0
        explained = (2 * slope * self.slope - slope**2) * self.lead_squares
        return max(0.0, min(1.0, explained / self.own_squares))


def fit_slope(lead: Floats, own: Floats) -> SlopeFit:
    """Return the line of `own` on `lead`; both have shape (pairs,) and no NaN.

    b = sum((x - mean x)(y - mean y)) / sum((x - mean x)²), with the sampling variance
    sum(residual²) / (pairs - 2) / sum((x - mean x)²). A lead that did not move gives a
    slope of 0.
    """
    x, y = lead - lead.mean(), own - own.mean()
    size, own_squares = float(x @ x), float(y @ y)
    if size == 0:
        return SlopeFit(len(x), 0.0, 0.0, size, own_squares)
    slope = float(x @ y) / size
    residuals = y - slope * x
    variance = float(residuals @ residuals) / (len(x) - 2) / size
    return SlopeFit(len(x), slope, variance, size, own_squares)


@dataclass(frozen=True)
class ShrunkSlopes:
    """Slopes in the order of the fits, their mean, and the factor that was applied."""

    slopes: tuple[float, ...]
    mean: float
    factor: float


def shrink_slopes(fits: tuple[SlopeFit, ...]) -> ShrunkSlopes:
    """Return the slopes shrunk towards their mean; with 3 or fewer they stay.

    shrunk slope = m + c (b - m), c = 1 - (k - 3) v / sum((b - m)²), cut to 0 to 1,
    with k slopes b, their mean m, and v the mean of their sampling variances.

    Notes
    -----
    The James-Stein estimator towards the mean in the empirical Bayes form of Efron and
    Morris (1975, "Data analysis using Stein's estimator and its generalizations",
    section 2), positive part, with the pooled sampling variance.
    """
    slopes = np.array([fit.slope for fit in fits])
    mean = float(slopes.mean())
    spread = float(((slopes - mean) ** 2).sum())
    noise = float(np.mean([fit.variance for fit in fits]))
    excess = max(0, len(fits) - MEAN_COSTS)
    if excess == 0:
        factor = 1.0
    elif spread == 0:
        factor = 0.0
    else:
        factor = min(1.0, max(0.0, 1 - excess * noise / spread))
    shrunk = mean + factor * (slopes - mean)
    return ShrunkSlopes(tuple(map(float, shrunk)), mean, factor)


def recentre(night: Distribution, move: float, explained: float) -> Distribution:
    """Return the night's distribution after a move that the lead explains.

    The centre is the night's plus `move` (slope * lead return). The scale is the
    night's times sqrt(1 - `explained`), the share of variance from `explained_share`.
    """
    scale = night.scale * float(np.sqrt(1 - explained))
    return Distribution(night.centre + move, scale, night.z)
