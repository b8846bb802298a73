"""What a scorecard is computed from: prices and past reports of each stock."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from config.errors import SymbolError
from evaluation.walk_forward import history_span
from market_data.adjustment import check_adjustment
from market_data.prices import PriceHistory, adjust_prices
from market_data.quality import check_prices
from market_data.sessions import as_of_session
from market_data.sources import Feeds
from market_data.store import PriceStore
from market_data.symbols import exchange_of, quotes_subunits
from pipeline.plan import RunPlan
from pipeline.sources import open_sources
from risk_guard.event_sources import EventSource
from risk_guard.known_events import collect_events
from risk_guard.past_reports import PastReport, reports_among
from storage.lock import one_run_at_a_time

LATER = timedelta(days=14)
"""Days after the last night whose reports are known; a sit-out reaches less far."""


@dataclass(frozen=True)
class StockHistory:
    """One stock's adjusted prices by session, its reports and its ex-dividend dates.

    `reports` are all that are known some days after the last night, each once, by day.
    """

    symbol: str
    bars: pd.DataFrame
    reports: tuple[PastReport, ...]
    ex_dates: tuple[date, ...]

    @property
    def exchange(self) -> str:
        """Return the code of the stock's exchange."""
        return exchange_of(self.symbol).code


def open_event_sources(plan: RunPlan, feeds: Feeds) -> tuple[EventSource, ...]:
    """Return the event sources of past nights, which ask and store nothing."""
    past = replace(plan, in_evaluation=True)
    return open_sources(past, Feeds(feeds.prices, None)).event_sources


def read_histories(
    plan: RunPlan, first: date, feeds: Feeds, sources: Iterable[EventSource]
) -> tuple[list[StockHistory], dict[str, str]]:
    """Return the history of each stock, and the reasons of those without one.

    The home is locked only if the source's prices are stored in it.
    """
    found: list[StockHistory] = []
    failures: dict[str, str] = {}
    asked = tuple(sources)
    with one_run_at_a_time(plan.home) if feeds.prices.remote else nullcontext():
        for symbol in plan.symbols:
            try:
                found.append(_read_history(plan, first, feeds, asked, symbol))
            except SymbolError as error:
                failures[symbol] = str(error)
    return found, failures


def _read_history(
    plan: RunPlan,
    first: date,
    feeds: Feeds,
    sources: tuple[EventSource, ...],
    symbol: str,
) -> StockHistory:
    store = PriceStore(plan.home.prices, feeds.prices, plan.settings.prices)
    history = store.history(symbol, *history_span(plan, symbol, first))
    return StockHistory(
        symbol=symbol,
        bars=_adjusted_bars(plan, symbol, history),
        reports=_reports(plan, sources, symbol),
        ex_dates=tuple(sorted(history.dividends)),
    )


def _reports(
    plan: RunPlan, sources: tuple[EventSource, ...], symbol: str
) -> tuple[PastReport, ...]:
    """Return the reports up to some days after the last night, which sit it out too."""
    exchange = exchange_of(symbol).code
    until = min(plan.as_of_for(symbol) + LATER, plan.run_at.date())
    session = as_of_session(exchange, until, plan.run_at)
    known = collect_events(symbol, sources, session, plan.run_at, plan.settings.guard)
    coming = [report for report in reports_among(known.events) if report.day > session]
    return (*known.past_reports, *known.unreacted, *coming)


def _adjusted_bars(plan: RunPlan, symbol: str, history: PriceHistory) -> pd.DataFrame:
    """Return the prices as a night adjusts them, here for all nights at once."""
    subunits = quotes_subunits(symbol, history.currency)
    checked, _ = check_adjustment(history, symbol, subunits=subunits)
    last = pd.Timestamp(checked.frame.index.max()).date()
    exchange = exchange_of(symbol).code
    clean = check_prices(checked.frame, exchange, last, plan.settings.prices)
    return adjust_prices(clean.frame)
