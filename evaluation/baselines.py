"""Simple forecasters to compare the LSTM with: fitted and evaluated on the same rows.

Interval and `probability_up` of each come from its residuals on the calibration
windows, as the first edition's of the LSTM do. `evaluation/intervals.py` compares the
intervals of a night with others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from config.parameters import TrainingParameters
from config.settings import EvaluationSettings
from features.windows import Floats, Scaler, Windows, feature_rows, split_windows
from market_data.prices import CLOSE
from modelling.forecasting import Forecast, basis_ratio, in_basis, with_interval
from modelling.grading import calibrate

BASELINES = ("persistence", "majority", "ridge", "lightgbm")

Predictor = Callable[[Floats], Floats]
"""Returns next returns, shape (sessions,), for scaled features, (sessions, 8)."""


@dataclass(frozen=True)
class Baselines:
    """The baselines fitted as of one session, with the residuals of each predictor.

    `up_share` is the share of rising sessions among the training targets.
    """

    last_session: date
    price_basis: float
    scaler: Scaler
    predictors: Mapping[str, Predictor]
    residuals: Mapping[str, Floats]
    up_share: float

    def forecasts(self, indicators: pd.DataFrame) -> dict[str, Forecast]:
        """Return each baseline's forecast of the session after the last row.

        The majority gives a `probability_up` only; its other values are NaN.

        Raises
        ------
        SymbolError
            If `last_session` is not in the history, or a split lies between.
        """
        ratio = basis_ratio(self, indicators)
        row = in_basis(feature_rows(indicators)[-1:], ratio)
        scaled, close = self.scaler.scale(row), float(indicators[CLOSE].iloc[-1])
        found = {
            name: with_interval(
                close * (1 + float(predict(scaled)[0])), close, self.residuals[name]
            )
            for name, predict in self.predictors.items()
        }
        nan = float("nan")
        return found | {"majority": Forecast(close, nan, nan, nan, self.up_share)}


def fit_baselines(
    indicators: pd.DataFrame,
    parameters: TrainingParameters,
    settings: EvaluationSettings,
) -> Baselines:
    """Return the baselines as of the last row, fitted on the LSTM's training windows.

    The inputs are the features of each window's last session; the target is the next
    session's return.

    Raises
    ------
    SymbolError
        If the history is too short or the price never moved, as for the LSTM.
    """
    rows = feature_rows(indicators)
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    inputs, returns = split.training.inputs[:, -1, :], next_returns(split.training)
    predictors: dict[str, Predictor] = {
        "persistence": lambda rows: np.zeros(len(rows)),
        "ridge": _fit_ridge(inputs, returns, settings),
        "lightgbm": _fit_lightgbm(inputs, returns, settings),
    }
    calibration = split.calibration.inputs[:, -1, :]
    actual = next_returns(split.calibration)
    return Baselines(
        last_session=indicators.index[-1].date(),
        price_basis=float(indicators[CLOSE].iloc[-1]),
        scaler=split.scaler,
        predictors=predictors,
        residuals={
            name: np.asarray(calibrate(predict(calibration), actual).residuals)
            for name, predict in predictors.items()
        },
        up_share=float(np.mean(returns > 0)),
    )


def next_returns(windows: Windows) -> Floats:
    """Return the return of the session after each window, shape (windows,)."""
    return np.asarray(windows.next_closes / windows.last_closes - 1)


def _fit_ridge(
    inputs: Floats, returns: Floats, settings: EvaluationSettings
) -> Predictor:
    from sklearn.linear_model import Ridge  # noqa: PLC0415  a second to import

    model = Ridge(alpha=settings.ridge_penalty).fit(inputs, returns)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64)


def _fit_lightgbm(
    inputs: Floats, returns: Floats, settings: EvaluationSettings
) -> Predictor:
    import lightgbm  # noqa: PLC0415  a second to import

    options = {
        "objective": "regression",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.tree_leaves,
        "min_data_in_leaf": settings.leaf_sessions,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(inputs, returns)
    model = lightgbm.train(options, data, num_boost_round=settings.n_estimators)
    return lambda rows: np.asarray(model.predict(rows), dtype=np.float64)
