"""Every threshold of the stages, frozen, read once from `overnight.toml`.

Holds numbers and names only: no secret, no path of a machine, no clock.
"""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config.errors import ParameterError
from config.universes import UNIVERSES
from config.validation import validated

SETTINGS_FILE = "overnight.toml"

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1, description="Share of the blend.")]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Section(BaseModel):
    """What all sections share: frozen, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PriceSettings(Section):
    """Prices: how they are fetched and when they are good enough."""

    minimum_sessions: int = Field(
        55, ge=55, description="Sessions a symbol needs to be screened (SMA 50 + 5)."
    )
    jump_multiple: float = Field(
        8, gt=1, description="A daily move over this many usual moves is a defect."
    )
    largest_hole_sessions: int = Field(
        10, ge=1, description="Missing sessions in a row above which a row is degraded."
    )
    most_missing_share: Share = Field(
        0.05, description="Share of empty rows above which a history is refused."
    )
    overlap_sessions: int = Field(
        10, ge=1, description="Stored sessions fetched again to notice re-adjustment."
    )
    requests_per_second: float = Field(
        2, gt=0, description="Requests to Yahoo a second, all symbols together."
    )
    request_timeout_seconds: float = Field(15, gt=0, description="One request's limit.")
    retry_seconds: float = Field(
        120, ge=0, description="Seconds of pauses and retries that one run may spend."
    )


class ModelSettings(Section):
    """Models: when one is trained, good, stale or rejected."""

    minimum_sessions: int = Field(100, ge=60, description="Sessions training needs.")
    stale_after_days: int = Field(7, ge=1, description="Age at which one is refreshed.")
    history_kept: int = Field(3, ge=0, description="Earlier models kept a symbol.")
    good_loss: float = Field(0.01, gt=0, description="Both losses below: excellent.")
    poor_loss: float = Field(0.02, gt=0, description="Validation loss above: poor.")
    excellent_ratio: float = Field(1.5, gt=0, description="Validation/training loss.")
    overfitting_ratio: float = Field(2.0, gt=0, description="Validation/training loss.")
    worst_skill: float = Field(
        1.05, gt=0, description="RMSE against persistence above which one is rejected."
    )
    training_seconds: float = Field(1800, gt=0, description="Limit for one training.")


class BlendSettings(Section):
    """The blend: weights of the voices and the thresholds of the call."""

    lstm: Weight = 0.45
    trend: Weight = 0.25
    technical: Weight = 0.15
    finbert: Weight = 0.15
    trend_without_lstm: Weight = 0.40
    technical_without_lstm: Weight = 0.35
    finbert_without_lstm: Weight = 0.25
    buy_above: float = Field(0.30, gt=0, le=1, description="Score above it: BUY.")
    sell_below: float = Field(-0.30, ge=-1, lt=0, description="Score below it: SELL.")


class GuardSettings(Section):
    """The event risk guard."""

    unknown_haircut: float = Field(
        0.20, ge=0.20, le=1, description="Least haircut where no event source answered."
    )


class RunSettings(Section):
    """One run: how much at once, and how much must survive."""

    minimum_coverage: Share = Field(
        0.5, description="Share of usable symbols below which the run has failed."
    )
    training_processes: int | None = Field(
        None, ge=1, description="Processes that train; empty: one a core."
    )
    models_per_process: int = Field(
        25, ge=1, description="Jobs after which a training process is replaced."
    )
    nights_kept: int = Field(
        5, ge=1, description="Nights whose intermediate tables stay under `data/`."
    )


class Settings(Section):
    """The configuration, a section a stage."""

    prices: PriceSettings = PriceSettings()
    models: ModelSettings = ModelSettings()
    blend: BlendSettings = BlendSettings()
    guard: GuardSettings = GuardSettings()
    run: RunSettings = RunSettings()
    universes: dict[str, Names] = Field(
        default_factory=dict, description="Stock lists of the user's own, by name."
    )

    @property
    def all_universes(self) -> dict[str, tuple[str, ...]]:
        """Return the built-in lists with the user's own laid over them."""
        return UNIVERSES | self.universes


def read_settings(home: Path) -> Settings:
    """Return the settings of `home`, the defaults where it has no `overnight.toml`.

    Raises
    ------
    ParameterError
        If `home` is no folder, or the file is no TOML, or holds an unknown name or a
        value out of range.
    """
    if home.exists() and not home.is_dir():
        raise ParameterError(f"`home` must be a folder, got the file {home}.")
    path = home / SETTINGS_FILE
    if not path.exists():
        return Settings()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ParameterError(
            f"{path} must be a readable TOML file, got: {error}; correct or remove it."
        ) from error
    return validated(Settings, values, f" in {path}")
