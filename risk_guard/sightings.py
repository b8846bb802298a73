"""The answers of a source on each night, and when it named each event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from market_data.sessions import local_date
from risk_guard.events import Event


@dataclass(frozen=True)
class StoredAnswer:
    """A source's whole answer for one as-of session; see `EventAnswer`.

    A second answer for the same session has a later `retrieved_at`.
    """

    source: str
    as_of: date
    retrieved_at: datetime
    events: tuple[Event, ...]
    covers_future: bool
    gap: str = ""


@dataclass(frozen=True)
class EventSighting:
    """An event, and the as-of sessions of the consecutive answers that named it.

    `dropped_as_of` is the as-of session of the first later answer without the event,
    None if there is no such answer. `withdrawn` means that the event was dropped before
    its day.
    """

    event: Event
    first_as_of: date
    last_as_of: date
    dropped_as_of: date | None = None
    withdrawn: bool = False


def find_sightings(
    answers: Sequence[StoredAnswer], exchange: str
) -> tuple[EventSighting, ...]:
    """Return the sightings in a source's answers, which are sorted by time.

    An event that the source drops and later names again has two sightings. A change of
    status or title does not end a sighting.
    """
    ended: list[EventSighting] = []
    current: dict[tuple[str, date, date], EventSighting] = {}
    for answer in answers:
        # Sources drop an event during its day in the exchange's time zone.
        day = max(answer.as_of, local_date(exchange, answer.retrieved_at))
        named = {event.key: event for event in answer.events}
        for key in [key for key in current if key not in named]:
            seen = current.pop(key)
            is_ahead = seen.event.last > day
            ended.append(replace(seen, dropped_as_of=answer.as_of, withdrawn=is_ahead))
        for key, event in named.items():
            first = current[key].first_as_of if key in current else answer.as_of
            current[key] = EventSighting(event, first, answer.as_of)
    return (*ended, *current.values())


def latest_sightings(sightings: Iterable[EventSighting]) -> list[EventSighting]:
    """Return the last sighting of each event of each source."""
    latest = {(seen.event.source, *seen.event.key): seen for seen in sightings}
    return list(latest.values())


def passed_events(sightings: Iterable[EventSighting]) -> tuple[Event, ...]:
    """Return the events that the source dropped on or after their day."""
    return tuple(
        seen.event
        for seen in latest_sightings(sightings)
        if seen.dropped_as_of and not seen.withdrawn
    )
