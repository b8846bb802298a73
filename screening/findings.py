"""Findings: what each stage found for one symbol, with the paths of stored tables."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, ValidationInfo
from upath import UPath

from config.settings import GuardSettings
from features.component import Component
from features.sentiment import NewsSentiment
from features.trading_activity import TradingActivity
from market_data.headlines import Headline
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.model_metadata import ModelMetadata
from risk_guard.assessment import EventAssessment, unknown_events
from risk_guard.known_events import NO_EVENT_SOURCE, KnownEvents
from risk_guard.reactions import Reaction
from screening.market_state import IndexState, SymbolState
from storage.paths import StoragePath

TABLES = "tables"
"""The name of the folder of a night's tables in pydantic's context."""


def _name_in_night(path: StoragePath) -> str:
    """Return the last two names of a table's path, e.g. `prices/CBA.AX.parquet`."""
    return f"{path.parent.name}/{path.name}"


def _place_in_night(value: object, info: ValidationInfo) -> StoragePath:
    """Return the path of the table that `_name_in_night` named, in this home."""
    if isinstance(value, Path | UPath):
        return value
    stage, _, name = str(value).partition("/")
    if "/" in name or stage in ("", "..") or name in ("", ".."):
        raise ValueError("not the name of a table of a night")
    tables: StoragePath = (info.context or {})[TABLES]
    return tables / stage / name


type TablePath = Annotated[
    StoragePath, PlainSerializer(_name_in_night), PlainValidator(_place_in_night)
]
"""The path of a table of a night, stored relative to the folder of its tables.

A home that is copied, moved or renamed uses its own tables. Who reads stored findings
passes the folder as `TABLES` in pydantic's context.
"""


@dataclass(frozen=True)
class PriceFindings:
    """Adjusted prices stored at `path`.

    `defects`, `repairs` and `notes` are sentences; only defects degrade the row.
    `company` is its name at the source, `sector` that of the company, '' if the source
    does not name it. `dividends` are the payments per share, by ex-dividend date.
    """

    path: TablePath
    sessions: int
    currency: str
    source: str
    defects: tuple[str, ...]
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    company: str = ""
    dividends: Mapping[date, float] = field(default_factory=dict)
    sector: str = ""


@dataclass(frozen=True)
class IndicatorFindings:
    """Indicators stored at `path`, and the two components that follow from them.

    `last` holds the values at the as-of session, NaN if an indicator is undefined.
    `activity` is how much the stock trades, `state` its part in the market's state.
    """

    path: TablePath
    last: dict[str, float]
    trend: Component
    technical: Component
    activity: TradingActivity
    state: SymbolState | None = None


@dataclass(frozen=True)
class HeadlineFindings:
    """The distinct headlines of the hours before the cut-off, earliest first.

    `recent` is None if no source answered, with the reason in `reason`. `names` are the
    company's names that a title may use. `unreadable` counts items without a title, or
    without a time and its zone. `notes` are sentences on what was left out.
    """

    recent: tuple[Headline, ...] | None
    names: tuple[str, ...] = ()
    reason: str = ""
    unreadable: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndexFindings:
    """The prices of an index stored at `path`, or the reason why there are none.

    `refused` is true if the source has the index, but its prices can't be used. `state`
    is the index at the as-of session, None without prices.
    """

    path: TablePath | None
    reason: str = ""
    refused: bool = False
    state: IndexState | None = None


@dataclass(frozen=True)
class ModelFindings:
    """The symbol's model on this night, and its forecast if the model is usable."""

    state: ModelState
    metadata: ModelMetadata | None
    forecast: Forecast | None


@dataclass(frozen=True)
class PastReaction:
    """A session that reacted to a report; `z` is its return divided by its scale."""

    session: date
    move: float
    z: float


@dataclass(frozen=True)
class Outcomes:
    """Four numbers of a distribution; returns are fractions of the last close.

    `low` and `high` are the ends of the 80 % interval. `base_probability_up` is the
    probability of a rise with the centre 0: what the stock does without a model.
    """

    low: float
    high: float
    probability_up: float
    base_probability_up: float

    @property
    def added(self) -> float:
        """Return by how much the centre changes the probability of a rise."""
        return abs(self.probability_up - self.base_probability_up)


@dataclass(frozen=True)
class DistributionFindings:
    """The distribution of the forecast session's return, stored at `path`.

    Without one, `outcomes` is None and `reason` says why. `scale` is the size that is
    expected of an ordinary session, `sessions` the number of standardised returns.
    `ordinary` are the outcomes of a session without a report, and `added` is what the
    centre adds to the probability of a rise: no report makes it larger. `reaction` says
    whether the session reacts to one. `own_share` is the size of the stock's past
    reactions relative to those of `pool`.
    """

    reason: str = ""
    path: TablePath | None = None
    scale: float | None = None
    sessions: int | None = None
    outcomes: Outcomes | None = None
    ordinary: Outcomes | None = None
    added: float | None = None
    reaction: Reaction | None = None
    past: tuple[PastReaction, ...] = ()
    own_share: float | None = None
    pool: str = ""


NOTHING_KNOWN = unknown_events("no source was asked", GuardSettings())
NO_EVENTS = KnownEvents((), NO_EVENT_SOURCE)
NO_HEADLINES = HeadlineFindings(None)
NO_SENTIMENT = NewsSentiment(Component.missing("no source was asked"), engine="")
NO_INDEX = IndexFindings(None, "no source was asked")
NO_DISTRIBUTION = DistributionFindings("there are no prices")


@dataclass(frozen=True)
class SymbolFindings:
    """The findings of all stages for one symbol; None for stages that did not run.

    `failure` is the reason if the symbol failed. `resumed` names the stages whose
    results come from an unfinished run. `known_events` include past events.
    """

    symbol: str
    as_of: date
    forecast_session: date
    failure: str | None = None
    prices: PriceFindings | None = None
    indicators: IndicatorFindings | None = None
    model: ModelFindings | None = None
    trained: ModelMetadata | None = None
    training_failure: str | None = None
    resumed: tuple[str, ...] = ()
    known_events: KnownEvents = NO_EVENTS
    events: EventAssessment = NOTHING_KNOWN
    headlines: HeadlineFindings = NO_HEADLINES
    news: NewsSentiment = NO_SENTIMENT
    market: IndexFindings = NO_INDEX
    distribution: DistributionFindings = NO_DISTRIBUTION

    @property
    def lstm(self) -> Component:
        """Return the LSTM's component: what its forecast adds to the distribution.

        The direction is the sign of the predicted return. The confidence is twice the
        change of `probability_up` by it. Without a usable model it is missing.
        """
        model, added = self.model, self.distribution.added
        if model is None:
            return Component.missing("no model")
        if model.forecast is None:
            return Component.missing(model.state.reason)
        if added is None:
            return Component.missing(self.distribution.reason)
        change = model.forecast.predicted_return
        direction = math.copysign(1.0, change) if change else 0.0
        return Component(direction, min(1.0, 2 * added))
