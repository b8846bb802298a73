"""The intervals of other forecasters: by hand, and from past prices only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from evaluation.interval_baselines import (
    GarchParameters,
    ewma_deviation,
    fit_garch,
    garch_deviation,
    interval_columns,
)
from market_data.prices import CLOSE
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from screening.findings import (
    DistributionFindings,
    ModelFindings,
    Outcomes,
    SymbolFindings,
)

Walk = Callable[[int, int], pd.DataFrame]

PERSISTENCE = Forecast(80.0, 0.0, -0.02, 0.03, 0.4)
FOUND = SymbolFindings("AAA.AX", date(2025, 1, 7), date(2025, 1, 8))


@pytest.fixture(scope="module")
def closes(walk: Walk) -> pd.Series:
    """Return the closes of 400 sessions of a random walk."""
    return walk(400, 5)[CLOSE]


def test_the_weighted_variance_by_a_plain_loop(closes: pd.Series) -> None:
    """Each day's variance is 0.94 of the day before's, and 0.06 of the square."""
    first, *later = closes.pct_change().dropna() ** 2
    variance = first
    for square in later:
        variance = 0.94 * variance + 0.06 * square
    assert ewma_deviation(closes) == pytest.approx(np.sqrt(variance))


def test_the_variance_of_garch_by_a_plain_loop(closes: pd.Series) -> None:
    """With fixed parameters it follows the squares up to the last close."""
    parameters = GarchParameters(0.05, 0.1, 0.8)
    squares = (closes.pct_change().dropna() * 100) ** 2
    variance = squares.mean()
    for square in squares:
        variance = 0.05 + 0.1 * square + 0.8 * variance
    found = garch_deviation(closes, parameters)
    assert found == pytest.approx(np.sqrt(variance) / 100, rel=1e-6)


def test_a_fitted_garch_has_the_size_of_the_returns(closes: pd.Series) -> None:
    """On returns of constant volatility it forecasts about that volatility."""
    parameters = fit_garch(closes)
    assert parameters is not None
    usual = closes.pct_change().std()
    assert garch_deviation(closes, parameters) == pytest.approx(usual, rel=0.25)


@pytest.mark.parametrize("closes", [[10.0, 11.0] * 20, [10.0] * 300])
def test_too_short_or_too_still_a_history_has_no_garch(closes: list[float]) -> None:
    """There is no interval, instead of one without a meaning."""
    assert fit_garch(pd.Series(closes)) is None


def test_normal_intervals_hold_four_fifths(closes: pd.Series) -> None:
    """The ends are 1.28 standard deviations from 0."""
    row = interval_columns(FOUND, closes, None, {})
    end = NormalDist().inv_cdf(0.9) * ewma_deviation(closes)
    assert row == {"ewma_low": pytest.approx(-end), "ewma_high": pytest.approx(end)}


def test_the_first_edition_is_the_model_s_or_that_of_no_change(
    closes: pd.Series,
) -> None:
    """Without a usable model its interval is that of "tomorrow equals today"."""
    model = Forecast(81.0, 0.01, -0.01, 0.02, 0.7)
    state = ModelState("fresh", 1, "")
    usable = replace(FOUND, model=ModelFindings(state, None, model))
    for found, expected in ((usable, model), (FOUND, PERSISTENCE)):
        row = interval_columns(found, closes, None, {"persistence": PERSISTENCE})
        ends = row["first_edition_low"], row["first_edition_high"]
        assert ends == (expected.low, expected.high)
        assert row["first_edition_probability_up"] == expected.probability_up


def test_the_ordinary_interval_is_the_one_without_a_report(closes: pd.Series) -> None:
    """On a reaction session the row has the wider one, and the record has both."""
    ordinary, wide = Outcomes(-0.01, 0.01, 0.5, 0.5), Outcomes(-0.05, 0.05, 0.5, 0.5)
    distribution = DistributionFindings(outcomes=wide, ordinary=ordinary)
    row = interval_columns(replace(FOUND, distribution=distribution), closes, None, {})
    assert (row["ordinary_low"], row["ordinary_high"]) == (-0.01, 0.01)
