"""The quality of a model: calibration, grade, rejection and advice."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from config.parameters import MAX_EPOCHS, TrainingParameters
from config.settings import ModelSettings
from features.windows import Floats
from modelling.early_stopping import EpochCounts

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


def grade(
    loss: float,
    validation_loss: float,
    compared_ratio: float,
    skill: float | None,
    settings: ModelSettings,
) -> Grade:
    """Return the grade of a model from its scaled losses, ratio and skill.

    `compared_ratio` is that of `loss_ratio_vs_persistence`.
    """
    if compared_ratio > settings.overfitting_ratio:
        return "overfitting"
    if max(loss, validation_loss) < settings.good_loss:
        if compared_ratio < settings.excellent_ratio:
            return "excellent"
    elif validation_loss > settings.poor_loss and (skill is None or skill > 1):
        return "poor"
    return "good" if validation_loss < settings.good_loss else "moderate"


def loss_ratio(loss: float, validation_loss: float) -> float:
    """Return validation loss / training loss; 1 if both are 0."""
    if loss == 0:
        return 1.0 if validation_loss == 0 else float("inf")
    return validation_loss / loss


def loss_ratio_vs_persistence(ratio: float, of_persistence: float) -> float:
    """Return the model's loss ratio divided by that of "tomorrow equals today".

    Both are over the same windows. A stock that has become more volatile raises both,
    so only a ratio above 1 shows that the network fits the training windows too
    closely.
    """
    if ratio == of_persistence:
        return 1.0
    return ratio / of_persistence if of_persistence else float("inf")


def rejection(
    model_grade: Grade,
    ratio: float,
    compared_ratio: float,
    skill: float | None,
    settings: ModelSettings,
) -> str | None:
    """Return why a model must not be used in the blend, None if it may.

    `ratio` is that of `loss_ratio`, `compared_ratio` of `loss_ratio_vs_persistence`.
    """
    if model_grade == "overfitting":
        return (
            f"graded overfitting: loss ratio against persistence {compared_ratio:.3f} "
            f"(raw {ratio:.3f}) is above {settings.overfitting_ratio:g}"
        )
    if skill is None:
        return "the price never moved on the calibration span, so skill is undefined"
    if skill > settings.max_skill:
        return (
            f"skill {skill:.3f} is above {settings.max_skill:g}: worse than "
            "'tomorrow equals today'"
        )
    return None


def advice(
    model_grade: Grade, parameters: TrainingParameters, epochs: EpochCounts
) -> str | None:
    """Return which options to change for a better grade, None if the grade is good.

    Only changes that can alter the model are named. The weights of the best epoch are
    kept: fewer epochs change nothing down to that epoch. More change nothing if the
    patience of early stopping has run out.
    """
    if model_grade == "overfitting":
        hints = _overfitting_hints(parameters, epochs.best)
        return f"overfitting: {_either(hints)}"
    if model_grade != "poor":
        return None
    hints = _data_hints(parameters)
    if epochs.used_up(parameters.early_stopping_patience):
        cause = f"poor data, nothing more was learned after epoch {epochs.best}"
        return f"{cause}: {_either(hints)}"
    if parameters.epochs < MAX_EPOCHS:
        hints = [f"more epochs than {parameters.epochs} (--epochs)", *hints]
    return f"too few epochs, or poor data: {_either(hints)}"


def _either(hints: list[str]) -> str:
    return ", or ".join(hints) or "no parameter can help, leave it out"


def _overfitting_hints(parameters: TrainingParameters, best_epoch: int) -> list[str]:
    hints = []
    if best_epoch > 1:
        hints.append(f"fewer epochs than {best_epoch} (--epochs)")
    if parameters.dropout < ADVISED_DROPOUT:
        change = f"{ADVISED_DROPOUT:g} instead of {parameters.dropout:g}"
        hints.append(f"dropout {change} (--dropout)")
    return hints


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
