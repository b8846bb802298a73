"""How good a model is: against persistence, against the majority, by the thresholds.

Plain arithmetic on arrays; knows neither Keras nor files.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from config.parameters import TrainingParameters
from config.settings import ModelSettings
from features.windows import Floats

Grade = Literal["excellent", "good", "moderate", "poor", "overfitting"]


@dataclass(frozen=True)
class Calibration:
    """A model's record on windows that nothing was chosen by.

    `residuals` are actual minus predicted returns, a number a window; `skill` is None
    where the price never moved, since persistence then has no error to compare with.
    """

    residuals: tuple[float, ...]
    skill: float | None
    directional_accuracy: float
    majority_rate: float


def calibrated(predicted: Floats, actual: Floats) -> Calibration:
    """Return the record of predicted against actual next-session returns.

    Both of shape (windows,), fractions, no NaN. `skill` is RMSE / RMSE of persistence:
    below 1 is better than "no change". A return of exactly 0 counts as not up.
    """
    residuals = actual - predicted
    persistence = _root_mean_square(actual)
    up = actual > 0
    return Calibration(
        residuals=tuple(residuals.tolist()),
        skill=_root_mean_square(residuals) / persistence if persistence else None,
        directional_accuracy=float(np.mean((predicted > 0) == up)),
        majority_rate=float(max(up.mean(), 1 - up.mean())),
    )


def grade(loss: float, validation_loss: float, settings: ModelSettings) -> Grade:
    """Return the grade by the published thresholds on scaled losses."""
    ratio = loss_ratio(loss, validation_loss)
    if ratio > settings.overfitting_ratio:
        return "overfitting"
    if validation_loss > settings.poor_loss:
        return "poor"
    if validation_loss < settings.good_loss:
        excellent = loss < settings.good_loss and ratio < settings.excellent_ratio
        return "excellent" if excellent else "good"
    return "moderate"


def loss_ratio(loss: float, validation_loss: float) -> float:
    """Return validation loss / training loss; 1 where both are 0."""
    if loss == 0:
        return 1.0 if validation_loss == 0 else float("inf")
    return validation_loss / loss


def rejection(
    model_grade: Grade, skill: float | None, settings: ModelSettings
) -> str | None:
    """Return why a model must not speak in the blend, None where it may."""
    if model_grade in ("poor", "overfitting"):
        return f"graded {model_grade}"
    if skill is None:
        return "the price never moved on the calibration span, so skill is undefined"
    if skill > settings.worst_skill:
        return (
            f"skill {skill:.3f} is above {settings.worst_skill:g}: worse than "
            "'tomorrow equals today'"
        )
    return None


def advice(model_grade: Grade, parameters: TrainingParameters) -> str | None:
    """Return what to change for a better grade, None where it is good."""
    if model_grade == "overfitting":
        return (
            f"fewer epochs than {parameters.epochs}, "
            f"or dropout 0.3 instead of {parameters.dropout:g}"
        )
    if model_grade == "poor":
        return (
            f"more epochs than {parameters.epochs}, period 5y instead of "
            f"{parameters.period}, sequence_length 90 instead of "
            f"{parameters.sequence_length}"
        )
    return None


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
