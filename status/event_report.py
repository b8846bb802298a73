"""The coming events of a night and their risk, without training or forecast.

It runs the night's own stages as plain functions, so no Prefect server is started.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel

from modelling.freshness import ModelState
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from pipeline.run import plain_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all
from risk_guard.assessment import RiskTerm
from risk_guard.event_provenance import EarlierDate, EventProvenance, NamedBy
from risk_guard.events import Event, EventStatus, EventType
from risk_guard.known_events import KnownEvents
from risk_guard.reactions import ReportTime
from screening.event_words import event_words
from screening.findings import IndicatorFindings, ModelFindings, SymbolFindings
from storage.home import keep_newest_folders
from storage.lock import one_run_at_a_time

THREADS = 8


class EventDetail(BaseModel, frozen=True):
    """An event and where it is known from; the fields of `Event` come first.

    `sure` is `window` if the day is not known, else the status.
    """

    type: EventType
    first: date
    last: date
    title: str
    source: str
    status: EventStatus
    retrieved_at: AwareDatetime
    url: str
    time: ReportTime
    sure: Literal["confirmed", "estimated", "window"]
    named_by: tuple[NamedBy, ...]
    earlier: tuple[EarlierDate, ...]
    differing: tuple[Event, ...]


class SymbolEvents(BaseModel, frozen=True):
    """One symbol's events and their risk; None means "not known".

    `coming` are the events of the look-ahead, `past` is an event before the as-of
    session that the row still names. `risk_score`, `haircut` and `position_scale` are
    shares, 0 to 1. `event_words` are the words of every table and report.
    `report_gaps` are why past reports, and so last year's dates, may be missing.
    """

    symbol: str
    as_of: date
    status: str
    event_words: str
    coming: tuple[EventDetail, ...]
    past: EventDetail | None
    terms: tuple[RiskTerm, ...]
    risk_score: float
    haircut: float
    sit_out: bool | None
    sit_out_reason: str
    warning: str
    report_gaps: tuple[str, ...]
    sentiment_72h: float | None
    volatility_ratio: float | None
    hedge_beta: float | None
    hedge_r2: float | None
    position_scale: float


class EventReport(BaseModel, frozen=True):
    """All selected symbols in their order; `notices` are about all of them."""

    as_of: date
    notices: tuple[str, ...]
    symbols: tuple[SymbolEvents, ...]


def event_report(plan: RunPlan) -> EventReport:
    """Return the events of every symbol of the night, and their risk.

    Raises
    ------
    BusyError
        If another run is using the home.
    """
    pace = machine_pace(plan.settings.prices.requests_per_second)
    with one_run_at_a_time(plan.home), ThreadPoolExecutor(THREADS) as pool:
        feeds = plan.open_feeds(pace)
        sources = open_sources(plan, feeds)
        stages = plain_stages(plan, feeds.prices, sources, _no_training)
        stages = replace(stages, forecast=_no_forecast)
        found, news = screen_all(plan, stages, pool.map)
        keep_newest_folders(plan.tables, plan.settings.run.nights_kept)
    return EventReport(
        as_of=plan.as_of,
        notices=(*plan.notices, *sources.notices, *news.notices),
        symbols=tuple(map(_line, found)),
    )


def _no_training(_symbol: str, _indicators: IndicatorFindings) -> None:
    """Train nothing: events do not depend on a model."""


def _no_forecast(_symbol: str, _indicators: IndicatorFindings) -> ModelFindings:
    """Forecast nothing, for the same reason."""
    return ModelFindings(ModelState("missing", None), None, None)


def _line(found: SymbolFindings) -> SymbolEvents:
    assessed, named = found.events, found.events.event
    context = assessed.context
    return SymbolEvents(
        symbol=found.symbol,
        as_of=found.as_of,
        status=assessed.status,
        event_words=event_words(
            assessed.status,
            named.type if named else "",
            assessed.sessions_to_event,
        ),
        coming=tuple(_detail(found.known_events, event) for event in assessed.coming),
        past=(
            _detail(found.known_events, named)
            if named and named.last < found.as_of
            else None
        ),
        terms=assessed.terms,
        risk_score=assessed.risk_score,
        haircut=assessed.haircut,
        sit_out=assessed.sit_out,
        sit_out_reason=assessed.sit_out_reason,
        warning=assessed.warning,
        report_gaps=found.known_events.report_gaps,
        sentiment_72h=context.polarity,
        volatility_ratio=context.volatility.ratio if context.volatility else None,
        hedge_beta=context.hedge.beta if context.hedge else None,
        hedge_r2=context.hedge.r_squared if context.hedge else None,
        position_scale=assessed.position_scale,
    )


def _detail(known: KnownEvents, event: Event) -> EventDetail:
    """Return the event with its sources and earlier dates."""
    found = dict(zip(known.events, known.provenance, strict=False))
    provenance = found.get(event, EventProvenance())
    sure = "window" if event.is_window else event.status
    return EventDetail(**vars(event), **vars(provenance), sure=sure)
