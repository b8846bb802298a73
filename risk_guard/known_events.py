"""All sources' answers for one symbol, merged: confirmed over estimated.

Where sources differ, the difference is said, never resolved in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import combinations

from config.errors import NoCalendar, SymbolError
from config.settings import GuardSettings
from risk_guard.date_changes import date_changes
from risk_guard.event_sources import EventAnswer, EventSource
from risk_guard.events import Event, may_be_one
from risk_guard.sightings import EventSighting

PAST_DAYS = 30
"""How far back events are kept for the sit-out after them."""


@dataclass(frozen=True)
class KnownEvents:
    """What is known of one symbol's events around the as-of session.

    `gaps` are why no source can say what comes, empty where one can; `notes` are
    sentences for the row's warning.
    """

    events: tuple[Event, ...]
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def collect_events(
    symbol: str,
    sources: Iterable[EventSource],
    as_of: date,
    now: datetime,
    settings: GuardSettings,
) -> KnownEvents:
    """Return the merged events of all sources that answer.

    A source that fails costs its own events only, and is named.
    """
    answers = [_answer(source, symbol, as_of, now) for source in sources]
    events = [event for answer in answers for event in answer.events]
    near = [event for event in events if _is_near(event, as_of, settings)]
    sightings = [seen for answer in answers for seen in answer.sightings]
    merged, differing = merge_events(near, as_of, settings, sightings)
    notes = (
        *(note for answer in answers for note in answer.notes),
        *date_changes(sightings, as_of, settings),
        *differing,
    )
    doubts = tuple(doubt for answer in answers for doubt in answer.doubts)
    if any(answer.covers_future for answer in answers):
        told = tuple(note for note in notes if note not in doubts)
        return KnownEvents(merged, doubts, told)
    gaps = tuple(answer.gap for answer in answers if answer.gap) or NO_EVENT_SOURCE
    told = tuple(note for note in notes if not any(note in gap for gap in gaps))
    return KnownEvents(merged, gaps, told)


def _answer(
    source: EventSource, symbol: str, as_of: date, now: datetime
) -> EventAnswer:
    """Return the source's answer; a failure is an answer that knows nothing.

    That a source broke is told even where others know; that it has nothing is not.
    """
    try:
        return source.ask(symbol, as_of, now)
    except NoCalendar as error:
        return EventAnswer((), covers_future=False, gap=error.sentence)
    except SymbolError as error:
        said = str(error).rstrip(".")
        return EventAnswer((), covers_future=False, gap=said, notes=(said,))


NO_EVENT_SOURCE = ("no event source is connected",)


def merge_events(
    events: Iterable[Event],
    as_of: date,
    settings: GuardSettings,
    sightings: Iterable[EventSighting] = (),
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the events without repeats, by date, and where their sources differ.

    The same type on the same day is one event, of all who name it. An estimate goes
    as soon as a confirmed date of the same event has passed or is in the look-ahead;
    one further off may be another's.
    """
    distinct: dict[tuple[str, date, date], Event] = {}
    for event in sorted(events, key=lambda one: one.status):  # confirmed first
        key = (event.type, event.first, event.last)
        kept = distinct.get(key)
        distinct[key] = _joined(kept, event) if kept else event
    soon = as_of + timedelta(days=settings.lookahead_days)
    settling = [
        event
        for event in distinct.values()
        if event.status == "confirmed" and event.first <= soon
    ]
    kept_events = [
        event
        for event in distinct.values()
        if not any(_settles(one, event, settings) for one in settling)
    ]
    ordered = sorted(kept_events, key=lambda one: (one.first, one.last, one.type))
    return tuple(ordered), _differences(distinct.values(), sightings, settings)


def _joined(kept: Event, event: Event) -> Event:
    names = dict.fromkeys([*kept.source.split(", "), event.source])
    return replace(kept, source=", ".join(names), title=kept.title or event.title)


def _settles(confirmed: Event, event: Event, settings: GuardSettings) -> bool:
    """Return whether a confirmed date says when the estimated event is."""
    if event.status == "confirmed" or not may_be_one(confirmed, event):
        return False
    if event.is_window:
        return event.first <= confirmed.first <= event.last
    return _days_between(confirmed, event) <= settings.same_event_days


def _differences(
    events: Iterable[Event],
    sightings: Iterable[EventSighting],
    settings: GuardSettings,
) -> tuple[str, ...]:
    """Return a sentence for each pair of dates that two sources give one event."""
    seen = list(sightings)
    return tuple(
        f"sources differ: {_since(one, seen)}, {_since(other, seen)}"
        for one, other in combinations(
            [event for event in events if not event.is_window], 2
        )
        if one.first != other.first
        and not set(one.source.split(", ")) & set(other.source.split(", "))
        and may_be_one(one, other)
        and _days_between(one, other) <= settings.same_event_days
    )


def _since(event: Event, sightings: Iterable[EventSighting]) -> str:
    """Return the event's sentence, with the first session that knew it if stored."""
    named_on = [
        seen.first_as_of
        for seen in sightings
        if (seen.event.type, seen.event.first) == (event.type, event.first)
    ]
    since = f" since {min(named_on)}" if named_on else ""
    return f"{event.sentence}{since}"


def _days_between(one: Event, other: Event) -> int:
    return abs((one.first - other.first).days)


def _is_near(event: Event, as_of: date, settings: GuardSettings) -> bool:
    ahead = timedelta(days=settings.lookahead_days + settings.same_event_days)
    back = timedelta(days=PAST_DAYS)
    return event.last >= as_of - back and event.first <= as_of + ahead
