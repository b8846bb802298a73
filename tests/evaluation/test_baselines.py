"""The plain forecasters: fitted on the training rows, judged like the LSTM."""

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


def test_all_are_there_and_each_answers(table: pd.DataFrame) -> None:
    """Persistence says no change; the majority class knows no return."""
    found = fit_baselines(table, PARAMETERS, SETTINGS).forecasts(table)
    assert set(found) == set(BASELINES)
    assert found["persistence"].predicted_return == 0
    assert np.isnan(found["majority"].predicted_return)
    for name in ("ridge", "lightgbm"):
        assert abs(found[name].predicted_return) < 0.1
        assert found[name].low < found[name].high


def test_the_majority_is_that_of_the_training_targets(table: pd.DataFrame) -> None:
    """The share of rising sessions among them, by count."""
    split = split_windows(feature_rows(table), 30, 0.2)
    rising = np.mean(split.training.next_closes > split.training.last_closes)
    fitted = fit_baselines(table, PARAMETERS, SETTINGS)
    assert fitted.forecasts(table)["majority"].probability_up == rising


def test_the_validation_span_is_not_fitted(table: pd.DataFrame) -> None:
    """Other prices there change residuals, and no predictor."""
    rows = np.full((1, 8), 0.5)
    other = table.copy()
    other.iloc[-30:] *= 1.3
    one, two = (fit_baselines(each, PARAMETERS, SETTINGS) for each in (table, other))
    for name in ("ridge", "lightgbm"):
        assert one.predictors[name](rows) == two.predictors[name](rows)
    assert not np.array_equal(one.residuals["ridge"], two.residuals["ridge"])


def test_dividends_since_the_fit_change_no_return(walk: Walk) -> None:
    """A history re-adjusted since is taken back to the money of the fit."""
    prices = walk(260, 8)
    fitted = fit_baselines(indicator_frame(prices), PARAMETERS, SETTINGS)
    names = [OPEN, HIGH, LOW, CLOSE]
    lowered = prices.assign(**{name: prices[name] * 0.97 for name in names})
    before, after = (
        fitted.forecasts(indicator_frame(each))["ridge"] for each in (prices, lowered)
    )
    assert after.predicted_return == pytest.approx(before.predicted_return, abs=1e-9)


def test_a_short_history_has_no_baselines(walk: Walk) -> None:
    """As for the LSTM: too few rows are refused."""
    with pytest.raises(TooShort):
        fit_baselines(indicator_frame(walk(58, 8)), PARAMETERS, SETTINGS)
