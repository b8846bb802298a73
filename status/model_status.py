"""The models of a home: one line per symbol, and totals (`overnight status`)."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel

from config.errors import ModelUnusable
from market_data.selection import Selection, select_symbols
from modelling.freshness import (
    ModelState,
    ModelStatus,
    find_model_fault,
    model_state,
)
from modelling.model_metadata import ModelMetadata
from modelling.registry import Registry
from storage.home import Home
from storage.settings_file import read_settings


class SymbolStatus(BaseModel, frozen=True):
    """The state of one symbol's model; None means "not known".

    Both loss ratios are those of the metadata. `advice` says what to change for a
    better model. `challenger` is the reason why a model that was trained later is not
    used.
    """

    symbol: str
    trained: bool
    usable: bool
    status: ModelStatus
    stale: bool
    age_days: int | None
    grade: str | None
    skill: float | None
    loss_ratio: float | None
    loss_ratio_vs_persistence: float | None
    trained_at: datetime | None
    last_session: date | None
    reason: str
    advice: str | None = None
    challenger: str | None = None


class ModelStatuses(BaseModel, frozen=True):
    """All symbols' models, and how many models are in which state."""

    symbols: tuple[SymbolStatus, ...]
    totals: dict[str, int]


def model_statuses(
    selection: Selection | None, home: str | Path, now: datetime
) -> ModelStatuses:
    """Return the status of the selected symbols; None selects all that have a model.

    Raises
    ------
    UsageError
        For a selection that can't be read.
    """
    opened = Home.at(home)
    settings = read_settings(opened.root)
    registry = Registry(opened.models, settings.models)
    symbols = (
        select_symbols(selection, settings.all_universes)
        if selection
        else registry.symbols()
    )
    found = tuple(_status(registry, symbol, now) for symbol in symbols)
    return ModelStatuses(symbols=found, totals=_totals(found))


def _status(registry: Registry, symbol: str, now: datetime) -> SymbolStatus:
    """Return a symbol's line; the model's age is the time since its training.

    A model that was trained for a replay of an old night is young by this measure;
    `last_session` is the last session of its training data.
    """
    try:
        metadata = registry.require(symbol)
    except ModelUnusable as error:
        return _line(symbol, None, ModelState("missing", None, str(error)))
    state = model_state(metadata, metadata.last_session, now, registry.settings)
    if state.usable and (fault := find_model_fault(registry, metadata)):
        return _line(symbol, None, ModelState("missing", None, fault))
    line = _line(symbol, metadata, state)
    newer = registry.last_rejected(symbol)
    if newer is None or newer.training_date <= metadata.training_date:
        return line
    lost = newer.challenge.sentence if newer.challenge else None
    return line.model_copy(
        update={
            "challenger": newer.rejected or lost,
            "advice": newer.advice or line.advice,
        }
    )


def _line(
    symbol: str, metadata: ModelMetadata | None, state: ModelState
) -> SymbolStatus:
    return SymbolStatus(
        symbol=symbol,
        trained=metadata is not None,
        usable=state.usable,
        status=state.status,
        stale=state.status == "stale",
        age_days=state.age_days,
        grade=metadata.grade if metadata else None,
        skill=metadata.skill if metadata else None,
        loss_ratio=metadata.loss_ratio if metadata else None,
        loss_ratio_vs_persistence=(
            metadata.loss_ratio_vs_persistence if metadata else None
        ),
        trained_at=metadata.training_date if metadata else None,
        last_session=metadata.last_session if metadata else None,
        reason=state.reason,
        advice=metadata.advice if metadata else None,
    )


def _totals(found: tuple[SymbolStatus, ...]) -> dict[str, int]:
    by_status = Counter(line.status for line in found)
    return {
        "symbols": len(found),
        "trained": sum(line.trained for line in found),
        "usable": sum(line.usable for line in found),
        "rejected": sum(line.trained and not line.usable for line in found),
        "stale": by_status["stale"],
        "missing": by_status["missing"],
    }
