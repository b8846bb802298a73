"""An event of a symbol, and the rule by which a title is regulatory."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from risk_guard.reactions import ReportTime

EventType = Literal["earnings", "dividend", "basel_iii", "regulatory"]
EventStatus = Literal["confirmed", "estimated"]

REPORTS = frozenset({"earnings", "basel_iii", "regulatory"})
"""Types of events that publish news about the company."""

REGULATORY = frozenset({"basel_iii", "regulatory"})

_REGULATORY_TITLE = re.compile(
    r"\b(?:basel[\s-]+iii|pillar[\s-]+3|prudential[\s-]+disclosures?|apra|"
    r"capital[\s-]+adequacy|liquidity[\s-]+coverage|net[\s-]+stable[\s-]+funding)\b",
    re.IGNORECASE,
)
"""Matches whole words only: "Caterpillar 3Q call" is no Pillar 3 report."""

NO_INSTANT = datetime.min.replace(tzinfo=UTC)
"""`retrieved_at` of an event while the instant of its retrieval is not set."""


@dataclass(frozen=True)
class Event:
    """A coming or past event of a company's stock.

    `first` and `last` are days of the exchange. They differ only for a window: its
    event is on an unknown day from `first` to `last`. `retrieved_at` has a time zone.
    `time` is the time of day of a report.
    """

    type: EventType
    first: date
    last: date
    title: str
    source: str
    status: EventStatus
    retrieved_at: datetime
    url: str = ""
    time: ReportTime = "unknown"

    @property
    def is_window(self) -> bool:
        """Return whether the event is on an unknown day of a range."""
        return self.first < self.last

    @property
    def key(self) -> tuple[EventType, date, date]:
        """Return the type and the days, which are the same for all sources."""
        return self.type, self.first, self.last

    @property
    def days(self) -> str:
        """Return the day, or the window, as text."""
        return f"{self.first} to {self.last}" if self.is_window else str(self.first)

    @property
    def sentence(self) -> str:
        """Return `basel_iii 2025-11-11 (confirmed, event_calendar.csv)`."""
        return f"{self.type} {self.days} ({self.status}, {self.source})"


def is_regulatory(title: str) -> bool:
    """Return whether the title contains a term of regulatory reports."""
    return bool(_REGULATORY_TITLE.search(title))


def select_events(events: Iterable[Event], first: date, last: date) -> list[Event]:
    """Return the events of which a day is from `first` to `last`, in their order."""
    return [event for event in events if event.last >= first and event.first <= last]


def may_be_same(event: Event, other: Event) -> bool:
    """Return whether the types of two events allow that they are the same event.

    Types must be equal, but a Pillar 3 report may be `regulatory` or `basel_iii`.
    """
    pillar3 = {event.type, other.type} <= REGULATORY and all(
        report.type == "basel_iii" or _is_pillar3(report) for report in (event, other)
    )
    return event.type == other.type or pillar3


def _is_pillar3(event: Event) -> bool:
    title = event.title.casefold()
    return any(word in title for word in ("pillar", "basel", "prudential disclosure"))
