"""The baselines: fitted on the training rows, evaluated like the LSTM."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from config.errors import TooShort
from config.parameters import training_parameters
from config.settings import EvaluationSettings
from evaluation.baselines import BASELINES, fit_baselines
from features.indicators import indicator_frame
from features.windows import feature_rows, split_windows
from market_data.prices import CLOSE, HIGH, LOW, OPEN

Walk = Callable[[int, int], pd.DataFrame]

PARAMETERS = training_parameters("quick_test", sequence_length=30)
SETTINGS = EvaluationSettings()


@pytest.fixture(scope="module")
def table(walk: Walk) -> pd.DataFrame:
    """Return the indicators of 260 sessions."""
    return indicator_frame(walk(260, 8))


def test_each_baseline_gives_a_forecast(table: pd.DataFrame) -> None:
    """Persistence predicts no change; the majority gives no return."""
    found = fit_baselines(table, PARAMETERS, SETTINGS).forecasts(table)
    assert set(found) == set(BASELINES)
    assert found["persistence"].predicted_return == 0
    assert np.isnan(found["majority"].predicted_return)
    for name in ("ridge", "lightgbm"):
        assert abs(found[name].predicted_return) < 0.1
        assert found[name].low < found[name].high


def test_the_majority_is_that_of_the_training_targets(table: pd.DataFrame) -> None:
    """Its probability is the share of rising sessions among them."""
    split = split_windows(feature_rows(table), 30, 0.2)
    rising = np.mean(split.training.next_closes > split.training.last_closes)
    fitted = fit_baselines(table, PARAMETERS, SETTINGS)
    assert fitted.forecasts(table)["majority"].probability_up == rising


def test_the_validation_span_is_not_fitted(table: pd.DataFrame) -> None:
    """Other prices there change the residuals, but no predictor."""
    rows = np.full((1, 8), 0.5)
    other = table.copy()
    other.iloc[-30:] *= 1.3
    first, second = (fit_baselines(t, PARAMETERS, SETTINGS) for t in (table, other))
    for name in ("ridge", "lightgbm"):
        assert first.predictors[name](rows) == second.predictors[name](rows)
    assert not np.array_equal(first.residuals["ridge"], second.residuals["ridge"])


def test_dividends_since_the_fit_change_no_return(walk: Walk) -> None:
    """A history that was adjusted again is scaled to the prices of the fit."""
    prices = walk(260, 8)
    fitted = fit_baselines(indicator_frame(prices), PARAMETERS, SETTINGS)
    names = [OPEN, HIGH, LOW, CLOSE]
    lowered = prices.assign(**{name: prices[name] * 0.97 for name in names})
    before, after = (
        fitted.forecasts(indicator_frame(each))["ridge"] for each in (prices, lowered)
    )
    assert after.predicted_return == pytest.approx(before.predicted_return, abs=1e-9)


def test_a_short_history_has_no_baselines(walk: Walk) -> None:
    """Too few rows are refused, as for the LSTM."""
    with pytest.raises(TooShort):
        fit_baselines(indicator_frame(walk(58, 8)), PARAMETERS, SETTINGS)
