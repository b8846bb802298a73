"""The coming events of a night and what they cost, without training or forecast.

The stages are the night's own, called as plain functions: no server is started.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pydantic import BaseModel, ConfigDict

from config.errors import OvernightError
from config.home import keep_newest_folders
from config.home_lock import one_run_at_a_time
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from screening.event_words import event_words
from screening.findings import HeadlineFindings, IndexFindings, PriceFindings
from tasks.download import downloaded
from tasks.events import events
from tasks.guard import guard
from tasks.headlines import headlines
from tasks.index import index
from tasks.lookout import Lookout, opened_lookout
from tasks.night import Night
from tasks.request_pace import request_pace
from tasks.sentiment import News, sentiment

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


@dataclass(frozen=True)
class _Watched:
    """What the night's stages found of one symbol; no prices where they failed."""

    symbol: str
    prices: PriceFindings | None
    headlines: HeadlineFindings
    known: KnownEvents


def event_report(night: Night) -> EventReport:
    """Return the guard's word on every symbol of the night.

    Raises
    ------
    BusyError
        If a run holds the home.
    """
    with one_run_at_a_time(night.home), ThreadPoolExecutor(THREADS) as pool:
        rate = night.settings.prices.requests_per_second
        feeds = night.open_feeds(request_pace(rate))
        lookout = opened_lookout(night, feeds)
        watch = partial(_watched, night, feeds.prices, lookout)
        watched = list(pool.map(watch, night.symbols))
        found = {one.symbol: one.headlines for one in watched}
        news = sentiment.fn(night, lookout, found)
        markets = {
            exchange.code: index.fn(night, feeds.prices, exchange.index)
            for exchange in {exchange_of(symbol) for symbol in night.symbols}
        }
        line = partial(_line, night, feeds.prices, news, markets)
        lines = tuple(map(line, watched))
        keep_newest_folders(night.tables, night.settings.run.nights_kept)
    notices = (*night.notices, *lookout.notices, *news.notices)
    return EventReport(as_of=night.as_of, notices=notices, symbols=lines)


def _watched(
    night: Night, source: PriceSource, lookout: Lookout, symbol: str
) -> _Watched:
    try:
        prices: PriceFindings | None = downloaded(night, source, symbol)
    except OvernightError:
        prices = None
    return _Watched(
        symbol,
        prices,
        headlines.fn(night, lookout, symbol, prices),
        events.fn(night, lookout, symbol, prices),
    )


def _line(
    night: Night,
    source: PriceSource,
    news: News,
    markets: Mapping[str, IndexFindings],
    watched: _Watched,
) -> SymbolEvents:
    symbol = watched.symbol
    market = markets[exchange_of(symbol).code]
    said = news.by_symbol[symbol]
    asked = night, symbol, watched.known, said
    try:
        found = guard.fn(*asked, watched.prices, market, source)
    except OvernightError:  # Prices that can't be read again: as without any.
        found = guard.fn(*asked, None, None)
    around = found.surroundings
    return SymbolEvents(
        symbol=symbol,
        as_of=night.as_of_of(symbol),
        status=found.status,
        event_words=event_words(
            found.status,
            found.event.type if found.event else "",
            found.sessions_to_event,
        ),
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
