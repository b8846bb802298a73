"""The content of `lstm_{symbol}_metadata.json`, which describes a model.

The first seven keys are those of the published guide; the others are needed to judge
the model and to compute its forecasts again.
"""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from config.parameters import TrainingParameters
from features.windows import Scaler
from modelling.grading import Grade

MAX_TEXT = 1_000
"""Largest length of a text in the metadata, in characters."""


class TrainingResults(BaseModel):
    """Mean squared errors of scaled closes, and the training time in seconds."""

    model_config = ConfigDict(frozen=True)

    final_loss: float
    final_val_loss: float
    training_time: float


class Challenge(BaseModel):
    """Errors of the returns of a new and the live model on the same sessions."""

    model_config = ConfigDict(frozen=True)

    champion_trained_at: AwareDatetime
    sessions: int
    rmse: float
    champion_rmse: float
    p_value: float = Field(description="p-value of the new model being worse")
    lost: bool = Field(description="Whether the live model is kept")

    @property
    def sentence(self) -> str:
        """Return which model is kept, with the numbers."""
        day = self.champion_trained_at.date()
        outcome = (
            f"the model of {day} stays" if self.lost else f"replaces that of {day}"
        )
        return (
            f"{outcome}: RMSE {self.rmse:.5f} against its {self.champion_rmse:.5f} on "
            f"the same {self.sessions} sessions, p = {self.p_value:.3f}"
        )


class ModelMetadata(BaseModel):
    """The metadata of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=MAX_TEXT)

    symbol: str
    training_date: AwareDatetime = Field(description="UTC")
    data_points: int = Field(description="Sessions with all features")
    features: tuple[str, ...]
    sequence_length: int
    epochs: int
    results: TrainingResults

    loss_ratio: float | None = Field(
        description="Validation loss / training loss; null if the latter is 0"
    )
    loss_ratio_vs_persistence: float | None = Field(
        default=None,
        description="`loss_ratio` / that of persistence on the same windows; null if "
        "not finite, or in files of earlier versions",
    )
    epochs_run: int
    best_epoch: int | None = Field(
        default=None,
        description="Epoch whose weights are kept; null in files of earlier versions",
    )
    shrinkage_factor: float = Field(
        default=1.0,
        description="Factor, 0 to 1, by which the predicted changes are multiplied; "
        "included in the weights",
    )
    below_advised_range: bool
    training_windows: int
    validation_windows: int
    first_session: date
    last_session: date = Field(description="Last session of the training data")
    price_source: str
    price_basis: float = Field(
        description="Traded close of `last_session`; the scaler is in its unit"
    )
    scaler_minimum: tuple[float, ...] = Field(description="One number per feature")
    scaler_maximum: tuple[float, ...] = Field(description="One number per feature")
    calibration_residuals: tuple[float, ...] = Field(
        description="Actual minus predicted returns, newest last"
    )
    skill: float | None = Field(
        description="RMSE / RMSE of persistence; below 1: better"
    )
    directional_accuracy: float | None = Field(
        description="Share of right directions; null if no change is predicted"
    )
    majority_rate: float
    grade: Grade
    rejected: str | None = Field(description="Why the model must not be used")
    advice: str | None
    challenge: Challenge | None = Field(
        default=None, description="Comparison with the live model"
    )
    parameters: TrainingParameters
    library_versions: dict[str, str]
    device: str | None = Field(
        default=None, description="Unused; present in files of earlier versions"
    )
    data_fingerprint: str = Field(description="SHA-256 of the training rows")
    model_fingerprint: str = Field(
        default="", description="SHA-256 of the .keras file; set by the registry"
    )

    @property
    def scaler(self) -> Scaler:
        """Return the scaler of the training rows."""
        return Scaler(self.scaler_minimum, self.scaler_maximum)

    @property
    def usable(self) -> bool:
        """Return whether the model may be used in the blend."""
        return self.rejected is None

    @property
    def takes_over(self) -> bool:
        """Return whether the model may replace a usable live model."""
        return self.usable and not (self.challenge and self.challenge.lost)
