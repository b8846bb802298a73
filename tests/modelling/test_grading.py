"""Skill, accuracy, grades and rejections, by hand on small arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.parameters import training_parameters
from config.settings import ModelSettings
from modelling.grading import (
    Grade,
    advice,
    calibrate,
    grade,
    loss_ratio,
    rejection,
)

SETTINGS = ModelSettings()

returns = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=30)


def test_skill_is_the_error_against_that_of_no_change() -> None:
    """Skill is RMSE / RMSE of persistence: here sqrt(5) / sqrt(25), by hand."""
    actual = np.array([0.03, -0.04])
    predicted = np.array([0.02, -0.02])
    record = calibrate(predicted, actual)
    assert record.skill == pytest.approx(np.sqrt(5 / 25))
    assert record.residuals == pytest.approx((0.01, -0.02))


@settings(max_examples=30, deadline=None)
@given(actual=returns)
def test_a_persistence_forecast_has_skill_one(actual: list[float]) -> None:
    """Whoever predicts no change is exactly as good as persistence."""
    moves = np.round(actual, 6)
    record = calibrate(np.zeros(len(moves)), moves)
    assert record.skill == (1 if moves.any() else None)
    assert record.residuals == tuple(moves)


def test_a_perfect_forecast_has_skill_zero() -> None:
    """Whoever predicts every return has no error and all directions right."""
    actual = np.array([0.01, -0.02, 0.03])
    record = calibrate(actual, actual)
    assert (record.skill, record.directional_accuracy) == (0, 1)


def test_a_price_that_never_moved_has_no_skill() -> None:
    """Without a move there is nothing to compare with, so skill is not known."""
    record = calibrate(np.array([0.01, -0.01]), np.zeros(2))
    assert record.skill is None


@pytest.mark.parametrize(
    ("predicted", "actual", "accuracy", "majority"),
    [
        ([1, 1, -1, -1], [1, -1, 1, -1], 0.5, 0.5),
        ([1, 1, 1, 1], [1, 1, 1, -1], 0.75, 0.75),
        ([-1, -1, -1, 1], [-1, -1, -1, 1], 1, 0.75),
        ([0, -1], [0, -1], 1, 1),
        ([1, 0], [0, 1], 0, 0.5),
        ([0, 0], [1, -1], None, 0.5),
    ],
)
def test_accuracy_stands_beside_the_majority(
    predicted: list[float],
    actual: list[float],
    accuracy: float | None,
    majority: float,
) -> None:
    """Accuracy counts equal directions, majority the commoner one; 0 is not up.

    Whoever predicts no change names no direction.
    """
    record = calibrate(np.array(predicted) / 100, np.array(actual) / 100)
    assert record.directional_accuracy == accuracy
    assert record.majority_rate == majority


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=1))
def test_rates_stay_in_their_range(pairs: list[tuple[float, float]]) -> None:
    """Accuracy is a share, and the commoner direction has at least half."""
    predicted, actual = np.array(pairs).T
    record = calibrate(predicted, actual)
    assert 0 <= (record.directional_accuracy or 0) <= 1
    assert 0.5 <= record.majority_rate <= 1


@pytest.mark.parametrize(
    ("loss", "validation_loss", "expected"),
    [
        (0.004, 0.004, "excellent"),
        (0.0080, 0.0099, "excellent"),
        (0.004, 0.00599, "excellent"),
        (0.004, 0.00600, "good"),
        (0.004, 0.00799, "good"),
        (0.004, 0.00800, "good"),
        (0.004, 0.00801, "overfitting"),
        (0.010, 0.0099, "good"),
        (0.0099, 0.0099, "excellent"),
        (0.0099, 0.010, "moderate"),
        (0.015, 0.015, "moderate"),
        (0.019, 0.020, "moderate"),
        (0.019, 0.0201, "poor"),
        (0.05, 0.06, "poor"),
        (0.05, 0.11, "overfitting"),
        (0.0, 0.0, "excellent"),
        (0.0, 0.001, "overfitting"),
    ],
)
def test_grades_at_each_boundary(
    loss: float, validation_loss: float, expected: Grade
) -> None:
    """The published thresholds, both sides of each: 0.01, 0.02, ratios 1.5 and 2.0."""
    assert grade(loss, validation_loss, SETTINGS) == expected


def test_grades_follow_the_settings() -> None:
    """A threshold set elsewhere moves the grade."""
    strict = ModelSettings(good_loss=0.001, poor_loss=0.002)
    assert grade(0.004, 0.004, SETTINGS) == "excellent"
    assert grade(0.004, 0.004, strict) == "poor"


@pytest.mark.parametrize(
    ("loss", "validation_loss", "ratio"),
    [(0.02, 0.03, 1.5), (0.03, 0.03, 1), (0, 0, 1), (0, 0.1, float("inf"))],
)
def test_the_loss_ratio_is_validation_over_training(
    loss: float, validation_loss: float, ratio: float
) -> None:
    """The ratio is 1 where both losses are 0, without bound where only one is."""
    assert loss_ratio(loss, validation_loss) == pytest.approx(ratio)


@pytest.mark.parametrize("model_grade", ["excellent", "good", "moderate"])
@pytest.mark.parametrize("skill", [0.0, 0.9, 1.0, 1.05])
def test_a_good_model_may_speak(model_grade: Grade, skill: float) -> None:
    """Grade not poor or overfitting and skill up to 1.05: no reason to reject."""
    assert rejection(model_grade, skill, SETTINGS) is None


@pytest.mark.parametrize(
    ("model_grade", "skill", "reason"),
    [
        ("poor", 0.9, "graded poor"),
        ("overfitting", 0.9, "graded overfitting"),
        ("overfitting", None, "graded overfitting"),
        ("good", None, "the price never moved"),
        ("good", 1.0501, "skill 1.050 is above 1.05"),
        ("excellent", 1.7, "skill 1.700 is above 1.05"),
        ("excellent", float("inf"), "skill inf is above 1.05"),
    ],
)
def test_a_model_that_must_not_speak_says_why(
    model_grade: Grade, skill: float | None, reason: str
) -> None:
    """A poor grade, no skill or too little of it is a reason with its number."""
    answer = rejection(model_grade, skill, SETTINGS)
    assert answer is not None
    assert answer.startswith(reason)


@pytest.mark.parametrize(
    ("model_grade", "hints"),
    [
        (
            "overfitting",
            [
                "fewer epochs than 50 (--epochs)",
                "dropout 0.3 instead of 0.2 (--dropout)",
            ],
        ),
        (
            "poor",
            [
                "more epochs than 50 (--epochs)",
                "period 5y instead of 2y (--period)",
                "sequence_length 90 instead of 60 (--sequence-length)",
            ],
        ),
    ],
)
def test_a_bad_grade_comes_with_advice(model_grade: Grade, hints: list[str]) -> None:
    """The advice names the parameters to change, what they are now, and the option."""
    answer = advice(model_grade, training_parameters())
    assert answer is not None
    assert all(hint in answer for hint in hints)


@pytest.mark.parametrize(
    ("epochs_run", "cause", "first_hint"),
    [
        (50, "too few epochs", "more epochs than 50"),
        (31, "poor data, nothing more was learned after 31 epochs", "period 5y"),
    ],
)
def test_a_poor_model_s_cause_decides_what_to_change_first(
    epochs_run: int, cause: str, first_hint: str
) -> None:
    """Stopped early: the data gave no more. Not stopped: it was still learning."""
    answer = advice("poor", training_parameters(), epochs_run)
    assert answer is not None
    assert answer.startswith(cause)
    assert answer.split(": ")[1].startswith(first_hint)


def test_no_parameter_is_advised_that_is_at_its_end_already() -> None:
    """Nobody is sent to 5y from 5y, nor to more epochs than there may be."""
    most = training_parameters(epochs=100, period="5y", sequence_length=90)
    assert advice("poor", most) == (
        "too few epochs, or poor data: no parameter can help, leave it out"
    )
    answer = advice("overfitting", training_parameters(dropout=0.4))
    assert answer == "overfitting: fewer epochs than 50 (--epochs)"


@pytest.mark.parametrize("model_grade", ["excellent", "good", "moderate"])
def test_a_fair_grade_needs_no_advice(model_grade: Grade) -> None:
    """There is nothing to change where the grade is fair."""
    assert advice(model_grade, training_parameters()) is None
