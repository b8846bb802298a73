"""Merges the answers of all event sources for one symbol.

A confirmed date replaces an estimated one. Differences between sources are reported.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import combinations

from config.errors import NoCalendar, SymbolError
from config.settings import GuardSettings
from market_data.symbols import exchange_of
from risk_guard.date_changes import date_changes, lost_reports
from risk_guard.event_provenance import EventProvenance, find_provenance
from risk_guard.event_sources import EventAnswer, EventSource
from risk_guard.events import Event, may_be_same, select_events
from risk_guard.last_year import last_year_windows
from risk_guard.past_reports import (
    PastReport,
    past_reports,
    reports_among,
    unreacted_reports,
)
from risk_guard.sightings import EventSighting

PAST_DAYS = 30
"""Days after an event for which it is kept, for the sit-out after it."""

LATER_DAYS = 365
"""Days ahead in which an event is kept for the calendar of coming events."""

NO_EVENT_SOURCE = ("no event source is connected",)


@dataclass(frozen=True)
class KnownEvents:
    """A symbol's events around the as-of session.

    `gaps` are the reasons why coming events may be missing, empty if a source covers
    them. `notes` are sentences for the row's warning. `past_reports` are all that are
    known, however long ago; `report_gaps` are the reasons why some may be missing.
    `unreacted` are reports up to the as-of session whose reaction may be to come.
    `provenance` has the sources and earlier dates of each event, in their order.
    `later` are events too far ahead to count, with `later_provenance`.
    """

    events: tuple[Event, ...]
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    past_reports: tuple[PastReport, ...] = ()
    report_gaps: tuple[str, ...] = ()
    unreacted: tuple[PastReport, ...] = ()
    provenance: tuple[EventProvenance, ...] = ()
    later: tuple[Event, ...] = ()
    later_provenance: tuple[EventProvenance, ...] = ()


def collect_events(
    symbol: str,
    sources: Iterable[EventSource],
    as_of: date,
    now: datetime,
    settings: GuardSettings,
) -> KnownEvents:
    """Return the merged events of all sources, and the past reports.

    If no source names coming earnings, last year's dates give estimated windows. A
    failed source counts as an empty answer and is always reported; a source without
    data is not.
    """
    answers = [_answer(source, symbol, as_of, now) for source in sources]
    events = [event for answer in answers for event in answer.events]
    reports = [*reports_among(events), *(r for a in answers for r in a.past_reports)]
    exchange = exchange_of(symbol).code
    past = past_reports(reports, exchange, as_of)
    unreacted = unreacted_reports(reports, exchange, as_of)
    windows = last_year_windows([*past, *unreacted], events, as_of, now, settings)
    near = _select_near(events, as_of, settings)
    sightings = tuple(seen for answer in answers for seen in answer.sightings)
    merged, differing = merge_events(near, as_of, settings, sightings)
    known = _sort((*merged, *windows))
    notes = (*date_changes(sightings, as_of, settings), *differing)
    lost = lost_reports(sightings, near, as_of, settings)
    gaps, notes = _gaps(answers, notes, lost)
    later = _select_later(events, near, as_of, settings)
    return KnownEvents(
        known,
        gaps,
        notes,
        past,
        tuple(gap for answer in answers for gap in answer.report_gaps),
        unreacted,
        find_provenance(known, (*near, *windows), sightings, settings),
        later,
        find_provenance(later, events, sightings, settings),
    )


def _select_near(
    events: Iterable[Event], as_of: date, settings: GuardSettings
) -> list[Event]:
    """Return the events that count now, or that may be the same as one that does."""
    ahead = timedelta(days=settings.lookahead_days + settings.same_event_days)
    return select_events(events, as_of - timedelta(days=PAST_DAYS), as_of + ahead)


def _select_later(
    events: Iterable[Event],
    near: Sequence[Event],
    as_of: date,
    settings: GuardSettings,
) -> tuple[Event, ...]:
    """Return the merged events of the year after `near`, without those among them."""
    first = as_of + timedelta(days=settings.lookahead_days)
    ahead = select_events(events, first, as_of + timedelta(days=LATER_DAYS))
    later = [
        event
        for event in ahead
        if event not in near
        and not any(
            may_be_same(event, one)
            and _days_between(event, one) <= settings.same_event_days
            and one.last >= as_of
            for one in near
        )
    ]
    return merge_events(later, as_of, settings)[0]


def _sort(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda kept: (kept.first, kept.last, kept.type)))


def _gaps(
    answers: Sequence[EventAnswer], found: tuple[str, ...], lost: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why coming events may be missing, and the notes without those reasons.

    `found` are notes beside those of the answers, `lost` are further reasons.
    """
    notes = (*(note for answer in answers for note in answer.notes), *found)
    doubts = (*(doubt for answer in answers for doubt in answer.doubts), *lost)
    if any(answer.covers_future for answer in answers):
        return doubts, tuple(note for note in notes if note not in doubts)
    gaps = tuple(answer.gap for answer in answers if answer.gap) or NO_EVENT_SOURCE
    gaps = (*gaps, *lost)
    return gaps, tuple(note for note in notes if not any(note in gap for gap in gaps))


def _answer(
    source: EventSource, symbol: str, as_of: date, now: datetime
) -> EventAnswer:
    """Return the source's answer, an empty one with the reason if it has none."""
    try:
        return source.ask(symbol, as_of, now)
    except NoCalendar as error:
        return EventAnswer((), covers_future=False, gap=error.sentence)
    except SymbolError as error:
        failure = str(error).rstrip(".")
        return EventAnswer((), covers_future=False, gap=failure, notes=(failure,))


def merge_events(
    events: Iterable[Event],
    as_of: date,
    settings: GuardSettings,
    sightings: Iterable[EventSighting] = (),
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the distinct events by date, and sentences on how the sources differ.

    Events of the same type and day are joined. An estimate is dropped if a confirmed
    date of the same event has passed or is in the look-ahead. A later confirmed date
    may be that of another event.
    """
    distinct: dict[tuple[str, date, date], Event] = {}
    for event in sorted(events, key=lambda found: found.status):  # confirmed first
        kept = distinct.get(event.key)
        distinct[event.key] = _join(kept, event) if kept else event
    soon = as_of + timedelta(days=settings.lookahead_days)
    settling = [
        event
        for event in distinct.values()
        if event.status == "confirmed" and event.first <= soon
    ]
    kept_events = [
        event
        for event in distinct.values()
        if not any(_settles(confirmed, event, settings) for confirmed in settling)
    ]
    notes = _differences(distinct.values(), kept_events, sightings, settings)
    return _sort(kept_events), notes


def _join(kept: Event, event: Event) -> Event:
    names = dict.fromkeys([*kept.source.split(", "), event.source])
    return replace(
        kept,
        source=", ".join(names),
        title=kept.title or event.title,
        time=event.time if kept.time == "unknown" else kept.time,
    )


def _settles(confirmed: Event, event: Event, settings: GuardSettings) -> bool:
    """Return whether the confirmed event replaces the estimated `event`.

    A source that names a later date than its own confirmed one has moved the report.
    """
    if event.status == "confirmed" or not may_be_same(confirmed, event):
        return False
    if event.is_window:
        return event.first <= confirmed.first <= event.last
    if event.first > confirmed.first and _share_source(confirmed, event):
        return False
    return _days_between(confirmed, event) <= settings.same_event_days


def _differences(
    events: Iterable[Event],
    kept: Sequence[Event],
    sightings: Iterable[EventSighting],
    settings: GuardSettings,
) -> tuple[str, ...]:
    """Return a sentence for each pair of different dates of the same event.

    It names both dates, which of them is used, and why.
    """
    seen = list(sightings)
    dated = [event for event in _sort(events) if not event.is_window]
    return tuple(
        f"sources differ: {_since(event, seen)}, {_since(other, seen)}; "
        f"{_explain_use(event, other, kept, settings)}"
        for event, other in combinations(dated, 2)
        if event.first != other.first
        and not _share_source(event, other)
        and may_be_same(event, other)
        and _days_between(event, other) <= settings.same_event_days
    )


def _explain_use(
    event: Event, other: Event, kept: Sequence[Event], settings: GuardSettings
) -> str:
    """Return which of two dates of the same event is used, and why."""
    used = [one for one in (event, other) if one in kept]
    if not used:
        return "neither is used, because a confirmed date replaces them"
    if len(used) == 1:
        return f"{used[0].days} is used, because a confirmed date replaces an estimate"
    if event.status == other.status == "confirmed":
        return "both are used, because both are confirmed"
    if event.status == other.status:
        return "both are used, because neither is confirmed"
    soon = f"{settings.lookahead_days} days"
    return f"both are used, because the confirmed date is more than {soon} ahead"


def _since(event: Event, sightings: Iterable[EventSighting]) -> str:
    """Return the event's sentence, with the first session of its own sources."""
    named_on = [
        seen.first_as_of
        for seen in sightings
        if seen.event.key == event.key and _share_source(seen.event, event)
    ]
    since = f" since {min(named_on)}" if named_on else ""
    return f"{event.sentence}{since}"


def _share_source(event: Event, other: Event) -> bool:
    return not {*event.source.split(", ")}.isdisjoint(other.source.split(", "))


def _days_between(event: Event, other: Event) -> int:
    return abs((event.first - other.first).days)
