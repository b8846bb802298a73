"""What one source said on each night, read as sightings of events. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from market_data.sessions import local_date
from risk_guard.events import Event


@dataclass(frozen=True)
class StoredAnswer:
    """One source's whole answer for one as-of session.

    `covers_future` is whether it answered for what comes; `gap` says why it did not.
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

    `dropped_as_of` is that of the first later answer without it, None while there is
    no such answer. `withdrawn` is whether its day had not begun when it was dropped.
    """

    event: Event
    first_as_of: date
    last_as_of: date
    dropped_as_of: date | None = None
    withdrawn: bool = False


def in_order(answers: Iterable[StoredAnswer]) -> list[StoredAnswer]:
    """Return the answers by as-of session, then by the instant of retrieval.

    The order in which nights were run changes nothing.
    """
    return sorted(answers, key=lambda one: (one.as_of, one.retrieved_at))


def sightings_in(
    answers: Sequence[StoredAnswer], exchange: str
) -> tuple[EventSighting, ...]:
    """Return one source's sightings, from its answers in order.

    An event that a source stops naming and later names again has two sightings. An
    event keeps its sighting when its status or title changes.
    """
    ended: list[EventSighting] = []
    current: dict[tuple[str, date, date], EventSighting] = {}
    for answer in answers:
        # Sources drop an event during its own day, by the exchange's clock.
        day = max(answer.as_of, local_date(exchange, answer.retrieved_at))
        named = {_key(event): event for event in answer.events}
        for key in [key for key in current if key not in named]:
            seen = current.pop(key)
            ahead = seen.event.last > day
            ended.append(
                replace(seen, dropped_as_of=answer.as_of, withdrawn=ahead),
            )
        for key, event in named.items():
            first = current[key].first_as_of if key in current else answer.as_of
            current[key] = EventSighting(event, first, answer.as_of)
    return (*ended, *current.values())


def latest_sightings(sightings: Iterable[EventSighting]) -> list[EventSighting]:
    """Return the last sighting of each event of each source."""
    return list(
        {(one.event.source, *_key(one.event)): one for one in sightings}.values()
    )


def passed_events(sightings: Iterable[EventSighting]) -> tuple[Event, ...]:
    """Return the events that are no longer named because their day has come."""
    return tuple(
        seen.event
        for seen in latest_sightings(sightings)
        if seen.dropped_as_of and not seen.withdrawn
    )


def _key(event: Event) -> tuple[str, date, date]:
    return event.type, event.first, event.last
