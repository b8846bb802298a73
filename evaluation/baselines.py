"""Plain forecasters beside the LSTM: fitted on the same rows, judged the same way.

Each gives a `Forecast` by the LSTM's own arithmetic: its errors on the same calibration
windows make its interval and its `probability_up`.
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
from modelling.evaluation import calibrate
from modelling.forecasting import Forecast, basis_ratio, in_basis, with_interval

BASELINES = ("persistence", "majority", "ridge", "lightgbm")

Predictor = Callable[[Floats], Floats]
"""From scaled features of sessions (sessions, 8) to their next returns (sessions,)."""


@dataclass(frozen=True)
class Baselines:
    """What was fitted as of one session; `residuals` are those of each predictor.

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

        Raises
        ------
        SymbolError
            If the history does not hold what they were fitted on.
        """
        ratio = basis_ratio(self, indicators)
        row = in_basis(feature_rows(indicators)[-1:], ratio)
        scaled, close = self.scaler.scale(row), float(indicators[CLOSE].iloc[-1])
        answers = {
            name: with_interval(
                close * (1 + float(predict(scaled)[0])), close, self.residuals[name]
            )
            for name, predict in self.predictors.items()
        }
        return answers | {"majority": _without_return(close, self.up_share)}


def fit_baselines(
    indicators: pd.DataFrame,
    parameters: TrainingParameters,
    settings: EvaluationSettings,
) -> Baselines:
    """Return the baselines as of the last row, on the LSTM's own training windows.

    They see the last session of each window; the target is the next session's return.

    Raises
    ------
    SymbolError
        As for the LSTM, if the history is too short or the price never moved.
    """
    rows = feature_rows(indicators)
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    inputs, returns = _last_session(split.training), _returns(split.training)
    predictors: dict[str, Predictor] = {
        "persistence": lambda sessions: np.zeros(len(sessions)),
        "ridge": _ridge(inputs, returns, settings),
        "lightgbm": _lightgbm(inputs, returns, settings),
    }
    unseen, actual = _last_session(split.calibration), _returns(split.calibration)
    return Baselines(
        last_session=indicators.index[-1].date(),
        price_basis=float(indicators[CLOSE].iloc[-1]),
        scaler=split.scaler,
        predictors=predictors,
        residuals={
            name: np.asarray(calibrate(predict(unseen), actual).residuals)
            for name, predict in predictors.items()
        },
        up_share=float(np.mean(returns > 0)),
    )


def _last_session(windows: Windows) -> Floats:
    return windows.inputs[:, -1, :]


def _returns(windows: Windows) -> Floats:
    return np.asarray(windows.next_closes / windows.last_closes - 1)


def _without_return(close: float, up_share: float) -> Forecast:
    """Return what knows a direction only: its return and interval are not known."""
    nan = float("nan")
    return Forecast(close, nan, nan, nan, up_share)


def _ridge(inputs: Floats, returns: Floats, settings: EvaluationSettings) -> Predictor:
    from sklearn.linear_model import Ridge  # noqa: PLC0415  a second to import

    model = Ridge(alpha=settings.ridge_penalty).fit(inputs, returns)
    return lambda sessions: np.asarray(model.predict(sessions), dtype=np.float64)


def _lightgbm(
    inputs: Floats, returns: Floats, settings: EvaluationSettings
) -> Predictor:
    import lightgbm  # noqa: PLC0415  a second to import

    choices = {
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
    model = lightgbm.train(choices, data, num_boost_round=settings.n_estimators)
    return lambda sessions: np.asarray(model.predict(sessions), dtype=np.float64)
