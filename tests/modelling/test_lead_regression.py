"""Slopes on a lead's return, their shrinkage, and the distribution after the lead."""

import numpy as np
import pytest

from modelling.distribution import Distribution
from modelling.lead_regression import SlopeFit, fit_slope, recentre, shrink_slopes


def pairs(slope: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 252 made pairs around a line with that slope."""
    random = np.random.default_rng(seed)
    lead = random.normal(0, 0.01, 252)
    return lead, 0.001 + slope * lead + random.normal(0, 0.008, 252)


def test_the_slope_is_that_of_least_squares() -> None:
    """Slope and variance equal those of NumPy's own fit with an intercept."""
    lead, own = pairs(0.4, 1)
    (slope, _), covariance = np.polyfit(lead, own, 1, cov=True)
    fit = fit_slope(lead, own)
    assert fit.slope == pytest.approx(slope, abs=1e-12)
    assert fit.variance == pytest.approx(covariance[0, 0], rel=1e-9)


def test_the_fitted_slope_explains_the_squared_correlation() -> None:
    """Another slope explains less, and one of the wrong sign nothing."""
    lead, own = pairs(0.4, 2)
    fit = fit_slope(lead, own)
    share = np.corrcoef(lead, own)[0, 1] ** 2
    assert fit.explained_share(fit.slope) == pytest.approx(share, abs=1e-12)
    assert fit.explained_share(fit.slope / 2) == pytest.approx(0.75 * share)
    assert fit.explained_share(-fit.slope) == 0


def test_slopes_move_towards_their_mean() -> None:
    """M + c (b - m), c = 1 - (k - 3) v / sum((b - m)²): here c = 1 - 2 * 0.01 / 0.1."""
    fits = tuple(SlopeFit(252, b, 0.01, 1, 1) for b in (0.1, 0.2, 0.3, 0.4, 0.5))
    found = shrink_slopes(fits)
    assert found.factor == pytest.approx(0.8)
    assert found.slopes == pytest.approx((0.14, 0.22, 0.3, 0.38, 0.46))


@pytest.mark.parametrize(
    ("slopes", "variance", "factor"),
    [((0.1, 0.5), 9.0, 1), ((0.1, 0.3, 0.5), 9.0, 1), ((0.1, 0.2, 0.3, 0.4), 9.0, 0)],
)
def test_few_slopes_stay_and_noise_leaves_the_mean(
    slopes: tuple[float, ...], variance: float, factor: float
) -> None:
    """With 3 stocks or fewer nothing is known about the spread of the true slopes."""
    fits = tuple(SlopeFit(252, b, variance, 1, 1) for b in slopes)
    assert shrink_slopes(fits).factor == factor


def test_the_distribution_moves_and_narrows() -> None:
    """The centre moves by slope * lead return; 36 % explained leaves 80 % of scale."""
    night = Distribution(0.001, 0.01, np.linspace(-2, 2, 101))
    after = recentre(night, 0.004, 0.36)
    assert after.centre == pytest.approx(0.005)
    assert after.scale == pytest.approx(0.008)
    assert after.high - after.low == pytest.approx(0.8 * (night.high - night.low))
    assert after.probability_up > night.probability_up
