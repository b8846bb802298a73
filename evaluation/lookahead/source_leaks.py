"""Checks that no source, store or event history gives a night data from the future.

Each check reads twice. For the second reading everything after the session is altered.
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
from evaluation.past_night import PrefetchedPrices, plan_past_night
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
from market_data.sessions import SETTLING, as_of_session, next_open
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
from risk_guard.past_reports import PastReport
from risk_guard.sightings import StoredAnswer
from screening.findings import NO_SENTIMENT, IndexFindings, PriceFindings
from screening.market_state import IndexState
from storage.home import Home
from storage.tables import read_table

LATER_DIVIDEND = 0.5
"""Factor by which a later dividend lowers adjusted closes; a power of 2 is exact."""

LATER_PAYMENT = 1.25
"""Amount per share of the later dividend, in the price's currency."""

LATER_PRICES = 1.75
"""Factor by which prices after the session are multiplied."""

LATER_VOLUME = 7.0
"""Volume of every session after the night's, in shares."""

ROUNDING = 1e-12
"""Relative difference that a CSV file may cause by rounding."""

HOLES = (40, 120, 200)
"""Places, counted from the last row, of the rows whose prices are removed."""

DOUBLED = 2.0
"""Factor by which prices after a removed row are multiplied."""

ReadHistory = Callable[[str, PriceHistory], PriceHistory]
"""Returns what a night reads; called with a name for files and a whole history."""


@dataclass(frozen=True)
class UncutSource:
    """A faulty source that returns its whole history, whatever dates are requested."""

    history: PriceHistory
    remote: bool = True
    name: ClassVar[str] = "uncut"

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:  # noqa: ARG002
        """Return the whole history, later sessions too."""
        return self.history


@dataclass(frozen=True)
class PresentCalendar:
    """A remote calendar that returns today's event for any night."""

    event: Event
    name: ClassVar[str] = "present"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return the event; a past night must not call this."""
        return EventAnswer((self.event,), covers_future=True)


@dataclass(frozen=True)
class PresentReports:
    """A list of past reports that was retrieved after the night."""

    report: PastReport
    name: ClassVar[str] = "present reports"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return the report, whose day is after the night."""
        return EventAnswer((), covers_future=False, past_reports=(self.report,))


def with_another_future(prices: PriceHistory, session: date) -> PriceHistory:
    """Return the history with other prices after `session`, and a dividend paid then.

    As with a real source, the dividend lowers all adjusted closes.
    """
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
    read_store: Callable[..., PriceHistory] = PriceStore.history,
) -> LeakCheck:
    """Check that the store returns no row later than requested.

    Both its sources return too much: a remote source, whose prices are stored, and a
    local source, whose prices are not.
    """

    def read(name: str, history: PriceHistory, *, remote: bool) -> PriceHistory:
        source = UncutSource(history, remote=remote)
        path = folder / f"{name}-{'remote' if remote else 'local'}"
        store = PriceStore(path, source, plan.settings.prices)
        first = history.frame.index[0].date()
        read_store(store, "AAPL", first, session)
        return read_store(store, "AAPL", first, session)  # What was stored, if remote.

    checks = [
        history_check("price store", partial(read, remote=remote), prices, session)
        for remote in (True, False)
    ]
    return min(checks, key=lambda check: check.passed)


def folder_check(folder: Path, prices: PriceHistory, session: date) -> LeakCheck:
    """Check that a folder of CSV files is read up to the session only."""

    def read(name: str, history: PriceHistory) -> PriceHistory:
        path = folder / name / "prices" / f"{file_stem('AAPL')}.csv"
        path.parent.mkdir(parents=True)
        headings = {ours: yahoos for yahoos, ours in YAHOO_COLUMNS.items()}
        history.frame.rename(columns=headings).to_csv(path, index_label="Date")
        first = history.frame.index[0].date()
        return FolderSource(folder / name).fetch("AAPL", first, session)

    return history_check("price folder", read, prices, session)


def history_check(
    stage: str, read: ReadHistory, prices: PriceHistory, session: date
) -> LeakCheck:
    """Check that `read` gives the same history with another future."""
    plain = read("plain", prices)
    altered = read("altered", with_another_future(prices, session))
    undone = altered.frame.assign(
        **{ADJUSTED_CLOSE: altered.frame[ADJUSTED_CLOSE] / LATER_DIVIDEND}
    )
    if leak := _describe_late_rows(plain.frame, session):
        return LeakCheck(stage=stage, passed=False, detail=leak)
    same = _same_cells(undone, plain.frame) and altered.dividends == plain.dividends
    return LeakCheck.from_comparison(stage, f"future after {session}", same=same)


def table_check(
    plan: RunPlan,
    prices: PriceHistory,
    before: date,
    session: date,
    download_prices: Callable[..., PriceFindings] = download,
) -> LeakCheck:
    """Check that a night's price table agrees with the next night's table.

    The night of `before` has no prices of `session`. So a table that moves a value into
    the row before gives the two nights different rows. No dividend may be paid between.
    """
    symbol = plan.symbols[0]
    source = PrefetchedPrices({symbol: prices})
    nights = (plan_past_night(plan, symbol, day) for day in (before, session))
    table, later = (
        read_table(download_prices(night, source, symbol).path) for night in nights
    )
    rows = table.index.intersection(later.index)
    same = len(rows) > 1 and _same_cells(table.loc[rows], later.loc[rows])
    return LeakCheck.from_comparison("price table", f"future after {before}", same=same)


def hedge_check(
    plan: RunPlan,
    prices: PriceHistory,
    market: PriceHistory,
    session: date,
    fetch_index: Callable[..., IndexFindings] = index,
) -> LeakCheck:
    """Check that index, its state and hedge do not depend on later sessions."""
    symbol = plan.symbols[0]
    night = plan_past_night(plan, symbol, session)
    stock = download(night, PrefetchedPrices({symbol: prices}), symbol)

    def read(
        name: str, history: PriceHistory
    ) -> tuple[str, MarketContext, IndexState | None]:
        own = replace(night, home=Home(plan.home.root / name))
        closes = fetch_index(own, UncutSource(history), exchange_of(symbol).index)
        assessment = guard(own, symbol, KnownEvents(()), NO_SENTIMENT, stock, closes)
        late = closes.path and _describe_late_rows(read_table(closes.path), session)
        return late or "", assessment.context, closes.state

    leak, plain, state = read("plain", market)
    _, altered, other = read("altered", with_another_future(market, session))
    if leak or plain.hedge is None:
        return LeakCheck(
            stage="index and hedge", passed=False, detail=leak or "there is no hedge"
        )
    return LeakCheck.from_comparison(
        "index and hedge",
        f"future after {session}",
        same=(plain, state) == (altered, other),
    )


def event_check(
    plan: RunPlan, session: date, read_events: Callable[..., KnownEvents] = events
) -> LeakCheck:
    """Check that a night does not use an event first seen on a later night.

    The later night has stored the event, and the calendar would return it today. A list
    of past reports holds it too.
    """
    symbol, later = plan.symbols[0], session + timedelta(days=1)
    at = datetime(later.year, later.month, later.day, tzinfo=UTC)
    name = PresentCalendar.name
    event = Event("earnings", later, later, "Results", name, "confirmed", at)
    history = EventHistory(plan.home.seen_events)
    stored = StoredAnswer(name, later, at, (event,), covers_future=True)
    history.record(symbol, history.read(symbol), stored)
    night = plan_past_night(plan, symbol, session)
    replayed = frozenset(filter(night.is_replay, night.symbols))
    source = RememberedEvents(PresentCalendar(event), history, True, replayed)  # noqa: FBT003
    listed = PresentReports(PastReport(later, "before_open", PresentReports.name))
    sources = NewsAndEventSources((source, listed), None, None, "", ())
    known = read_events(night, sources, symbol, None)
    return LeakCheck.from_leak(
        "events",
        f"a night of {session} uses an event first seen on {later}"
        if known.events or known.past_reports
        else "",
        f"an event first seen on {later} is not used by a night of {session}",
    )


def clock_check(
    symbol: str, session: date, before: date, closing: datetime, opening: datetime
) -> LeakCheck:
    """Check that a session counts once it has settled, news up to the next open.

    `closing` and `opening` are not computed from our calendar. `before` is the session
    before `session`.
    """
    code = exchange_of(symbol).code
    settled, opens = closing + SETTLING, next_open(code, session)
    last = as_of_session(code, session, settled - timedelta(minutes=1))
    closed = as_of_session(code, session, settled)
    return LeakCheck(
        stage="clock",
        passed=(last, closed, opens) == (before, session, opening),
        detail=f"the last session is {last} just before {settled} and {closed} then, "
        f"and the next open is {opens}",
    )


def repair_check(
    prices: PriceHistory,
    session: date,
    settings: PriceSettings,
    check: Callable[..., CheckedPrices] = check_prices,
) -> LeakCheck:
    """Check that the repair of a row does not use later rows."""
    frame = through(prices.frame, session)
    code = exchange_of("AAPL").code

    def repair(rows: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
        return check(rows, code, session, settings).frame.loc[:last]

    leak = ""
    for place in HOLES:
        hole = pd.DatetimeIndex(frame.index)[-place]
        damaged = frame.copy()
        damaged.loc[hole, OHLC] = np.nan
        other = damaged.mul(np.where(frame.index > hole, DOUBLED, 1.0), axis=0)
        if not repair(damaged, hole).equals(repair(other, hole)):
            leak = leak or f"{hole.date()} is filled with later prices"
    clean = "no missing row is filled with later prices"
    return LeakCheck.from_leak("price repairs", leak, clean)


def _describe_late_rows(frame: pd.DataFrame, session: date) -> str:
    """Return a sentence if the frame's last row is later than `session`, else ""."""
    last = frame.index[-1].date()
    return f"a night of {session} is given prices of {last}" if last > session else ""


def _same_cells(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Return whether all cells agree up to `ROUNDING`; NaN agrees with NaN."""
    return left.index.equals(right.index) and bool(
        np.allclose(left, right, rtol=ROUNDING, atol=0, equal_nan=True)
    )
