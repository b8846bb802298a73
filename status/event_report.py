"""The coming events of a night and what they cost, without training or forecast.

The stages are the night's own, called as plain functions: no server is started.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from config.errors import ModelUnusable
from modelling.forecasting import Forecast
from modelling.model_metadata import ModelMetadata
from pipeline.plan import RunPlan
from pipeline.request_pace import machine_pace
from pipeline.run import plain_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all
from risk_guard.events import Event
from screening.event_words import event_words
from screening.findings import IndicatorFindings, SymbolFindings
from storage.home import keep_newest_folders
from storage.lock import one_run_at_a_time

THREADS = 8


class ComingEvent(BaseModel):
    """An event in the look-ahead; `last` differs from `first` for a window."""

    model_config = ConfigDict(frozen=True)

    type: str
    first: date
    last: date
    title: str
    source: str
    status: str
    retrieved_at: datetime


class Term(BaseModel):
    """One part of the risk score."""

    model_config = ConfigDict(frozen=True)

    points: float
    why: str


class SymbolEvents(BaseModel):
    """One symbol's events and what they cost; None is "not known".

    `event_words` is their state as every table and report words it.
    """

    model_config = ConfigDict(frozen=True)

    symbol: str
    as_of: date
    status: str
    event_words: str
    coming: tuple[ComingEvent, ...]
    terms: tuple[Term, ...]
    risk_score: float
    haircut: float
    sit_out: bool | None
    sit_out_reason: str
    warning: str
    sentiment_72h: float | None
    volatility_ratio: float | None
    hedge_beta: float | None
    hedge_r2: float | None
    position_scale: float


class EventReport(BaseModel):
    """All selected symbols, in their order, and what was missing for all of them."""

    model_config = ConfigDict(frozen=True)

    as_of: date
    notices: tuple[str, ...]
    symbols: tuple[SymbolEvents, ...]


def event_report(plan: RunPlan) -> EventReport:
    """Return the events of every symbol of the night and what they cost.

    Raises
    ------
    BusyError
        If a run holds the home.
    """
    pace = machine_pace(plan.settings.prices.requests_per_second)
    with one_run_at_a_time(plan.home), ThreadPoolExecutor(THREADS) as pool:
        feeds = plan.open_feeds(pace)
        sources = open_sources(plan, feeds)
        stages = plain_stages(plan, feeds.prices, sources, _no_training, _no_forecast)
        found, news = screen_all(plan, stages, pool.map)
        keep_newest_folders(plan.tables, plan.settings.run.nights_kept)
    return EventReport(
        as_of=plan.as_of,
        notices=(*plan.notices, *sources.notices, *news.notices),
        symbols=tuple(_line(one) for one in found),
    )


def _no_training(_symbol: str, _indicators: IndicatorFindings) -> None:
    """Keep the present model: events do not depend on it."""


def _no_forecast(_model: ModelMetadata, _indicators: IndicatorFindings) -> Forecast:
    raise ModelUnusable("no forecast is needed for events.")


def _line(found: SymbolFindings) -> SymbolEvents:
    assessed = found.events
    context = assessed.context
    return SymbolEvents(
        symbol=found.symbol,
        as_of=found.as_of,
        status=assessed.status,
        event_words=event_words(
            assessed.status,
            assessed.event.type if assessed.event else "",
            assessed.sessions_to_event,
        ),
        coming=tuple(_coming(event) for event in assessed.coming),
        terms=tuple(
            Term(points=term.points, why=term.reason) for term in assessed.terms
        ),
        risk_score=assessed.risk_score,
        haircut=assessed.haircut,
        sit_out=assessed.sit_out,
        sit_out_reason=assessed.sit_out_reason,
        warning=assessed.warning,
        sentiment_72h=context.polarity,
        volatility_ratio=context.volatility.ratio if context.volatility else None,
        hedge_beta=context.hedge.beta if context.hedge else None,
        hedge_r2=context.hedge.r_squared if context.hedge else None,
        position_scale=assessed.position_scale,
    )


def _coming(event: Event) -> ComingEvent:
    return ComingEvent(
        type=event.type,
        first=event.first,
        last=event.last,
        title=event.title,
        source=event.source,
        status=event.status,
        retrieved_at=event.retrieved_at,
    )
