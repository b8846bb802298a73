"""Whether a model is there, may speak, and is young enough for a given night."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd

from config.errors import ModelUnusable
from config.settings import ModelSettings
from modelling.forecasting import basis_ratio
from modelling.model_metadata import ModelMetadata
from modelling.registry import Registry

ModelStatus = Literal["fresh", "stale", "missing", "rejected"]


@dataclass(frozen=True)
class ModelState:
    """A symbol's model as one night finds it; `reason` where it must not speak."""

    status: ModelStatus
    age_days: int | None
    reason: str = ""

    @property
    def needs_training(self) -> bool:
        """Return whether the `stale` policy trains it; a young rejected one waits."""
        return self.status in ("missing", "stale")

    @property
    def may_speak(self) -> bool:
        """Return whether the blend may hear it: a stale model still may."""
        return self.status in ("fresh", "stale") and not self.reason


def night_model(
    registry: Registry, symbol: str, indicators: pd.DataFrame, now: datetime
) -> tuple[ModelMetadata | None, ModelState]:
    """Return a symbol's live model and its state on the night of the last row.

    A model whose price unit no longer fits the history counts as stale and is silent.
    """
    as_of = indicators.index[-1].date()
    try:
        metadata = registry.required(symbol)
    except ModelUnusable as error:
        return None, ModelState("missing", None, str(error))
    state = model_state(metadata, as_of, now, registry.settings)
    if state.status == "missing":
        return None, state
    try:
        basis_ratio(metadata, indicators)
    except ModelUnusable as error:
        return metadata, ModelState("stale", state.age_days, str(error))
    return metadata, state


def model_state(
    metadata: ModelMetadata, as_of: date, now: datetime, settings: ModelSettings
) -> ModelState:
    """Return the state of a model on the night of `as_of`, run at `now`.

    Age is the larger of whole days since training and days from the model's last
    session to `as_of`: in a replay of old nights only the second one moves. A model
    that knows sessions after `as_of` is missing for that night.
    """
    if metadata.last_session > as_of:
        return ModelState(
            "missing",
            None,
            f"the model knows prices up to {metadata.last_session}, "
            f"after the as-of session {as_of}",
        )
    age = max(
        (now - metadata.training_date).days, (as_of - metadata.last_session).days, 0
    )
    stale = age > settings.stale_after_days
    if metadata.rejected:
        return ModelState("stale" if stale else "rejected", age, metadata.rejected)
    return ModelState("stale" if stale else "fresh", age)
