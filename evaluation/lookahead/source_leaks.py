"""What comes from outside: no source, store or memory may hand out the future.

Each is asked twice, the second time with another future behind the session.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from config.settings import PriceSettings
from evaluation.lookahead.leaks import LeakCheck
from evaluation.past_night import PrefetchedPrices, night_of
from market_data.folder import FolderSource
from market_data.prices import (
    ADJUSTED_CLOSE,
    OHLC,
    VOLUME,
    YAHOO_COLUMNS,
    PriceHistory,
    through,
)
from market_data.quality import CheckedPrices, check_prices
from market_data.sessions import as_of_session, next_open
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of, file_stem
from pipeline.download import download
from pipeline.events import events
from pipeline.guard import guard
from pipeline.index import index
from pipeline.plan import RunPlan
from pipeline.sources import NewsAndEventSources
from risk_guard.event_history import EventHistory, RememberedEvents
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext
from risk_guard.sightings import StoredAnswer
from screening.findings import NO_SENTIMENT, IndexFindings, PriceFindings
from storage.home import Home
from storage.tables import read_table

LATER_DIVIDEND = 0.5
"""What a later dividend does to all adjusted closes; a power of 2 keeps the bits."""

LATER_PAYMENT = 1.25
"""What the later dividend pays a share."""

LATER_PRICES = 1.75
LATER_VOLUME = 7.0

ROUNDING = 1e-12

HOLES = (40, 120, 200)
"""Rows from the end that lose a close, to see what fills them."""

DOUBLED = 2.0
"""What prices after a hole become."""

Repair = Callable[[pd.DataFrame, str, date, PriceSettings], CheckedPrices]
Closes = Callable[[RunPlan, PriceSource, str], IndexFindings]
Download = Callable[[RunPlan, PriceSource, str], PriceFindings]
EventLookup = Callable[
    [RunPlan, NewsAndEventSources, str, PriceFindings | None], KnownEvents
]
Stored = Callable[[PriceStore, str, date, date], PriceHistory]
Read = Callable[[str, PriceHistory], PriceHistory]
"""From a name and what the world holds to what a night of the session is given."""


@dataclass(frozen=True)
class UncutSource:
    """A source that hands out more than it was asked for."""

    history: PriceHistory
    remote: bool = True
    name: ClassVar[str] = "careless"

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:  # noqa: ARG002
        """Return the whole history, later sessions too."""
        return self.history


@dataclass(frozen=True)
class PresentCalendar:
    """A remote calendar that names what it knows today, whatever night it is for."""

    event: Event
    name: ClassVar[str] = "present"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return the event; a replay must not ask for it."""
        return EventAnswer((self.event,), covers_future=True)


def with_another_future(prices: PriceHistory, session: date) -> PriceHistory:
    """Return the history as it may read later: other sessions after, a dividend."""
    frame = prices.frame.copy()
    after = frame.index > pd.Timestamp(session)
    frame.loc[after, [*OHLC, ADJUSTED_CLOSE]] *= LATER_PRICES
    frame.loc[after, VOLUME] = LATER_VOLUME
    frame[ADJUSTED_CLOSE] *= LATER_DIVIDEND
    paid = prices.dividends | {session + timedelta(days=1): LATER_PAYMENT}
    return replace(prices, frame=frame, dividends=paid)


def store_check(
    folder: Path,
    plan: RunPlan,
    prices: PriceHistory,
    session: date,
    ask: Stored = PriceStore.history,
) -> LeakCheck:
    """Return whether the store hands out nothing later than it was asked for.

    Two sources that do not cut are asked: a remote one, whose prices are stored, and a
    local one, whose prices are not.
    """

    def read(name: str, history: PriceHistory, *, remote: bool) -> PriceHistory:
        source = UncutSource(history, remote=remote)
        path = folder / f"{name}-{'remote' if remote else 'local'}"
        store = PriceStore(path, source, plan.settings.prices)
        first = history.frame.index[0].date()
        ask(store, "AAPL", first, session)
        return ask(store, "AAPL", first, session)

    checks = [
        past_check("price store", partial(read, remote=remote), prices, session)
        for remote in (True, False)
    ]
    return next((one for one in checks if not one.passed), checks[0])


def folder_check(folder: Path, prices: PriceHistory, session: date) -> LeakCheck:
    """Return whether a folder of CSV files is read up to the session alone."""

    def read(name: str, history: PriceHistory) -> PriceHistory:
        path = folder / name / "prices" / f"{file_stem('AAPL')}.csv"
        path.parent.mkdir(parents=True)
        ours = {own: theirs for theirs, own in YAHOO_COLUMNS.items()}
        history.frame.rename(columns=ours).to_csv(path, index_label="Date")
        first = history.frame.index[0].date()
        return FolderSource(folder / name).fetch("AAPL", first, session)

    return past_check("price folder", read, prices, session)


def past_check(
    stage: str, read: Read, prices: PriceHistory, session: date
) -> LeakCheck:
    """Return whether what is read is the same, whatever comes after the session."""
    given = read("plain", prices)
    knowing = read("knowing", with_another_future(prices, session))
    undone = knowing.frame.assign(
        **{ADJUSTED_CLOSE: knowing.frame[ADJUSTED_CLOSE] / LATER_DIVIDEND}
    )
    last = given.frame.index[-1].date()
    detail, passed = f"nothing later than {session}, fetched or stored", True
    if last > session:
        detail, passed = _handed_out(last, session), False
    elif not _same(undone, given.frame) or knowing.dividends != given.dividends:
        detail, passed = f"it changes with what comes after {session}", False
    return LeakCheck(stage=stage, passed=passed, detail=detail)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether all cells agree, but for the digits that a CSV may round."""
    return one.index.equals(other.index) and bool(
        np.allclose(one, other, rtol=ROUNDING, atol=0, equal_nan=True)
    )


def table_check(
    plan: RunPlan,
    prices: PriceHistory,
    before: date,
    session: date,
    fetch: Download = download,
) -> LeakCheck:
    """Return whether a night's table of prices is the one that the next night has.

    A table that ends with `before` can't know `session`; one that holds it could have
    moved it into the row before. No dividend may lie between the two.
    """
    symbol = plan.symbols[0]
    source = PrefetchedPrices({symbol: prices})
    own, later = (
        read_table(fetch(night_of(plan, symbol, day), source, symbol).path)
        for day in (before, session)
    )
    rows = own.index.intersection(later.index)
    same = len(rows) > 1 and _same(own.loc[rows], later.loc[rows])
    detail = f"{len(rows)} rows are the same in the night of {session}"
    if not same:
        detail = f"rows up to {before} read otherwise once {session} is known"
    return LeakCheck(stage="price table", passed=same, detail=detail)


def hedge_check(
    plan: RunPlan,
    prices: PriceHistory,
    market: PriceHistory,
    session: date,
    ask: Closes = index,
) -> LeakCheck:
    """Return whether the index' closes and the hedge by them end with the session."""
    symbol = plan.symbols[0]
    past = night_of(plan, symbol, session)
    stock = download(past, PrefetchedPrices({symbol: prices}), symbol)

    def found(name: str, history: PriceHistory) -> tuple[date, MarketContext]:
        own = replace(past, home=Home(plan.home.root / name))
        closes = ask(own, UncutSource(history), exchange_of(symbol).index)
        said = guard(own, symbol, KnownEvents(()), NO_SENTIMENT, stock, closes)
        if closes.path is None:
            return session, said.context
        return read_table(closes.path).index[-1].date(), said.context

    last, one = found("plain", market)
    _, other = found("knowing", with_another_future(market, session))
    detail, passed = f"the same bits whatever comes after {session}", True
    if last > session:
        detail, passed = _handed_out(last, session), False
    elif one != other or one.hedge is None:
        detail, passed = f"{other} with another future, {one} without", False
    return LeakCheck(stage="index and hedge", passed=passed, detail=detail)


def _handed_out(last: date, session: date) -> str:
    return f"prices of {last} are handed out to a night of {session}"


def event_check(plan: RunPlan, session: date, ask: EventLookup = events) -> LeakCheck:
    """Return whether an event that a later night learned of is kept from this one.

    A later answer is stored, and the calendar itself would name the event today.
    """
    symbol, later = plan.symbols[0], session + timedelta(days=1)
    at = datetime(later.year, later.month, later.day, tzinfo=UTC)
    name = PresentCalendar.name
    event = Event("earnings", later, later, "Results", name, "confirmed", at)
    history = EventHistory(plan.home.seen_events)
    stored = StoredAnswer(name, later, at, (event,), covers_future=True)
    history.record(symbol, history.read(symbol), stored)
    past = night_of(plan, symbol, session)
    replayed = frozenset(filter(past.is_replay, past.symbols))
    source = RememberedEvents(PresentCalendar(event), history, True, replayed)  # noqa: FBT003
    sources = NewsAndEventSources((source,), None, None, "", ())
    known = ask(past, sources, symbol, None)
    detail = f"what a night of {later} was told is kept from one of {session}"
    if known.events:
        detail = f"a night of {session} knows what was told on {later}"
    return LeakCheck(stage="events", passed=not known.events, detail=detail)


def clock_check(
    symbol: str, session: date, before: date, closing: datetime, opening: datetime
) -> LeakCheck:
    """Return whether a session counts from its close on, and news to the next open.

    `closing` and `opening` are instants by the clock and not by our calendar; `before`
    is the session before.
    """
    code = exchange_of(symbol).code
    found = (
        as_of_session(code, session, closing - timedelta(minutes=1)),
        as_of_session(code, session, closing),
        next_open(code, session),
    )
    during, after, opens = found
    detail = f"{session} counts from {closing} on, and the next opens at {opening}"
    if found != (before, session, opening):
        detail = (
            f"{before}, {session} and {opening} must be the last session before "
            f"{closing}, then, and the next open, got {during}, {after} and {opens}"
        )
    return LeakCheck(
        stage="clock", passed=found == (before, session, opening), detail=detail
    )


def repair_check(
    prices: PriceHistory,
    session: date,
    settings: PriceSettings,
    check: Repair = check_prices,
) -> LeakCheck:
    """Return whether the repair of a row leans on later rows."""
    frame = through(prices.frame, session)
    code = exchange_of("AAPL").code

    def clean(rows: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
        return check(rows, code, session, settings).frame.loc[:last]

    filled = []
    for back in HOLES:
        hole = pd.DatetimeIndex(frame.index)[-back]
        damaged = frame.copy()
        damaged.loc[hole, OHLC] = np.nan
        other = damaged.mul(np.where(frame.index > hole, DOUBLED, 1.0), axis=0)
        if not clean(damaged, hole).equals(clean(other, hole)):
            filled.append(f"{hole.date()} is filled with later prices")
    detail = next(iter(filled), "no hole is filled with later prices")
    return LeakCheck(stage="price repairs", passed=not filled, detail=detail)
