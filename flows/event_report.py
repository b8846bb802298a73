"""The coming events of a night and what they cost, without training or forecast.

The stages are the night's own, called as plain functions: no server is started.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from config.errors import OvernightError
from config.home import keep_newest_folders
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from risk_guard.assessment import EventAssessment
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from screening.findings import HeadlineFindings, PriceFindings
from tasks.chain import one_run_at_a_time
from tasks.download import download
from tasks.events import events
from tasks.guard import guard
from tasks.headlines import headlines
from tasks.index import index
from tasks.lookout import Lookout, opened_lookout
from tasks.night import Night
from tasks.sentiment import sentiment

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
    """One symbol's events and their price; None is "not known"."""

    model_config = ConfigDict(frozen=True)

    symbol: str
    as_of: date
    status: str
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


def event_report(night: Night) -> EventReport:
    """Return the guard's word on every symbol of the night.

    Raises
    ------
    BusyError
        If a run holds the home.
    """
    with one_run_at_a_time(night.home), ThreadPoolExecutor(THREADS) as pool:
        feeds = night.open_feeds()
        lookout = opened_lookout(night, feeds)
        watched = dict(
            zip(
                night.symbols,
                pool.map(
                    lambda symbol: _watched(night, feeds.prices, lookout, symbol),
                    night.symbols,
                ),
                strict=True,
            )
        )
        found = {symbol: said for symbol, (_, said, _) in watched.items()}
        news = sentiment.fn(night, lookout, found)
        markets = {
            exchange: index.fn(night, feeds.prices, exchange.index)
            for exchange in {exchange_of(symbol) for symbol in night.symbols}
        }
        lines = [
            _line(
                night,
                symbol,
                guard.fn(
                    night,
                    symbol,
                    known,
                    news.by_symbol[symbol],
                    prices,
                    markets[exchange_of(symbol)],
                ),
            )
            for symbol, (prices, _, known) in watched.items()
        ]
        keep_newest_folders(night.tables, night.settings.run.nights_kept)
    notices = (*lookout.notices, *news.notices)
    return EventReport(as_of=night.as_of, notices=notices, symbols=tuple(lines))


def _watched(
    night: Night, source: PriceSource, lookout: Lookout, symbol: str
) -> tuple[PriceFindings | None, HeadlineFindings, KnownEvents]:
    """Return a symbol's prices, headlines and events; without prices, the others."""
    try:
        prices: PriceFindings | None = download.fn(night, source, symbol)
    except OvernightError:
        prices = None
    return (
        prices,
        headlines.fn(night, lookout, symbol, prices),
        events.fn(night, lookout, symbol, prices),
    )


def _line(night: Night, symbol: str, found: EventAssessment) -> SymbolEvents:
    around = found.surroundings
    return SymbolEvents(
        symbol=symbol,
        as_of=night.as_of_of(symbol),
        status=found.status,
        coming=tuple(_coming(event) for event in found.coming),
        terms=tuple(Term(points=term.points, why=term.why) for term in found.terms),
        risk_score=found.risk_score,
        haircut=found.haircut,
        sit_out=found.sit_out,
        sit_out_reason=found.sit_out_reason,
        warning=found.warning,
        sentiment_72h=around.polarity,
        volatility_ratio=around.volatility.ratio if around.volatility else None,
        hedge_beta=around.hedge.beta if around.hedge else None,
        hedge_r2=around.hedge.r_squared if around.hedge else None,
        position_scale=found.position_scale,
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
