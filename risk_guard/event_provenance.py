"""Where an event is known from: its sources, since when, and its earlier dates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from config.settings import GuardSettings
from risk_guard.date_changes import DateChange, find_changes
from risk_guard.events import Event, EventStatus, may_be_same
from risk_guard.reactions import ReportTime
from risk_guard.sightings import EventSighting


@dataclass(frozen=True)
class NamedBy:
    """What one source says of the event's day.

    `since` is the first as-of session of the stored answers that name the day. It is
    None if no live night has stored one: the source is a rule or a price table, or the
    night is a replay.
    """

    source: str
    status: EventStatus
    time: ReportTime
    since: date | None


@dataclass(frozen=True)
class EarlierDate:
    """A day, or a window, that a source gave for the event before.

    `moved_as_of` is the first as-of session whose answers showed the move.
    """

    first: date
    last: date
    source: str
    named_until: date
    moved_as_of: date


@dataclass(frozen=True)
class EventProvenance:
    """The sources of one event by name, and its earlier dates, the latest first.

    `differing` are other dates that other sources name for the same event.
    """

    named_by: tuple[NamedBy, ...] = ()
    earlier: tuple[EarlierDate, ...] = ()
    differing: tuple[Event, ...] = ()


def find_provenance(
    events: Iterable[Event],
    named: Sequence[Event],
    sightings: Sequence[EventSighting],
    settings: GuardSettings,
) -> tuple[EventProvenance, ...]:
    """Return where each merged event comes from, in the order of `events`.

    `named` are the events of all sources before they were merged.
    """
    changes = find_changes(sightings, settings)
    return tuple(
        EventProvenance(
            _named_by(event, named, sightings),
            _earlier_dates(event, changes),
            tuple(one for one in named if _differs(one, event, named, settings)),
        )
        for event in events
    )


def _named_by(
    event: Event, named: Iterable[Event], sightings: Sequence[EventSighting]
) -> tuple[NamedBy, ...]:
    """Return what each source says of the event's day, by the source's name."""
    found = {
        one.source: NamedBy(one.source, one.status, one.time, _since(one, sightings))
        for one in named
        if one.key == event.key
    }
    return tuple(found[source] for source in sorted(found))


def _since(event: Event, sightings: Iterable[EventSighting]) -> date | None:
    """Return the first as-of session at which the source named the event."""
    return min(
        (
            seen.first_as_of
            for seen in sightings
            if seen.event.source == event.source and seen.event.key == event.key
        ),
        default=None,
    )


def _earlier_dates(
    event: Event, changes: Iterable[DateChange]
) -> tuple[EarlierDate, ...]:
    """Return the dates from which the event moved, step by step."""
    found: list[EarlierDate] = []
    days = {event.key}
    for change in sorted(changes, key=lambda one: one.seen_as_of, reverse=True):
        if any(seen.event.key in days for seen in change.new):
            days |= {seen.event.key for seen in change.old}
            found += [_earlier(seen, change) for seen in change.old]
    return tuple(found)


def _earlier(seen: EventSighting, change: DateChange) -> EarlierDate:
    event = seen.event
    return EarlierDate(
        event.first, event.last, event.source, seen.last_as_of, change.seen_as_of
    )


def _differs(
    other: Event, event: Event, named: Iterable[Event], settings: GuardSettings
) -> bool:
    """Return whether another source names another day of the same event.

    Two days of one source are two events.
    """
    return (
        may_be_same(other, event)
        and not (other.is_window or event.is_window)
        and 0 < abs((other.first - event.first).days) <= settings.same_event_days
        and not any(
            one.source == other.source and one.key == event.key for one in named
        )
    )
