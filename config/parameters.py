"""Training parameters and their presets (SPEC 3).

The command line, the deployments and Prefect's form all build `TrainingParameters`.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from config.errors import ParameterError, quote_value
from config.validation import validate

PresetName = Literal["standard", "quick_test", "high_accuracy", "low_memory"]

ADVISED_EPOCHS = 20
"""Fewer epochs are allowed, and recorded as `below_advised_range`."""

MAX_EPOCHS = 100


def _field(description: str, unit: str = "", **limits: Any) -> Any:  # noqa: ANN401
    return Field(description=description, json_schema_extra={"unit": unit}, **limits)


Epochs = Annotated[int, _field("Passes over the data", "passes", ge=1, le=MAX_EPOCHS)]
SequenceLength = Annotated[
    int, _field("Sessions in each window", "sessions", ge=30, le=120)
]
BatchSize = Annotated[int, _field("Windows per gradient step", "windows", ge=16, le=64)]
ValidationSplit = Annotated[
    float,
    _field("Share of windows, the latest ones, kept for validation", ge=0.1, le=0.3),
]
Period = Annotated[
    Literal["1y", "2y", "3y", "4y", "5y"], Field(description="Length of the history")
]
Units = Annotated[int, Field(ge=1, le=512)]
LayerUnits = Annotated[
    tuple[Units, Units],
    Field(description="Units in each of the two LSTM layers, 1 to 512"),
]
Dropout = Annotated[float, _field("Share of units left out per step", ge=0, le=0.5)]
LearningRate = Annotated[float, _field("Adam's step size", gt=0, le=1)]
Patience = Annotated[
    int,
    _field(
        "Epochs without improvement after which training stops; 0 = never",
        "epochs",
        ge=0,
    ),
]
Seed = Annotated[int, _field("Seed of all random numbers", ge=0, le=2**32 - 1)]


class TrainingParameters(BaseModel):
    """How an LSTM is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Epochs = 50
    sequence_length: SequenceLength = 60
    batch_size: BatchSize = 32
    validation_split: ValidationSplit = 0.2
    period: Period = "2y"
    lstm_units: LayerUnits = (100, 50)
    dropout: Dropout = 0.2
    learning_rate: LearningRate = 0.001
    early_stopping_patience: Patience = 10
    seed: Seed = 42

    @property
    def years(self) -> int:
        """Return the length of the history in years."""
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


class TrainingOverrides(BaseModel):
    """Parameters that replace those of a preset; None keeps the preset's value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Epochs | None = None
    sequence_length: SequenceLength | None = None
    batch_size: BatchSize | None = None
    validation_split: ValidationSplit | None = None
    period: Period | None = None
    lstm_units: LayerUnits | None = None
    dropout: Dropout | None = None
    learning_rate: LearningRate | None = None
    early_stopping_patience: Patience | None = None
    seed: Seed | None = None

    def apply_to(self, preset: str) -> TrainingParameters:
        """Return the parameters of a preset with these in place of its own."""
        return training_parameters(preset, **self.model_dump())

    @model_serializer(mode="wrap")
    def _leave_out_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return a schema without `null`; a form can then show each field's range."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        fields = schema["properties"].items()
        schema["properties"] = {name: _form_field(field) for name, field in fields}
        return schema


def _form_field(nullable: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of a nullable field without `null`, its range in words."""
    field: JsonSchemaValue
    (field,) = (part for part in nullable["anyOf"] if part != {"type": "null"})
    parts = [field["description"]]
    if "maximum" in field:
        low = field.get("minimum", field.get("exclusiveMinimum"))
        unit = field.get("unit", "")
        parts.append(f"{low} to {field['maximum']} {unit}".rstrip())
    description = ", ".join([*parts, "empty: the preset's"])
    return field | {"title": nullable["title"], "description": description}


def training_parameters(
    preset: str = "standard",
    **overrides: Any,  # noqa: ANN401
) -> TrainingParameters:
    """Return the preset with `overrides` in place of its values; None changes nothing.

    Raises
    ------
    ParameterError
        For an unknown preset, an unknown parameter or a value out of its range.
    """
    names = ", ".join(PRESETS)
    if preset not in PRESETS:
        text = quote_value(preset)
        raise ParameterError(
            f"`preset` must be one of {names}, got {text}", "correct it"
        )
    given = {name: value for name, value in overrides.items() if value is not None}
    values = PRESETS[preset].model_dump() | given
    return validate(
        TrainingParameters, values, "", f"correct it, or use a preset ({names})"
    )
