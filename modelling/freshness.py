"""Whether a symbol's model may be used on a given night, and whether to train anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from config.errors import ModelUnusable, SymbolError
from config.settings import ModelSettings
from modelling.forecasting import (
    basis_ratio,
    forecast_input,
    require_known_inputs,
    require_own_network,
)
from modelling.model_metadata import ModelMetadata
from modelling.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

ModelStatus = Literal["fresh", "stale", "missing", "rejected"]


@dataclass(frozen=True)
class ModelState:
    """The state of a symbol's model on one night.

    `reason` is why the blend must not use it. `due` means that the `stale` policy
    trains a new one; a rejected model is due only after `stale_after_days`.
    """

    status: ModelStatus
    age_days: int | None
    reason: str = ""
    due: bool = False

    @property
    def usable(self) -> bool:
        """Return whether the blend may use it, as it may a stale model."""
        return self.status in ("fresh", "stale") and not self.reason


def night_model(
    registry: Registry, symbol: str, indicators: pd.DataFrame, now: datetime
) -> tuple[ModelMetadata | None, ModelState]:
    """Return a symbol's live model and its state on the night of the last row.

    A model whose prices no longer fit the history is stale and is not used. One whose
    metadata describe other inputs counts as missing.
    """
    as_of = indicators.index[-1].date()
    try:
        metadata = registry.known_by(symbol, as_of)
    except ModelUnusable as error:
        return None, ModelState("missing", None, str(error), due=True)
    state = model_state(metadata, as_of, now, registry.settings)
    try:
        require_known_inputs(metadata)
    except ModelUnusable as error:
        return None, ModelState("missing", None, str(error), due=True)
    try:
        basis_ratio(metadata, indicators)
    except ModelUnusable as error:
        return metadata, ModelState("stale", state.age_days, str(error), due=True)
    if state.due and _has_lost_lately(registry, metadata, as_of, now):
        return metadata, replace(state, due=False)
    return metadata, state


def is_due(
    registry: Registry, symbol: str, indicators: pd.DataFrame, now: datetime
) -> bool:
    """Return whether the `stale` policy trains the symbol's model.

    So it does if the model can't forecast, as a file that does not load, unless a new
    model was refused within the last `stale_after_days`.
    """
    metadata, state = night_model(registry, symbol, indicators, now)
    if metadata is None or not state.usable or state.due:
        return state.due
    try:
        forecast_input(registry.load(metadata), metadata, indicators)
    except SymbolError:
        as_of = indicators.index[-1].date()
        return not _has_lost_lately(registry, metadata, as_of, now)
    return False


def find_model_fault(registry: Registry, metadata: ModelMetadata) -> str:
    """Return why no night can forecast with a model, "" if one can."""
    try:
        require_known_inputs(metadata)
        require_own_network(metadata, registry.load(metadata))
    except SymbolError as error:
        return str(error)
    return ""


def _has_lost_lately(
    registry: Registry, metadata: ModelMetadata, as_of: date, now: datetime
) -> bool:
    """Return whether a new model was refused within the last `stale_after_days`.

    Then no other is trained, or a good stale model would get a challenger every night.
    If the live model has expired, a usable challenger that only lost does not count.
    """
    settings, candidate = registry.settings, registry.last_rejected(metadata.symbol)
    if candidate is None or candidate.last_session > as_of:
        return False
    if candidate.usable and is_expired(metadata, as_of, now, settings):
        return False
    # By the sessions too: a clock that was ahead dated the live model in the future.
    later = (
        candidate.last_session > metadata.last_session
        or candidate.training_date > metadata.training_date
    )
    limit = timedelta(days=settings.stale_after_days)
    return later and model_age(candidate, as_of, now) <= limit


def model_state(
    metadata: ModelMetadata, as_of: date, now: datetime, settings: ModelSettings
) -> ModelState:
    """Return the state of a model on the night of `as_of`, run at `now`."""
    age = model_age(metadata, as_of, now)
    old = age > timedelta(days=settings.stale_after_days)
    if metadata.rejected:
        return ModelState("rejected", age.days, metadata.rejected, due=old)
    reason = ""
    if is_expired(metadata, as_of, now, settings):
        reason = (
            f"the model is {age.days} days old, more than `expires_after_days` "
            f"({settings.expires_after_days}); run `overnight train {metadata.symbol}`"
        )
    return ModelState("stale" if old else "fresh", age.days, reason, due=old)


def model_age(metadata: ModelMetadata, as_of: date, now: datetime) -> timedelta:
    """Return the time since training, or since the last session if that is longer.

    In replays of old nights, only the time from the last session to `as_of` changes.
    """
    since = now - metadata.training_date
    return max(since, as_of - metadata.last_session, timedelta(0))


def is_expired(
    metadata: ModelMetadata, as_of: date, now: datetime, settings: ModelSettings
) -> bool:
    """Return whether the model is too old to be used or to win a challenge."""
    limit = timedelta(days=settings.expires_after_days)
    return model_age(metadata, as_of, now) > limit
