"""Champion and challenger: a new model must not be worse than the live one.

Worse beyond noise, that is; both are judged on the same sessions, none of which either
was fitted or stopped by.
Knows neither files nor Prefect.
"""

import numpy as np
import pandas as pd
from scipy import stats

from config.settings import ModelSettings
from features.windows import CLOSE_COLUMN, Floats, feature_rows
from modelling.forecasting import basis_ratio, in_basis
from modelling.model_metadata import Challenge, ModelMetadata
from modelling.network import Network


def challenge(
    champion: ModelMetadata,
    network: Network,
    indicators: pd.DataFrame,
    residuals: Floats,
    settings: ModelSettings,
) -> Challenge | None:
    """Return how the champion fares against `residuals`, the new model's, newest last.

    None where too few sessions are left that both can be judged on: then nothing
    speaks for the champion.

    Raises
    ------
    SymbolError
        If the champion does not fit the history.
    """
    kept = champion_residuals(champion, network, indicators, len(residuals))
    if len(kept) < settings.challenge_sessions:
        return None
    new = residuals[-len(kept) :]
    p_value = p_value_new_is_worse(new, kept)
    return Challenge(
        champion_trained_at=champion.training_date,
        sessions=len(kept),
        rmse=float(np.sqrt(np.mean(new**2))),
        champion_rmse=float(np.sqrt(np.mean(kept**2))),
        p_value=p_value,
        lost=p_value < settings.significance,
    )


def champion_residuals(
    champion: ModelMetadata,
    network: Network,
    indicators: pd.DataFrame,
    sessions: int,
) -> Floats:
    """Return the champion's residuals on the last `sessions`, oldest first.

    Fewer where it was fitted or stopped on the earlier ones, or has no window there.
    """
    rows = feature_rows(indicators)
    ratio = basis_ratio(champion, indicators)
    rows, length = in_basis(rows, ratio), champion.sequence_length
    dates = indicators.index[-len(rows) :]
    known = int(dates.searchsorted(pd.Timestamp(champion.last_session)))
    unseen = known + 1 - len(champion.calibration_residuals)
    first = max(len(rows) - sessions, unseen, length)
    targets = np.arange(first, len(rows))
    if not len(targets):
        return np.empty(0)
    scaled = champion.scaler.scale(rows)
    windows = np.stack([scaled[place - length : place] for place in targets])
    predicted = champion.scaler.price_change(network.predict_changes(windows))
    last, actual = rows[targets - 1, CLOSE_COLUMN], rows[targets, CLOSE_COLUMN]
    return np.asarray((actual - last - predicted) / last)


def p_value_new_is_worse(new: Floats, kept: Floats) -> float:
    """Return the chance of a difference in squared errors like this by luck alone.

    A one-sided paired t test of the mean of new^2 - kept^2 (Diebold and Mariano 1995
    at one step, with the small-sample form of Harvey, Leybourne and Newbold 1997):
    small where the new errors are larger. 1 where the errors are the same.
    """
    difference = new**2 - kept**2
    spread = difference.std(ddof=1)
    if spread == 0:
        return 1.0
    t = difference.mean() / (spread / np.sqrt(len(difference)))
    return float(stats.t.sf(t, len(difference) - 1))
