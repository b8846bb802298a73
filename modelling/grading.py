"""The quality of a model: calibration, grade, rejection and advice."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from config.parameters import MAX_EPOCHS, TrainingParameters
from config.settings import ModelSettings
from features.windows import Floats

Grade = Literal["excellent", "good", "moderate", "poor", "overfitting"]

ADVISED_DROPOUT, ADVISED_PERIOD, ADVISED_SEQUENCE = 0.3, "5y", 90
"""Values that the published guide advises for a better grade."""


@dataclass(frozen=True)
class Calibration:
    """A model's results on windows that were used neither to fit nor to stop it.

    `residuals` are actual minus predicted returns, one per window. `skill` is None if
    the price never moved: persistence then has no error. `directional_accuracy` is None
    if the model never predicts a change.
    """

    residuals: tuple[float, ...]
    skill: float | None
    directional_accuracy: float | None
    majority_rate: float


def calibrate(predicted: Floats, actual: Floats) -> Calibration:
    """Return the calibration of predicted against actual next-session returns.

    Both are fractions of shape (windows,), without NaN. `skill` is RMSE / RMSE of
    persistence: below 1 is better than predicting no change. A return of exactly 0
    counts as not up.
    """
    residuals = actual - predicted
    persistence = root_mean_square(actual)
    up = actual > 0
    right = float(np.mean((predicted > 0) == up)) if predicted.any() else None
    return Calibration(
        residuals=tuple(residuals.tolist()),
        skill=root_mean_square(residuals) / persistence if persistence else None,
        directional_accuracy=right,
        majority_rate=float(max(up.mean(), 1 - up.mean())),
    )


def grade(loss: float, validation_loss: float, settings: ModelSettings) -> Grade:
    """Return the grade of a model from its scaled losses and the thresholds."""
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
    """Return validation loss / training loss; 1 if both are 0."""
    if loss == 0:
        return 1.0 if validation_loss == 0 else float("inf")
    return validation_loss / loss


def rejection(
    model_grade: Grade, skill: float | None, settings: ModelSettings
) -> str | None:
    """Return why a model must not be used in the blend, None if it may."""
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
    """Return which options to change for a better grade, None if the grade is good.

    A poor model needs other data if it stopped before its last epoch, as `epochs_run`
    shows; otherwise more epochs may help.
    """
    epochs, dropout = parameters.epochs, parameters.dropout
    if model_grade == "overfitting":
        hint = f"overfitting: fewer epochs than {epochs} (--epochs)"
        if dropout >= ADVISED_DROPOUT:
            return hint
        return (
            f"{hint}, or dropout {ADVISED_DROPOUT:g} instead of {dropout:g} (--dropout)"
        )
    if model_grade != "poor":
        return None
    may_grow = epochs < MAX_EPOCHS
    more_epochs = [f"more epochs than {epochs} (--epochs)"] if may_grow else []
    if epochs_run is not None and epochs_run < epochs:
        hints = [*_data_hints(parameters), *more_epochs]
        cause = f"poor data, nothing more was learned after {epochs_run} epochs"
    else:
        hints = [*more_epochs, *_data_hints(parameters)]
        cause = "too few epochs, or poor data"
    return f"{cause}: {', '.join(hints) or 'no parameter can help, leave it out'}"


def _data_hints(parameters: TrainingParameters) -> list[str]:
    period, length = parameters.period, parameters.sequence_length
    hints = []
    if period != ADVISED_PERIOD:
        hints.append(f"period {ADVISED_PERIOD} instead of {period} (--period)")
    if length < ADVISED_SEQUENCE:
        change = f"{ADVISED_SEQUENCE} instead of {length}"
        hints.append(f"sequence_length {change} (--sequence-length)")
    return hints


def root_mean_square(values: Floats) -> float:
    """Return the square root of the mean of the squares."""
    return float(np.sqrt(np.mean(np.square(values))))
