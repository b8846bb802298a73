"""What the stages found for one symbol: small values that point to stored tables."""

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

    `defects`, `repairs` and `notes` (unusual, and no defect) are sentences, empty if
    there are none; only defects degrade the row. `company` is its name as the source
    gives it, `dividends` what was paid a share by ex-dividend date.
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
    """Indicators stored at `path`, their values at the as-of session, two components.

    `last` may hold NaN where an indicator is undefined.
    """

    path: StoragePath
    last: dict[str, float]
    trend: Component
    technical: Component


@dataclass(frozen=True)
class HeadlineFindings:
    """The distinct headlines of the hours before the cut-off, earliest first.

    `recent` is None where no source answered, `reason` says why; `names` are those by
    which a title may call the company. `unreadable` counts items without a title, or
    without a time that names its zone. `notes` count what was cut or left out.
    """

    recent: tuple[Headline, ...] | None
    names: tuple[str, ...] = ()
    reason: str = ""
    unreadable: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndexFindings:
    """An index' closes stored at `path`, or the reason why there are none.

    `refused` tells an index that the source has, and that can't be used.
    """

    path: StoragePath | None
    reason: str = ""
    refused: bool = False


@dataclass(frozen=True)
class ModelFindings:
    """The symbol's model on this night, and its forecast where it may speak."""

    state: ModelState
    metadata: ModelMetadata | None
    forecast: Forecast | None

    @property
    def component(self) -> Component:
        """Return the LSTM's component, missing with the model's reason."""
        if self.forecast is None:
            return Component.missing(self.state.reason)
        return self.forecast.component


NOTHING_KNOWN = unknown_events("nobody was asked", GuardSettings())
NO_EVENTS = KnownEvents((), NO_EVENT_SOURCE)
NO_HEADLINES = HeadlineFindings(None)
NO_SENTIMENT = NewsSentiment(Component.missing("nobody was asked"), engine="")
NO_INDEX = IndexFindings(None, "nobody was asked")


@dataclass(frozen=True)
class SymbolFindings:
    """All there is to say of one symbol; later stages are None after a failure.

    `resumed` names the stages whose results come from an earlier, unfinished run;
    `known_events` are those around the as-of session, past ones too.
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
