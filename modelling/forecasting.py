"""A live model and the latest features to one forecast and the LSTM's component."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd

from config.errors import ModelUnusable
from features.component import Component
from features.indicators import FEATURES, RSI
from features.windows import Floats, feature_rows
from market_data.prices import CLOSE, VOLUME
from modelling.model_metadata import ModelMetadata
from modelling.network import Network

LARGEST_READJUSTMENT = 1.25
"""Factor up to which dividends explain a re-adjusted history; beyond it: a split."""

_PRICED = np.array([name not in (VOLUME, RSI) for name in FEATURES])


class FittedModel(Protocol):
    """What was fitted on prices, and in whose money: a model, or a baseline."""

    @property
    def last_session(self) -> date:
        """Return the last session it knew."""
        ...

    @property
    def price_basis(self) -> float:
        """Return that session's close as it read then."""
        ...


@dataclass(frozen=True)
class Forecast:
    """The next session as a model sees it; returns are fractions of the last close.

    `low` and `high` are the 10 % and 90 % points of the predicted return.
    """

    predicted_close: float
    predicted_return: float
    low: float
    high: float
    probability_up: float

    @property
    def component(self) -> Component:
        """Return the LSTM's component: sign and size of 2 * probability_up - 1."""
        lean = 2 * self.probability_up - 1
        return Component(float(np.sign(lean)), abs(lean))


def forecast(
    network: Network, metadata: ModelMetadata, indicators: pd.DataFrame
) -> Forecast:
    """Return the forecast of the session after the last row.

    Dividends since training have lowered the history that the model was scaled on;
    the prices are taken back to the model's own basis and its answer is returned in
    today's money.

    Raises
    ------
    ModelUnusable
        If there are too few rows, or history was re-adjusted by more than dividends.
    """
    length = metadata.sequence_length
    rows = feature_rows(indicators)[-length:]
    if len(rows) < length:
        raise ModelUnusable(
            f"the model needs {length} sessions with all features, got {len(rows)}; "
            "take a longer `period`."
        )
    ratio = basis_ratio(metadata, indicators)
    scaled = metadata.scaler.scale(in_basis(rows, ratio))
    (change,) = network.predict_changes(scaled[np.newaxis])
    last_close = float(indicators[CLOSE].iloc[-1])
    predicted_close = last_close + float(metadata.scaler.price_change(change)) / ratio
    return with_interval(
        predicted_close, last_close, np.asarray(metadata.calibration_residuals)
    )


def in_basis(rows: Floats, ratio: float) -> Floats:
    """Return feature rows (..., 8) with all that is a price times `basis_ratio`."""
    return np.where(_PRICED, rows * ratio, rows)


def basis_ratio(model: FittedModel, indicators: pd.DataFrame) -> float:
    """Return the model's price basis / the same session's close as it reads today.

    Raises
    ------
    ModelUnusable
        If the session is not in the history, or a split lies between.
    """
    session = pd.Timestamp(model.last_session)
    if session not in indicators.index:
        raise ModelUnusable(
            f"the history must hold {model.last_session}, the model's last "
            f"session, got {indicators.index[0].date()} to "
            f"{indicators.index[-1].date()}; train the model anew."
        )
    ratio = model.price_basis / float(indicators[CLOSE].loc[session])
    if not 1 / LARGEST_READJUSTMENT <= ratio <= LARGEST_READJUSTMENT:
        raise ModelUnusable(
            f"prices must be in the unit the model was trained in, got a history "
            f"re-adjusted by {ratio:.4g} since (a split?); train the model anew."
        )
    return ratio


def with_interval(
    predicted_close: float, last_close: float, residuals: Floats
) -> Forecast:
    """Return the forecast whose errors will be as `residuals` (returns) were.

    Notes
    -----
    The p-point of n outcomes lies at place p (n + 1) of their order: of so few, the
    next one falls below it with chance p. NumPy's own default lies further inside, and
    an "80 %" interval of 41 outcomes then holds 76 % (Hyndman & Fan 1996, type 6).
    """
    predicted_return = predicted_close / last_close - 1
    outcomes = predicted_return + residuals
    low, high = np.quantile(outcomes, [0.1, 0.9], method="weibull")
    return Forecast(
        predicted_close=predicted_close,
        predicted_return=predicted_return,
        low=float(low),
        high=float(high),
        probability_up=float(np.mean(outcomes > 0)),
    )
