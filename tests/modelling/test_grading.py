"""Skill, accuracy, grades and rejections, by hand on small arrays."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.parameters import training_parameters
from config.settings import ModelSettings
from modelling.early_stopping import EpochCounts
from modelling.grading import (
    Grade,
    advice,
    calibrate,
    grade,
    loss_ratio,
    loss_ratio_vs_persistence,
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
    ("loss", "validation_loss", "ratio", "skill", "expected"),
    [
        (0.0099, 0.0099, 1.499, 1.0, "excellent"),
        (0.0099, 0.0099, 1.5, 1.0, "good"),
        (0.0099, 0.0099, 2.0, 1.0, "good"),
        (0.0099, 0.0099, 2.001, 1.0, "overfitting"),
        (0.0100, 0.0099, 1.0, 1.0, "good"),
        (0.0099, 0.0100, 1.0, 1.0, "moderate"),
        (0.0190, 0.0200, 1.0, 1.1, "moderate"),
        (0.0190, 0.0201, 1.0, 1.0, "moderate"),
        (0.0190, 0.0201, 1.0, 1.001, "poor"),
        (0.0190, 0.0201, 1.0, None, "poor"),
        (0.0500, 0.1100, 2.001, 1.1, "overfitting"),
        (0.0, 0.0, 1.0, None, "excellent"),
        (0.0, 0.001, float("inf"), 1.0, "overfitting"),
    ],
)
def test_grades_at_each_boundary(
    loss: float,
    validation_loss: float,
    ratio: float,
    skill: float | None,
    expected: Grade,
) -> None:
    """The thresholds of SPEC 5, both sides of each: 0.01, 0.02, 1.5, 2 and skill 1."""
    assert grade(loss, validation_loss, ratio, skill, SETTINGS) == expected


def test_grades_follow_the_settings() -> None:
    """A threshold set elsewhere moves the grade."""
    strict = ModelSettings(good_loss=0.001, poor_loss=0.002)
    assert grade(0.004, 0.004, 1.0, 1.1, SETTINGS) == "excellent"
    assert grade(0.004, 0.004, 1.0, 1.1, strict) == "poor"


@pytest.mark.parametrize(
    ("ratio", "of_persistence", "compared"),
    [
        (5.25, 5.25, 1.0),
        (3.0, 1.5, 2.0),
        (0.5, 2.0, 0.25),
        (float("inf"), float("inf"), 1.0),
        (1.0, 0.0, float("inf")),
        (0.0, 0.0, 1.0),
    ],
)
def test_a_ratio_that_persistence_has_too_is_no_overfitting(
    ratio: float, of_persistence: float, compared: float
) -> None:
    """CSL.AX had a raw ratio of 5.25, and so had "tomorrow equals today"."""
    assert loss_ratio_vs_persistence(ratio, of_persistence) == compared


@pytest.mark.parametrize(
    ("loss", "validation_loss", "ratio"),
    [(0.02, 0.03, 1.5), (0.03, 0.03, 1), (0, 0, 1), (0, 0.1, float("inf"))],
)
def test_the_loss_ratio_is_validation_over_training(
    loss: float, validation_loss: float, ratio: float
) -> None:
    """The ratio is 1 where both losses are 0, without bound where only one is."""
    assert loss_ratio(loss, validation_loss) == pytest.approx(ratio)


ABOVE_TWO = "loss ratio against persistence 2.312 (raw 5.250) is above 2"


@pytest.mark.parametrize("model_grade", ["excellent", "good", "moderate", "poor"])
@pytest.mark.parametrize("skill", [0.0, 0.9, 1.0, 1.05])
def test_a_good_model_is_usable(model_grade: Grade, skill: float) -> None:
    """Any grade but overfitting, and skill up to 1.05: no reason to reject."""
    assert rejection(model_grade, 1.0, 1.0, skill, SETTINGS) is None


@pytest.mark.parametrize(
    ("model_grade", "skill", "reason"),
    [
        ("poor", 1.06, "skill 1.060 is above 1.05"),
        ("overfitting", 0.9, f"graded overfitting: {ABOVE_TWO}"),
        ("overfitting", None, f"graded overfitting: {ABOVE_TWO}"),
        ("good", None, "the price never moved"),
        ("good", 1.0501, "skill 1.050 is above 1.05"),
        ("excellent", 1.7, "skill 1.700 is above 1.05"),
        ("excellent", float("inf"), "skill inf is above 1.05"),
    ],
)
def test_an_unusable_model_has_a_reason(
    model_grade: Grade, skill: float | None, reason: str
) -> None:
    """A poor grade, no skill or too little of it is a reason with its number."""
    answer = rejection(model_grade, 5.25, 2.3125, skill, SETTINGS)
    assert answer is not None
    assert answer.startswith(reason)


FEWER, MORE = "fewer epochs than {} (--epochs)", "more epochs than {} (--epochs)"
DROPOUT = "dropout 0.3 instead of 0.2 (--dropout)"
DATA = (
    "period 5y instead of 2y (--period), or "
    "sequence_length 90 instead of 60 (--sequence-length)"
)
STOPPED = "poor data, nothing more was learned after epoch {}"
TOO_FEW = "too few epochs, or poor data"
LONG = {"period": "5y", "sequence_length": 90}
NOTHING = "no parameter can help, leave it out"


@pytest.mark.parametrize(
    ("model_grade", "changes", "epochs", "expected"),
    [
        ("overfitting", {}, (50, 50), f"overfitting: {FEWER.format(50)}, or {DROPOUT}"),
        ("overfitting", {}, (50, 46), f"overfitting: {FEWER.format(46)}, or {DROPOUT}"),
        ("overfitting", {}, (12, 7), f"overfitting: {FEWER.format(7)}, or {DROPOUT}"),
        ("overfitting", {}, (6, 1), f"overfitting: {DROPOUT}"),
        ("overfitting", {"dropout": 0.3}, (6, 1), f"overfitting: {NOTHING}"),
        ("overfitting", {"dropout": 0.4}, (50, 50), f"overfitting: {FEWER.format(50)}"),
        ("poor", {}, (50, 46), f"{TOO_FEW}: {MORE.format(50)}, or {DATA}"),
        ("poor", {}, (50, 45), f"{STOPPED.format(45)}: {DATA}"),
        (
            "poor",
            {"early_stopping_patience": 0},
            (50, 50),
            f"{TOO_FEW}: {MORE.format(50)}, or {DATA}",
        ),
        ("poor", {}, (31, 26), f"{STOPPED.format(26)}: {DATA}"),
        ("poor", LONG, (31, 26), f"{STOPPED.format(26)}: {NOTHING}"),
        ("poor", LONG | {"epochs": 100}, (100, 99), f"{TOO_FEW}: {NOTHING}"),
    ],
)
def test_advice_names_only_changes_that_alter_the_model(
    model_grade: Grade, changes: dict[str, Any], epochs: tuple[int, int], expected: str
) -> None:
    """Fewer epochs help below the best epoch, more if early stopping had not ended it.

    Of 50 epochs with the best at 46, fewer than 50 give the same model; fewer than 46
    do not. With the best at 45 the patience of 5 is used up, so more change nothing.
    """
    parameters = training_parameters(**{"early_stopping_patience": 5} | changes)
    assert advice(model_grade, parameters, EpochCounts(*epochs)) == expected


@pytest.mark.parametrize("model_grade", ["excellent", "good", "moderate"])
def test_a_fair_grade_needs_no_advice(model_grade: Grade) -> None:
    """There is nothing to change where the grade is fair."""
    assert advice(model_grade, training_parameters(), EpochCounts(50, 50)) is None
