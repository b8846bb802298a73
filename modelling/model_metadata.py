"""What is written beside each model: `lstm_{symbol}_metadata.json`.

The first seven keys are those of the published guide; the rest is what it takes to
judge the model and to compute its forecasts again.
"""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from config.parameters import TrainingParameters
from features.windows import Scaler
from modelling.evaluation import Grade

MAX_TEXT = 1_000
"""Characters of a text in the metadata; rows and tables show some of them."""


class TrainingResults(BaseModel):
    """The published example's `results`: scaled mean squared errors, and seconds."""

    model_config = ConfigDict(frozen=True)

    final_loss: float
    final_val_loss: float
    training_time: float


class Challenge(BaseModel):
    """A new model against the live one on the same sessions; errors of returns."""

    model_config = ConfigDict(frozen=True)

    champion_trained_at: AwareDatetime
    sessions: int
    rmse: float
    champion_rmse: float
    p_value: float = Field(description="Chance of so much worse by luck alone")
    lost: bool = Field(description="Whether the live model stays")

    @property
    def sentence(self) -> str:
        """Return who stays, and by which numbers."""
        day = self.champion_trained_at.date()
        outcome = (
            f"the model of {day} stays" if self.lost else f"replaces that of {day}"
        )
        return (
            f"{outcome}: RMSE {self.rmse:.5f} against its {self.champion_rmse:.5f} on "
            f"the same {self.sessions} sessions, p = {self.p_value:.3f}"
        )


class ModelMetadata(BaseModel):
    """One model's description."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=MAX_TEXT)

    symbol: str
    training_date: AwareDatetime = Field(description="UTC")
    data_points: int = Field(description="Sessions with all features")
    features: tuple[str, ...]
    sequence_length: int
    epochs: int
    results: TrainingResults

    loss_ratio: float | None = Field(
        description="Validation loss / training loss; unbounded where the latter is 0"
    )
    epochs_run: int
    shrinkage_factor: float = Field(
        default=1.0,
        description="What the network's change was multiplied with after training: its "
        "worth on the windows to stop by; 0 predicts no change",
    )
    below_advised_range: bool
    training_windows: int
    validation_windows: int
    first_session: date
    last_session: date = Field(description="Nothing later was known to the model")
    price_source: str
    price_basis: float = Field(
        description="Close of `last_session`, in whose money and share unit the "
        "scaler is written"
    )
    scaler_minimum: tuple[float, ...] = Field(description="A number a feature")
    scaler_maximum: tuple[float, ...] = Field(description="A number a feature")
    calibration_residuals: tuple[float, ...] = Field(
        description="Actual minus predicted returns, newest last"
    )
    skill: float | None = Field(
        description="RMSE / RMSE of persistence; below 1: better"
    )
    directional_accuracy: float | None = Field(
        description="Share of right directions; none where no change is predicted"
    )
    majority_rate: float
    grade: Grade
    rejected: str | None = Field(description="Why the model must not speak")
    advice: str | None
    challenge: Challenge | None = Field(
        default=None, description="Against the live model; none where it had none"
    )
    parameters: TrainingParameters
    library_versions: dict[str, str]
    device: str | None = Field(
        default=None, description="Unused; files of earlier versions have it"
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
        """Return whether the model may speak in the blend."""
        return self.rejected is None

    @property
    def takes_over(self) -> bool:
        """Return whether the model may take a usable live one's place."""
        return self.usable and not (self.challenge and self.challenge.lost)
