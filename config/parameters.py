"""Training parameters and their presets (SPEC 3): one model for every edge.

The command line, the deployments and the form in the Prefect UI all build this model.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.errors import ParameterError
from config.validation import validated

ADVISED_EPOCHS = 20
"""Fewer passes than this are allowed and recorded as `below_advised_range`."""

Units = Annotated[int, Field(ge=1, le=512)]


def _bounded(description: str, unit: str, **limits: Any) -> Any:  # noqa: ANN401
    return Field(description=description, json_schema_extra={"unit": unit}, **limits)


class TrainingParameters(BaseModel):
    """How one LSTM is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Annotated[int, _bounded("Passes over the data", "passes", ge=1, le=100)] = (
        50
    )
    sequence_length: Annotated[
        int, _bounded("Sessions one window holds", "sessions", ge=30, le=120)
    ] = 60
    batch_size: Annotated[
        int, _bounded("Windows in one gradient step", "windows", ge=16, le=64)
    ] = 32
    validation_split: Annotated[
        float, _bounded("Share of the latest windows kept back", "", ge=0.1, le=0.3)
    ] = 0.2
    period: Annotated[
        Literal["1y", "2y", "3y", "4y", "5y"], Field(description="History used")
    ] = "2y"
    lstm_units: Annotated[
        tuple[Units, Units], Field(description="Units of the two LSTM layers")
    ] = (100, 50)
    dropout: Annotated[
        float, _bounded("Share of units left out per step", "", ge=0, le=0.5)
    ] = 0.2
    learning_rate: Annotated[float, _bounded("Adam's step size", "", gt=0, le=1)] = (
        0.001
    )
    early_stopping_patience: Annotated[
        int,
        _bounded("Epochs without improvement before stopping; 0 = off", "epochs", ge=0),
    ] = 10
    seed: Annotated[
        int, _bounded("Seed of every generator", "", ge=0, le=2**32 - 1)
    ] = 42

    @property
    def years(self) -> int:
        """Return the history used, in years."""
        return int(self.period.removesuffix("y"))

    @property
    def below_advised_range(self) -> bool:
        """Return whether `epochs` is allowed but lower than advised."""
        return self.epochs < ADVISED_EPOCHS


PRESETS: dict[str, TrainingParameters] = {
    "standard": TrainingParameters(),
    "quick_test": TrainingParameters(epochs=20, sequence_length=40, period="1y"),
    "high_accuracy": TrainingParameters(epochs=100, sequence_length=90, period="5y"),
    "low_memory": TrainingParameters(batch_size=16),
}


def training_parameters(
    preset: str = "standard",
    **overrides: Any,  # noqa: ANN401
) -> TrainingParameters:
    """Return the preset with `overrides` laid over it; None overrides nothing.

    Raises
    ------
    ParameterError
        For an unknown preset, an unknown parameter or a value out of its range.
    """
    names = ", ".join(PRESETS)
    if preset not in PRESETS:
        raise ParameterError(f"`preset` must be one of {names}, got {preset!r}.")
    given = {name: value for name, value in overrides.items() if value is not None}
    values = PRESETS[preset].model_dump() | given
    return validated(TrainingParameters, values, f"; presets: {names}")
