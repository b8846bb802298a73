"""How good a model is: against persistence, against the majority, by the thresholds.

Plain arithmetic on arrays; knows neither Keras nor files.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from config.parameters import MAX_EPOCHS, TrainingParameters
from config.settings import ModelSettings
from features.windows import Floats

Grade = Literal["excellent", "good", "moderate", "poor", "overfitting"]

ADVISED_DROPOUT, ADVISED_PERIOD, ADVISED_SEQUENCE = 0.3, "5y", 90
"""What the published guide advises against overfitting and poor models."""


@dataclass(frozen=True)
class Calibration:
    """A model's record on windows that nothing was chosen by.

    `residuals` are actual minus predicted returns, a number a window; `skill` is None
    where the price never moved, since persistence then has no error to compare with;
    `directional_accuracy` is None where no change is ever predicted: none is a
    direction.
    """

    residuals: tuple[float, ...]
    skill: float | None
    directional_accuracy: float | None
    majority_rate: float


def calibrate(predicted: Floats, actual: Floats) -> Calibration:
    """Return the record of predicted against actual next-session returns.

    Both of shape (windows,), fractions, no NaN. `skill` is RMSE / RMSE of persistence:
    below 1 is better than "no change". A return of exactly 0 counts as not up.
    """
    residuals = actual - predicted
    persistence = _root_mean_square(actual)
    up = actual > 0
    right = float(np.mean((predicted > 0) == up)) if predicted.any() else None
    return Calibration(
        residuals=tuple(residuals.tolist()),
        skill=_root_mean_square(residuals) / persistence if persistence else None,
        directional_accuracy=right,
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
    if skill > settings.max_skill:
        return (
            f"skill {skill:.3f} is above {settings.max_skill:g}: worse than "
            "'tomorrow equals today'"
        )
    return None


def advice(
    model_grade: Grade, parameters: TrainingParameters, epochs_run: int | None = None
) -> str | None:
    """Return what to change for a better grade and by which option; None where good.

    `epochs_run` tells two kinds of `poor` apart: a training that was still learning
    when its epochs were spent, and one that had stopped because the data gave no more.
    """
    if model_grade == "overfitting":
        return "overfitting: " + ", or ".join(_against_overfitting(parameters))
    if model_grade != "poor":
        return None
    more_epochs, more_data = _more_epochs(parameters), _more_data(parameters)
    if epochs_run is not None and epochs_run < parameters.epochs:
        hints = [*more_data, *more_epochs]
        cause = f"poor data, nothing more was learned after {epochs_run} epochs"
    else:
        hints, cause = [*more_epochs, *more_data], "too few epochs, or poor data"
    return f"{cause}: {', '.join(hints) or 'no parameter can help, leave it out'}"


def _against_overfitting(parameters: TrainingParameters) -> list[str]:
    hints = [f"fewer epochs than {parameters.epochs} (--epochs)"]
    if parameters.dropout < ADVISED_DROPOUT:
        hints.append(
            f"dropout {ADVISED_DROPOUT:g} instead of {parameters.dropout:g} (--dropout)"
        )
    return hints


def _more_epochs(parameters: TrainingParameters) -> list[str]:
    if parameters.epochs >= MAX_EPOCHS:
        return []
    return [f"more epochs than {parameters.epochs} (--epochs)"]


def _more_data(parameters: TrainingParameters) -> list[str]:
    hints = []
    if parameters.period != ADVISED_PERIOD:
        hints.append(
            f"period {ADVISED_PERIOD} instead of {parameters.period} (--period)"
        )
    if parameters.sequence_length < ADVISED_SEQUENCE:
        hints.append(
            f"sequence_length {ADVISED_SEQUENCE} instead of "
            f"{parameters.sequence_length} (--sequence-length)"
        )
    return hints


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
