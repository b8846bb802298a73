"""Whether a model is there, may speak, and is young enough for a given night."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
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
    """A symbol's model as one night finds it.

    `reason` says why it must not speak; `due` that the `stale` policy trains it anew,
    which a rejected model is only after its days.
    """

    status: ModelStatus
    age_days: int | None
    reason: str = ""
    due: bool = False

    @property
    def usable(self) -> bool:
        """Return whether the blend may hear it: a stale one may until it expires."""
        return self.status in ("fresh", "stale") and not self.reason


def night_model(
    registry: Registry, symbol: str, indicators: pd.DataFrame, now: datetime
) -> tuple[ModelMetadata | None, ModelState]:
    """Return a symbol's live model and its state on the night of the last row.

    A model whose price unit no longer fits the history counts as stale and is silent.
    """
    as_of = indicators.index[-1].date()
    try:
        metadata = registry.known_by(symbol, as_of)
    except ModelUnusable as error:
        return None, ModelState("missing", None, str(error), due=True)
    state = model_state(metadata, as_of, now, registry.settings)
    try:
        basis_ratio(metadata, indicators)
    except ModelUnusable as error:
        return metadata, ModelState("stale", state.age_days, str(error), due=True)
    if state.due and _tried(registry, metadata, as_of, now):
        return metadata, replace(state, due=False)
    return metadata, state


def _tried(
    registry: Registry, metadata: ModelMetadata, as_of: date, now: datetime
) -> bool:
    """Return whether a refresh was tried within `stale_after_days`, and refused.

    Else a model that stays because its challengers are worse would have one trained
    against it every night. One that only lost does not hold off the next where the
    live model has expired: that one no longer defends itself.
    """
    settings, candidate = registry.settings, registry.refused(metadata.symbol)
    if candidate is None or candidate.last_session > as_of:
        return False
    if candidate.usable and is_expired(metadata, as_of, now, settings):
        return False
    later = candidate.training_date > metadata.training_date
    limit = timedelta(days=settings.stale_after_days)
    return later and model_age(candidate, as_of, now) <= limit


def model_state(
    metadata: ModelMetadata, as_of: date, now: datetime, settings: ModelSettings
) -> ModelState:
    """Return the state of a model on the night of `as_of`, run at `now`.

    Age is the larger of the time since training and the days from the model's last
    session to `as_of`: in a replay of old nights only the second one moves.
    """
    age = model_age(metadata, as_of, now)
    old = age > timedelta(days=settings.stale_after_days)
    if metadata.rejected:
        return ModelState("rejected", age.days, metadata.rejected, due=old)
    why = ""
    if is_expired(metadata, as_of, now, settings):
        why = (
            f"the model must be {settings.expires_after_days} days old or younger, got "
            f"{age.days} days; run `overnight train {metadata.symbol}`"
        )
    return ModelState("stale" if old else "fresh", age.days, why, due=old)


def model_age(metadata: ModelMetadata, as_of: date, now: datetime) -> timedelta:
    """Return the larger of the ages by the clock and by the sessions."""
    since = now - metadata.training_date
    return max(since, as_of - metadata.last_session, timedelta(0))


def is_expired(
    metadata: ModelMetadata, as_of: date, now: datetime, settings: ModelSettings
) -> bool:
    """Return whether the model is too old to speak and to be defended."""
    limit = timedelta(days=settings.expires_after_days)
    return model_age(metadata, as_of, now) > limit
