"""The protocol of event sources, their answer, and the sources without a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar, Protocol

from config.errors import NoCalendar
from market_data.events_file import read_earnings
from market_data.symbols import exchange_of, file_of_user
from risk_guard.events import Event
from risk_guard.past_reports import FOLDER, PastReport
from risk_guard.reactions import report_time
from risk_guard.sightings import EventSighting


@dataclass(frozen=True)
class EventAnswer:
    """A source's answer for one symbol.

    `covers_future` means that the symbol has no other coming event near; `gap` is the
    reason if the source can't say so. `notes` are added to the row's warning. `doubts`
    are reasons why an event may be lost: with a doubt the row's status is `unknown`.
    `sightings` are made of the source's stored answers up to this one.

    `past_reports` are reports beside those among `events`, of any day; `report_gaps`
    are the reasons why some may be missing.
    """

    events: tuple[Event, ...]
    covers_future: bool
    gap: str = ""
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    sightings: tuple[EventSighting, ...] = ()
    past_reports: tuple[PastReport, ...] = ()
    report_gaps: tuple[str, ...] = ()


class EventSource(Protocol):
    """A source that returns the events of one symbol per call."""

    @property
    def name(self) -> str:
        """Return the source's name in the CSV."""
        ...

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the source's past and coming events around `as_of`.

        `now` is the time of the run; each event keeps it as `retrieved_at`.

        Raises
        ------
        SymbolError
            If the source has no answer; an empty answer means "no events".
        """
        ...


@dataclass(frozen=True)
class UnaskedSource:
    """Takes the place of a source that this run does not ask; it has no answer."""

    name: str

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Raise `NoCalendar`; see `EventSource`."""
        raise NoCalendar("")


@dataclass(frozen=True)
class DividendFeed:
    """`paid` holds the amount per share by symbol and ex-dividend date."""

    paid: Mapping[str, Mapping[date, float]]
    name: ClassVar[str] = "dividends"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the dividends up to `as_of`, but no later ones; see `EventSource`."""
        events = tuple(
            Event(
                type="dividend",
                first=day,
                last=day,
                title=f"Ex-dividend {amount:g} a share",
                source=self.name,
                status="confirmed",
                retrieved_at=now,
            )
            for day, amount in self.paid.get(symbol, {}).items()
            if day <= as_of
        )
        return EventAnswer(events, covers_future=False)


@dataclass(frozen=True)
class FolderReports:
    """The past reports in a folder's `events/SYMBOL.json`; it names no event."""

    folder: Path
    name: ClassVar[str] = FOLDER

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return the file's reports; see `EventSource`."""
        path = file_of_user(self.folder / "events", symbol, ".json")
        found, notes = read_earnings(path)
        exchange = exchange_of(symbol).code
        reports = tuple(self._report(exchange, earnings) for earnings in found)
        return EventAnswer(
            (), covers_future=False, past_reports=reports, report_gaps=notes
        )

    def _report(self, exchange: str, earnings: datetime | date) -> PastReport:
        if isinstance(earnings, datetime):
            return PastReport(*report_time(exchange, earnings), self.name)
        return PastReport(earnings, "unknown", self.name)
