"""Compares a new model (challenger) with the live one (champion).

The new model must not be significantly worse on sessions that fitted neither model.
"""

import numpy as np
import pandas as pd

from config.settings import ModelSettings
from features.windows import Floats, feature_rows, scaled_windows
from modelling.forecasting import (
    basis_ratio,
    in_basis,
    require_known_inputs,
    require_own_network,
)
from modelling.grading import root_mean_square
from modelling.model_metadata import Challenge, ModelMetadata
from modelling.network import Network


def challenge(
    champion: ModelMetadata,
    network: Network,
    indicators: pd.DataFrame,
    residuals: Floats,
    settings: ModelSettings,
) -> Challenge | None:
    """Return the comparison of the champion with the new model.

    `residuals` are the new model's, newest last. Return None if fewer than
    `challenge_sessions` sessions can be compared; then the new model may go live.

    Raises
    ------
    SymbolError
        If the champion can't be used with this history.
    """
    old = champion_residuals(champion, network, indicators, len(residuals))
    if len(old) < settings.challenge_sessions:
        return None
    new = residuals[-len(old) :]
    p_value = p_value_new_is_worse(new, old)
    return Challenge(
        champion_trained_at=champion.training_date,
        sessions=len(old),
        rmse=root_mean_square(new),
        champion_rmse=root_mean_square(old),
        p_value=p_value,
        lost=p_value < settings.significance,
    )


def champion_residuals(
    champion: ModelMetadata,
    network: Network,
    indicators: pd.DataFrame,
    sessions: int,
) -> Floats:
    """Return the champion's residuals on the last `sessions` sessions, oldest first.

    Sessions that it was fitted or stopped by, or for which it has no window, are left
    out.
    """
    require_known_inputs(champion)
    require_own_network(champion, network)
    rows = feature_rows(indicators)
    ratio = basis_ratio(champion, indicators)
    rows, length = in_basis(rows, ratio), champion.sequence_length
    dates = indicators.index[-len(rows) :]
    last_known = int(dates.searchsorted(pd.Timestamp(champion.last_session)))
    unseen = last_known + 1 - len(champion.calibration_residuals)
    first = max(len(rows) - sessions, unseen, length)
    if first >= len(rows):
        return np.empty(0)
    windows = scaled_windows(rows[first - length :], champion.scaler, length)
    changes = network.predict_changes(windows.inputs)
    predicted = champion.scaler.price_change(changes)
    actual = windows.next_closes - windows.last_closes
    return np.asarray((actual - predicted) / windows.last_closes)


def p_value_new_is_worse(new: Floats, old: Floats) -> float:
    """Return the p-value of the new squared errors being larger than the old ones.

    A one-sided paired t test of the mean of new^2 - old^2: Diebold and Mariano 1995 at
    one step, in the small-sample form of Harvey, Leybourne and Newbold 1997. The value
    is 1 if all differences are equal.
    """
    from scipy.special import stdtr  # noqa: PLC0415  a fifth of a second

    difference = new**2 - old**2
    spread = difference.std(ddof=1)
    if spread == 0:
        return 1.0
    t = difference.mean() / (spread / np.sqrt(len(difference)))
    return float(stdtr(len(difference) - 1, -t))
