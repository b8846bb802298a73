"""How many reports a night knew before they came: by status and lead time."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pandas as pd
from pydantic import BaseModel, Field

from config.settings import GuardSettings
from evaluation.scorecard.histories import StockHistory
from market_data.sessions import next_open, nth_session_after
from risk_guard.event_sources import EventSource
from risk_guard.events import REPORTS, Event
from risk_guard.known_events import collect_events
from risk_guard.past_reports import SAME_REPORT_DAYS, PastReport, kind_of

LEADS = (7, 3, 1)
"""Days before a report at which the night's sources are asked."""

STATUSES = ("confirmed", "estimated", "not_known")


class KnownReports(BaseModel, frozen=True):
    """Counts of reports by what the night this many days before them knew."""

    lead_days: int = Field(description="The last night at least so long before")
    confirmed: int = Field(description="With a confirmed date, at most 2 days off")
    estimated: int = Field(description="With an estimated date or window")
    not_known: int


def known_in_time(
    stocks: Sequence[StockHistory],
    sources: Iterable[EventSource],
    first: date,
    last: date,
    guard: GuardSettings,
) -> tuple[KnownReports, ...]:
    """Return the counts over the reports from `first` to `last`, by lead time.

    The sources are those of past nights. A line of a calendar file counts as known on
    every night, because the file has no date of its entry.
    """
    asked = tuple(sources)
    rows = [
        (lead, _status(stock, report, lead, asked, guard))
        for stock in stocks
        for report in stock.reports
        if first < report.day <= last
        for lead in LEADS
    ]
    counts = pd.Series(rows, dtype=object).value_counts()
    return tuple(
        KnownReports(
            lead_days=lead,
            **{name: int(counts.get((lead, name), 0)) for name in STATUSES},
        )
        for lead in LEADS
    )


def _status(
    stock: StockHistory,
    report: PastReport,
    lead: int,
    sources: tuple[EventSource, ...],
    guard: GuardSettings,
) -> str:
    """Return what the last night at least `lead` days before the report knew of it."""
    as_of = nth_session_after(stock.exchange, report.day - timedelta(days=lead), 0)
    now = next_open(stock.exchange, as_of)
    known = collect_events(stock.symbol, sources, as_of, now, guard)
    found = {event.status for event in known.events if _is_same(event, report)}
    return next((status for status in STATUSES if status in found), "not_known")


def _is_same(event: Event, report: PastReport) -> bool:
    if event.type not in REPORTS or kind_of(event) != report.kind:
        return False
    off = timedelta(days=0 if event.is_window else SAME_REPORT_DAYS)
    return event.first - off <= report.day <= event.last + off
