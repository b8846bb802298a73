"""One forecast and the LSTM's component, by hand; a split makes the model unusable."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from config.errors import BadPrices, ModelUnusable
from features.indicators import RSI, indicator_frame
from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME
from modelling.forecasting import Forecast, basis_ratio, forecast, with_interval
from modelling.model_metadata import ModelMetadata
from modelling.network import Network

Describe = Callable[..., ModelMetadata]

PRICED = [OPEN, HIGH, LOW, CLOSE]


@pytest.fixture(scope="module")
def optimist(untrained: Network) -> Network:
    """Return a network that always adds 0.05 to the last scaled close."""
    bias = np.array([0.05], np.float32)
    return Network((*untrained.weights[:-1], bias))


def readjusted(indicators: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Return the indicators of the same history with all prices times `factor`."""
    prices = indicators[[*PRICED, VOLUME]]
    return indicator_frame(prices.assign(**(prices[PRICED] * factor)))


def test_the_forecast_by_hand(
    optimist: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """Predicted close is the last one plus 0.05 of the scaler's range of closes."""
    metadata = describe()
    width = metadata.scaler_maximum[0] - metadata.scaler_minimum[0]
    last = indicators[CLOSE].iloc[-1]
    answer = forecast(optimist, metadata, indicators)
    assert answer.predicted_close == pytest.approx(last + 0.05 * width, rel=1e-6)
    assert answer.predicted_return == pytest.approx(0.05 * width / last, abs=1e-6)


@pytest.mark.parametrize(
    ("residuals", "probability"),
    [
        ((0.01, 0.02, 0.03), 1),
        ((-0.01, 0.02, 0.03, 0.04), 0.75),
        ((-0.02, -0.01, 0.01, 0.02), 0.5),
        ((-0.02, -0.01), 0),
    ],
)
def test_probability_up_is_a_share_of_residuals(
    untrained: Network,
    describe: Describe,
    indicators: pd.DataFrame,
    residuals: tuple[float, ...],
    probability: float,
) -> None:
    """With no change predicted, it is the share of residuals above zero."""
    metadata = describe(calibration_residuals=residuals)
    answer = forecast(untrained, metadata, indicators)
    assert answer.probability_up == probability


def test_probability_up_counts_from_the_predicted_return(
    optimist: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """A residual smaller than the predicted rise still leaves the price up."""
    rise = forecast(optimist, describe(), indicators).predicted_return
    residuals = (-1.1 * rise, -0.9 * rise, 0.0, rise)
    metadata = describe(calibration_residuals=residuals)
    assert rise > 0
    assert forecast(optimist, metadata, indicators).probability_up == 0.75


@pytest.mark.parametrize(
    ("count", "place"), [(9, 0.0), (19, 1.0), (39, 3.0), (14, 0.5)]
)
def test_the_interval_is_that_of_the_outcomes(
    optimist: Network,
    describe: Describe,
    indicators: pd.DataFrame,
    count: int,
    place: float,
) -> None:
    """Of n outcomes low and high lie n + 1 tenths from each end of their order."""
    residuals = np.arange(count) / 1000
    metadata = describe(calibration_residuals=tuple(residuals[::-1].tolist()))
    answer = forecast(optimist, metadata, indicators)
    low, high = place / 1000, (count - 1 - place) / 1000
    assert answer.low == pytest.approx(answer.predicted_return + low)
    assert answer.high == pytest.approx(answer.predicted_return + high)


@pytest.mark.parametrize("count", [19, 41, 113])
def test_the_interval_holds_four_of_five_of_what_comes(count: int) -> None:
    """Outcomes of one law fall into the interval of few earlier ones 80 % of times."""
    generator = np.random.default_rng(count)
    hits = []
    for draws in generator.standard_t(4, (2000, count + 1)) / 100:
        answer = with_interval(100, 100, draws[:-1])
        hits.append(answer.low <= draws[-1] <= answer.high)
    assert np.mean(hits) == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize("factor", [0.98, 0.85, 1.02])
def test_dividends_since_training_change_no_return(
    optimist: Network,
    describe: Describe,
    indicators: pd.DataFrame,
    factor: float,
) -> None:
    """History re-adjusted by dividends gives the same return, in today's money."""
    before = forecast(optimist, describe(), indicators)
    after = forecast(optimist, describe(), readjusted(indicators, factor))
    assert after.predicted_return == pytest.approx(before.predicted_return, abs=1e-6)
    assert after.predicted_close == pytest.approx(before.predicted_close * factor)


def test_dividends_change_no_return_of_a_trained_network(
    trained_forecast: Callable[[pd.DataFrame], Forecast], indicators: pd.DataFrame
) -> None:
    """The same holds where every feature counts, not the last close alone."""
    before = trained_forecast(indicators)
    after = trained_forecast(readjusted(indicators, 0.98))
    assert after.predicted_return == pytest.approx(before.predicted_return, abs=1e-6)
    assert after.probability_up == before.probability_up


@pytest.mark.parametrize("factor", [0.1, 0.5, 0.79, 1.3, 10])
def test_a_split_since_training_is_refused(
    untrained: Network,
    describe: Describe,
    indicators: pd.DataFrame,
    factor: float,
) -> None:
    """A history in another share unit is no input for this model."""
    with pytest.raises(ModelUnusable, match=r"model_unusable: .* \(a split\?\)"):
        forecast(untrained, describe(), readjusted(indicators, factor))


@pytest.mark.parametrize(("factor", "ratio"), [(1, 1), (0.98, 1 / 0.98), (0.8, 1.25)])
def test_the_basis_ratio_undoes_the_readjustment(
    describe: Describe, indicators: pd.DataFrame, factor: float, ratio: float
) -> None:
    """The ratio takes a price of today back to the model's money."""
    metadata = describe(price_basis=100.0)
    today = indicators.assign(**{CLOSE: 100.0 * factor})
    assert basis_ratio(metadata, today) == pytest.approx(ratio)


def test_the_basis_is_that_of_the_models_last_session(
    describe: Describe, indicators: pd.DataFrame
) -> None:
    """Prices that moved since training are no re-adjustment."""
    session, close = indicators.index[-20], indicators[CLOSE].iloc[-20]
    metadata = describe(last_session=session.date(), price_basis=float(close))
    assert basis_ratio(metadata, indicators) == 1


@pytest.mark.parametrize("days", [-400, 1])
def test_a_history_without_the_models_last_session_is_refused(
    describe: Describe, indicators: pd.DataFrame, days: int
) -> None:
    """Without that session nothing ties the prices together; both ends are named."""
    session = indicators.index[-1].date() + timedelta(days=days)
    with pytest.raises(ModelUnusable, match=f"without {session}.*train the model"):
        basis_ratio(describe(last_session=session), indicators)


@pytest.mark.parametrize("rows", [26, 40, 54])
def test_too_few_rows_are_refused(
    untrained: Network, describe: Describe, indicators: pd.DataFrame, rows: int
) -> None:
    """Fewer feature rows than a window holds: the message names both numbers."""
    short = indicators.iloc[:rows]
    with pytest.raises(ModelUnusable, match=f"needs 30 sessions .* got {rows - 25}"):
        forecast(untrained, describe(), short)


def test_a_last_session_without_features_is_refused(
    untrained: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """Without the last session's features there is nothing to forecast from."""
    holed = indicators.copy()
    holed.loc[holed.index[-1], RSI] = np.nan
    with pytest.raises(BadPrices, match="no value of rsi"):
        forecast(untrained, describe(), holed)


def test_forecasting_leaves_its_table(
    untrained: Network, describe: Describe, indicators: pd.DataFrame
) -> None:
    """The indicators are as they were after a forecast."""
    before = indicators.copy(deep=True)
    forecast(untrained, describe(), indicators)
    pd.testing.assert_frame_equal(indicators, before, check_exact=True)
