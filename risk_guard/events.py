"""An event of one symbol, and the rule that makes a title regulatory. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

EventType = Literal["earnings", "dividend", "basel_iii", "regulatory"]
EventStatus = Literal["confirmed", "estimated"]

REPORTS = frozenset({"earnings", "basel_iii", "regulatory"})
"""Types whose news can move a price by itself."""

REGULATORY = frozenset({"basel_iii", "regulatory"})

_REGULATORY_TITLE = re.compile(
    r"\b(?:basel[\s-]+iii|pillar[\s-]+3|prudential[\s-]+disclosures?|apra|"
    r"capital[\s-]+adequacy|liquidity[\s-]+coverage|net[\s-]+stable[\s-]+funding)\b",
    re.IGNORECASE,
)
"""Whole words: a Caterpillar 3Q call is no Pillar 3 report."""


@dataclass(frozen=True)
class Event:
    """Something that is to happen, or has happened, to a company's stock.

    `last` is the same as `first` but for a window, of which only the bounds are known.
    Dates are days of the exchange; `retrieved_at` is an aware instant.
    """

    type: EventType
    first: date
    last: date
    title: str
    source: str
    status: EventStatus
    retrieved_at: datetime
    url: str = ""

    @property
    def is_window(self) -> bool:
        """Return whether the day itself is not known."""
        return self.first < self.last

    @property
    def days(self) -> str:
        """Return the day, or the window, as text."""
        return f"{self.first} to {self.last}" if self.is_window else str(self.first)

    @property
    def sentence(self) -> str:
        """Return `basel_iii 2025-11-11 (confirmed, event_calendar.csv)`."""
        return f"{self.type} {self.days} ({self.status}, {self.source})"


def is_regulatory(title: str) -> bool:
    """Return whether the title holds one of the words of a regulatory report."""
    return bool(_REGULATORY_TITLE.search(title))


def classify(event: Event) -> Event:
    """Return the event as `regulatory` where its title is, whatever it was called."""
    if event.type in REGULATORY or not is_regulatory(event.title):
        return event
    return replace(event, type="regulatory")


def may_be_one(one: Event, other: Event) -> bool:
    """Return whether the types fit; a Pillar 3 report may go as `regulatory`."""
    pillar3 = {one.type, other.type} <= REGULATORY and all(
        event.type == "basel_iii" or _is_pillar3(event) for event in (one, other)
    )
    return one.type == other.type or pillar3


def _is_pillar3(event: Event) -> bool:
    title = event.title.casefold()
    return any(word in title for word in ("pillar", "basel", "prudential disclosure"))
