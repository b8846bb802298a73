"""The training parameters' bounds, presets and messages (SPEC 3)."""

from typing import Literal

import pytest
from pydantic import ValidationError

from config.errors import ParameterError
from config.parameters import PRESETS, TrainingParameters, training_parameters

type Value = float | str | tuple[int, ...] | None

AT_BOUND: list[tuple[str, Value]] = [
    ("epochs", 1),
    ("epochs", 100),
    ("sequence_length", 30),
    ("sequence_length", 120),
    ("batch_size", 16),
    ("batch_size", 64),
    ("validation_split", 0.1),
    ("validation_split", 0.3),
    ("period", "1y"),
    ("period", "2y"),
    ("period", "3y"),
    ("period", "4y"),
    ("period", "5y"),
    ("lstm_units", (1, 1)),
    ("lstm_units", (512, 512)),
    ("dropout", 0.0),
    ("dropout", 0.5),
    ("learning_rate", 1e-9),
    ("learning_rate", 1.0),
    ("early_stopping_patience", 0),
    ("seed", 0),
    ("seed", 2**32 - 1),
]

OVER_BOUND: list[tuple[str, Value, str]] = [
    ("epochs", 0, "1 to 100 passes"),
    ("epochs", 101, "1 to 100 passes"),
    ("epochs", -1, "1 to 100 passes"),
    ("epochs", 50.5, "1 to 100 passes"),
    ("epochs", "many", "1 to 100 passes"),
    ("sequence_length", 29, "30 to 120 sessions"),
    ("sequence_length", 121, "30 to 120 sessions"),
    ("batch_size", 15, "16 to 64 windows"),
    ("batch_size", 65, "16 to 64 windows"),
    ("validation_split", 0.09, "0.1 to 0.3"),
    ("validation_split", 0.31, "0.1 to 0.3"),
    ("validation_split", float("nan"), "0.1 to 0.3"),
    ("period", "0y", "'1y'"),
    ("period", "6y", "'5y'"),
    ("period", "2Y", "'2y'"),
    ("period", "24mo", "'2y'"),
    ("lstm_units", (0, 50), "1"),
    ("lstm_units", (100, 513), "512"),
    ("lstm_units", (100,), "lstm_units"),
    ("lstm_units", (100, 50, 25), "2"),
    ("dropout", -0.01, "0 to 0.5"),
    ("dropout", 0.51, "0 to 0.5"),
    ("learning_rate", 0.0, "above 0"),
    ("learning_rate", -0.001, "above 0"),
    ("learning_rate", float("nan"), "above 0"),
    ("learning_rate", 1.5, "1"),
    ("learning_rate", float("inf"), "1"),
    ("early_stopping_patience", -1, "at least 0 epochs"),
    ("seed", -1, "0 to 4294967295"),
    ("seed", 2**32, "0 to 4294967295"),
]

VALUES_OF_ONE_LAYER = ("0;", "513;")
"""For `lstm_units` the message holds the layer and its value."""


@pytest.mark.parametrize(("name", "value"), AT_BOUND)
def test_a_value_at_its_bound_is_taken(name: str, value: Value) -> None:
    """The bounds belong to the range."""
    assert getattr(training_parameters(**{name: value}), name) == value


@pytest.mark.parametrize(("name", "value", "bound"), OVER_BOUND)
def test_a_value_over_its_bound_is_refused(name: str, value: Value, bound: str) -> None:
    """The message holds the parameter, the bound and the value."""
    with pytest.raises(ParameterError) as refusal:
        training_parameters(**{name: value})
    expected, _, came = str(refusal.value).partition(", got ")
    assert expected.startswith(f"`{name}")
    assert bound in expected
    assert came.startswith((repr(value), *VALUES_OF_ONE_LAYER))


@pytest.mark.parametrize(("name", "value"), [case[:2] for case in OVER_BOUND])
def test_a_refusal_is_one_sentence(name: str, value: Value) -> None:
    """The message has one full stop, at its end, and no second line."""
    with pytest.raises(ParameterError) as refusal:
        training_parameters(**{name: value})
    message = str(refusal.value)
    assert message.endswith(".")
    assert ". " not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("preset", "values"),
    [
        ("standard", (50, 60, 32, "2y")),
        ("quick_test", (20, 40, 32, "1y")),
        ("high_accuracy", (100, 90, 32, "5y")),
        ("low_memory", (50, 60, 16, "2y")),
    ],
)
def test_presets_hold_the_published_values(
    preset: str, values: tuple[int, int, int, str]
) -> None:
    """Each preset is the row of SPEC 3, its other parameters the defaults."""
    chosen = training_parameters(preset)
    shown = (chosen.epochs, chosen.sequence_length, chosen.batch_size, chosen.period)
    assert shown == values
    default = TrainingParameters()
    assert (
        chosen.model_copy(
            update=default.model_dump(
                include={"epochs", "sequence_length", "batch_size", "period"}
            )
        )
        == default
    )


def test_the_defaults_are_those_of_the_specification() -> None:
    """A model without arguments is the `standard` preset of SPEC 3."""
    assert TrainingParameters() == PRESETS["standard"] == training_parameters()
    assert TrainingParameters().model_dump() == {
        "epochs": 50,
        "sequence_length": 60,
        "batch_size": 32,
        "validation_split": 0.2,
        "period": "2y",
        "lstm_units": (100, 50),
        "dropout": 0.2,
        "learning_rate": 0.001,
        "early_stopping_patience": 10,
        "seed": 42,
    }


@pytest.mark.parametrize("preset", PRESETS)
def test_an_override_changes_its_own_field_only(preset: str) -> None:
    """A preset can be overridden field by field."""
    changed = training_parameters(preset, dropout=0.3)
    assert changed.dropout == 0.3
    assert changed.model_copy(update={"dropout": 0.2}) == PRESETS[preset]


def test_none_overrides_nothing() -> None:
    """An option that was not given leaves the preset's value."""
    assert training_parameters("quick_test", epochs=None) == PRESETS["quick_test"]


def test_an_unknown_preset_is_refused_with_the_choices() -> None:
    """The message of an unknown preset holds what came and every preset."""
    with pytest.raises(ParameterError, match=r"`preset`.*, got 'fast'") as refusal:
        training_parameters("fast")
    assert all(preset in str(refusal.value) for preset in PRESETS)


def test_an_unknown_parameter_is_refused_with_the_choices() -> None:
    """The message of an unknown parameter holds its name and every known one."""
    with pytest.raises(ParameterError, match="`epoch` must be one of") as refusal:
        training_parameters(epoch=5)
    assert all(name in str(refusal.value) for name in TrainingParameters.model_fields)


@pytest.mark.parametrize(("epochs", "below"), [(1, True), (19, True), (20, False)])
def test_few_epochs_are_allowed_and_marked(epochs: int, *, below: bool) -> None:
    """Fewer than 20 passes are allowed and recorded as below the advised range."""
    assert training_parameters(epochs=epochs).below_advised_range is below


@pytest.mark.parametrize(("period", "years"), [("1y", 1), ("5y", 5)])
def test_the_period_is_known_in_years(period: Literal["1y", "5y"], years: int) -> None:
    """`years` is the number in `period`."""
    assert TrainingParameters(period=period).years == years


def test_parameters_are_frozen() -> None:
    """No stage can change the parameters of a run."""
    with pytest.raises(ValidationError, match="frozen"):
        PRESETS["standard"].__setattr__("epochs", 1)
