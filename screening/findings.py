"""Findings: what each stage found for one symbol, with the paths of stored tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from config.settings import GuardSettings
from features.component import Component
from features.sentiment import NewsSentiment
from market_data.headlines import Headline
from modelling.forecasting import Forecast
from modelling.freshness import ModelState
from modelling.model_metadata import ModelMetadata
from risk_guard.assessment import EventAssessment, unknown_events
from risk_guard.known_events import NO_EVENT_SOURCE, KnownEvents
from storage.paths import StoragePath


@dataclass(frozen=True)
class PriceFindings:
    """Adjusted prices stored at `path`.

    `defects`, `repairs` and `notes` are sentences; only defects degrade the row.
    `company` is its name at the source. `dividends` are the payments per share, by
    ex-dividend date.
    """

    path: StoragePath
    sessions: int
    currency: str
    source: str
    defects: tuple[str, ...]
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    company: str = ""
    dividends: Mapping[date, float] = field(default_factory=dict)


@dataclass(frozen=True)
class IndicatorFindings:
    """Indicators stored at `path`, and the two components that follow from them.

    `last` holds the values at the as-of session, NaN if an indicator is undefined.
    """

    path: StoragePath
    last: dict[str, float]
    trend: Component
    technical: Component


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
    """The closes of an index stored at `path`, or the reason why there are none.

    `refused` is true if the source has the index, but its closes can't be used.
    """

    path: StoragePath | None
    reason: str = ""
    refused: bool = False


@dataclass(frozen=True)
class ModelFindings:
    """The symbol's model on this night, and its forecast if the model is usable."""

    state: ModelState
    metadata: ModelMetadata | None
    forecast: Forecast | None

    @property
    def component(self) -> Component:
        """Return the LSTM's component; without a forecast it is missing."""
        if self.forecast is None:
            return Component.missing(self.state.reason)
        return self.forecast.component


NOTHING_KNOWN = unknown_events("no source was asked", GuardSettings())
NO_EVENTS = KnownEvents((), NO_EVENT_SOURCE)
NO_HEADLINES = HeadlineFindings(None)
NO_SENTIMENT = NewsSentiment(Component.missing("no source was asked"), engine="")
NO_INDEX = IndexFindings(None, "no source was asked")


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
