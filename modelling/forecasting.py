"""Computes a forecast from a live model and its features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

import numpy as np

from config.errors import ModelUnusable
from features.indicators import FEATURES, RSI
from features.windows import Floats, feature_rows
from market_data.prices import CLOSE, VOLUME
from modelling.model_metadata import ModelMetadata
from modelling.network import Network

if TYPE_CHECKING:
    import pandas as pd

MAX_READJUSTMENT = 1.25
"""Dividends explain a re-adjustment up to this factor; a larger one is a split."""

_PRICED = np.array([name not in (VOLUME, RSI) for name in FEATURES])


class FittedModel(Protocol):
    """A model or a baseline fitted on prices, and the price level of the fit."""

    @property
    def last_session(self) -> date:
        """Return the last session of its prices."""
        ...

    @property
    def price_basis(self) -> float:
        """Return that session's close, as it was when the model was fitted."""
        ...


@dataclass(frozen=True)
class Forecast:
    """A forecast of the next session; returns are fractions of the last close.

    `low` and `high` (the 10 % and 90 % points) and `probability_up` come from errors in
    calibration sessions. They are SPEC's first edition, a baseline of the evaluation: a
    night uses those of `modelling.distribution`.
    """

    predicted_close: float
    predicted_return: float
    low: float
    high: float
    probability_up: float


def forecast(
    network: Network, metadata: ModelMetadata, indicators: pd.DataFrame
) -> Forecast:
    """Return the forecast of the session after the last row.

    Dividends since training have lowered the history. Prices are multiplied by
    `basis_ratio` before the model is used, and its answer is divided by it.

    Raises
    ------
    ModelUnusable
        If there are too few rows, history was re-adjusted by more than dividends, or
        the metadata describe other inputs or another network.
    """
    window, ratio = forecast_input(network, metadata, indicators)
    (change,) = network.predict_changes(window[np.newaxis])
    last_close = float(indicators[CLOSE].iloc[-1])
    predicted_close = last_close + float(metadata.scaler.price_change(change)) / ratio
    return with_interval(
        predicted_close, last_close, np.asarray(metadata.calibration_residuals)
    )


def forecast_input(
    network: Network, metadata: ModelMetadata, indicators: pd.DataFrame
) -> tuple[Floats, float]:
    """Return the scaled window (sessions, 8) of a forecast, and its `basis_ratio`.

    Raises
    ------
    ModelUnusable
        As `forecast`.
    """
    require_known_inputs(metadata)
    require_own_network(metadata, network)
    length = metadata.sequence_length
    rows = feature_rows(indicators)[-length:]
    if len(rows) < length:
        raise ModelUnusable(
            f"the model needs {length} sessions with all features, got {len(rows)}",
            "use a longer `period`",
        )
    ratio = basis_ratio(metadata, indicators)
    return metadata.scaler.scale(in_basis(rows, ratio)), ratio


def require_known_inputs(metadata: ModelMetadata) -> None:
    """Refuse a model whose metadata describe other inputs than ours.

    Raises
    ------
    ModelUnusable
        If the features differ in name, order or number, or the scaler does not fit.
    """
    if metadata.features != tuple(FEATURES):
        raise ModelUnusable(
            f"the model must know the features {', '.join(FEATURES)}, got "
            f"{', '.join(metadata.features)[:200]}",
            "train the model again",
        )
    bounds = metadata.scaler_minimum, metadata.scaler_maximum
    if any(len(part) != len(FEATURES) for part in bounds):
        raise ModelUnusable(
            f"the model's scaler must have {len(FEATURES)} minima and maxima, got "
            f"{len(bounds[0])} and {len(bounds[1])}",
            "train the model again",
        )
    if not np.isfinite(bounds).all() or np.greater(*bounds).any():
        raise ModelUnusable(
            "the model's scaler has a minimum above its maximum, or a value that is no "
            "number",
            "train the model again",
        )


def require_own_network(metadata: ModelMetadata, network: Network) -> None:
    """Refuse a network of another shape than the metadata describe.

    Raises
    ------
    ModelUnusable
        If the units of its layers or the length of its windows differ.
    """
    described = (metadata.parameters.lstm_units, metadata.sequence_length)
    found = (network.units, metadata.parameters.sequence_length)
    if described != found:
        raise ModelUnusable(
            f"the metadata describe layers of {described[0]} units and windows of "
            f"{described[1]} sessions, the model has {found[0]} and {found[1]}",
            "train the model again",
        )


def in_basis(rows: Floats, ratio: float) -> Floats:
    """Return feature rows (..., 8) with all prices multiplied by `basis_ratio`."""
    return np.where(_PRICED, rows * ratio, rows)


def basis_ratio(model: FittedModel, indicators: pd.DataFrame) -> float:
    """Return the model's price basis divided by the same session's close of today.

    Raises
    ------
    ModelUnusable
        If the history lacks the session, or a split has changed the prices since.
    """
    import pandas as pd  # noqa: PLC0415  the caller has loaded it

    session = pd.Timestamp(model.last_session)
    if session not in indicators.index:
        raise ModelUnusable(
            f"the history has {indicators.index[0].date()} to "
            f"{indicators.index[-1].date()}, without {model.last_session}, the model's "
            "last session",
            "train the model again",
        )
    ratio = model.price_basis / float(indicators[CLOSE].loc[session])
    if not 1 / MAX_READJUSTMENT <= ratio <= MAX_READJUSTMENT:
        raise ModelUnusable(
            f"the history was re-adjusted by the factor {ratio:.4g} since the training "
            "(a split?)",
            "train the model again",
        )
    return ratio


def with_interval(
    predicted_close: float, last_close: float, residuals: Floats
) -> Forecast:
    """Return the forecast with an interval from past errors, `residuals` (returns).

    Notes
    -----
    The p-quantile of n outcomes is at place p (n + 1) of their order: the next outcome
    is below it with probability p. With NumPy's default, an "80 %" interval of 41
    outcomes contains 76 % (Hyndman & Fan 1996, type 6).
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
