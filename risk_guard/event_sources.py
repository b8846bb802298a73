"""What every event source offers, and what it answers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from config.errors import NoCalendar
from risk_guard.events import Event
from risk_guard.sightings import EventSighting


@dataclass(frozen=True)
class EventAnswer:
    """What one source says of one symbol.

    `covers_future` is whether no event in it means that none is near; a source of
    past events, or of one kind only, can't say that, and `gap` may say why. `notes`
    belong into the row's warning whatever other sources know. `doubts` are reasons why
    an event of the symbol may be lost: they leave it unknown whatever others know.
    `sightings` are what the source said by then on all nights, if that is stored.
    """

    events: tuple[Event, ...]
    covers_future: bool
    gap: str = ""
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    sightings: tuple[EventSighting, ...] = ()


class EventSource(Protocol):
    """Events of one symbol at a time."""

    @property
    def name(self) -> str:
        """Return the name that stands in the CSV."""
        ...

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the events the source knows around `as_of`, past and coming.

        `now` is the run's clock, kept with each event.

        Raises
        ------
        SymbolError
            If the source has no answer: never an empty one in an answer's place.
        """
        ...


@dataclass(frozen=True)
class UnaskedSource:
    """A source that this run is not connected to: it has what earlier nights stored."""

    name: str

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Raise; see `EventSource`."""
        raise NoCalendar("")
