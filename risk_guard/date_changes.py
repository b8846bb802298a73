"""Sentences for events whose dates changed between the answers of a source."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from config.settings import GuardSettings
from risk_guard.events import REPORTS, Event, may_be_same
from risk_guard.past_reports import YAHOO
from risk_guard.sightings import EventSighting, latest_sightings

MOST_DAYS_MOVED = 45
"""Half a quarter: a date further away may belong to the next report."""

STILL_NEAR = timedelta(days=30)
"""How near a date must be if an older change of it is still to be reported."""

Sightings = Sequence[EventSighting]


@dataclass(frozen=True)
class DateChange:
    """Dates that a source dropped in one answer, and the dates that replace them."""

    old: Sightings
    new: Sightings

    @property
    def seen_as_of(self) -> date:
        """Return the first as-of session at which the change was visible."""
        dropped = [seen.dropped_as_of for seen in self.old if seen.dropped_as_of]
        return max([*dropped, *(seen.first_as_of for seen in self.new)])

    @property
    def sentence(self) -> str:
        """Return from when to when the date moved, or since when it is missing."""
        first, kind = self.old[0], self.old[0].event.type
        if not self.new:
            return (
                f"{first.event.source} no longer names {kind} {_days(self.old)}, which "
                f"it last named as of {max(seen.last_as_of for seen in self.old)}"
            )
        return (
            f"{kind} moved from {_days(self.old)} ({first.event.source}) to "
            f"{_days(self.new)} ({self.new[0].event.source}), seen as of "
            f"{self.seen_as_of}"
        )

    def loses_report(
        self, named: Sequence[Event], as_of: date, settings: GuardSettings
    ) -> bool:
        """Return whether Yahoo no longer names a report in the look-ahead.

        It is not lost if a source names a date near it. A line that is deleted from a
        calendar file is the user's decision.
        """
        soon = as_of + timedelta(days=settings.lookahead_days)
        return not self.new and any(
            seen.event.source == YAHOO
            and seen.event.type in REPORTS
            and as_of <= seen.event.last
            and seen.event.first <= soon
            and not any(_are_near(event, seen.event, settings) for event in named)
            for seen in self.old
        )

    def matters(self, as_of: date, settings: GuardSettings) -> bool:
        """Return whether the change is recent, or one of its dates is near."""
        if self.seen_as_of >= as_of - timedelta(days=settings.lookahead_days):
            return True
        counting = self.new or self.old
        is_ahead = any(seen.event.last >= as_of for seen in counting)
        dates = [seen.event.first for seen in (*self.old, *self.new)]
        return is_ahead and min(dates) <= as_of + STILL_NEAR


def date_changes(
    sightings: Iterable[EventSighting], as_of: date, settings: GuardSettings
) -> tuple[str, ...]:
    """Return a sentence for each date that moved or that a source dropped too early.

    `sightings` are those of all sources up to `as_of`. If a source names the next
    report after one has passed, its date has not moved.
    """
    return tuple(
        change.sentence
        for change in find_changes(sightings, settings)
        if change.matters(as_of, settings)
    )


def lost_reports(
    sightings: Iterable[EventSighting],
    named: Sequence[Event],
    as_of: date,
    settings: GuardSettings,
) -> tuple[str, ...]:
    """Return a sentence for each report in the look-ahead that Yahoo names no longer.

    It may still come. `named` are the events that any source names now.
    """
    return tuple(
        change.sentence
        for change in find_changes(sightings, settings)
        if change.loses_report(named, as_of, settings)
    )


def _are_near(event: Event, other: Event, settings: GuardSettings) -> bool:
    apart = abs((event.first - other.first).days)
    return may_be_same(event, other) and apart <= settings.same_event_days


def find_changes(
    sightings: Iterable[EventSighting], settings: GuardSettings
) -> list[DateChange]:
    """Return every stored change, however old, by source, event type and session.

    A date that moved twice has two changes.
    """
    latest = latest_sightings(sightings)
    changes = (_change(old, latest, settings) for old in _group_dropped_dates(latest))
    return [change for change in changes if change]


def _group_dropped_dates(latest: Sightings) -> Iterator[Sightings]:
    """Yield the dates that a source dropped in one answer, grouped by event type."""

    def answer(seen: EventSighting) -> tuple[str, str, date]:
        return seen.event.source, seen.event.type, seen.dropped_as_of or date.max

    gone = [seen for seen in latest if seen.dropped_as_of]
    for _, group in groupby(sorted(gone, key=answer), key=answer):
        yield sorted(group, key=lambda seen: seen.event.first)


def _change(
    old: Sightings, latest: Sightings, settings: GuardSettings
) -> DateChange | None:
    """Return how the old dates changed, None if there is nothing to report."""
    near = [one for one in latest if one not in old and _replaces(one, old, settings)]
    own = [one for one in near if one.event.source == old[0].event.source]
    new = _next_named(old, own)
    named = [one for one in near if one.dropped_as_of is None]
    # A source may drop some days of an estimated range and keep the others.
    kept = [
        one
        for one in own
        if one in named
        and one not in new
        and old[0].event.status == one.event.status == "estimated"
    ]
    if new or kept:
        days = [one.event.first for one in (*old, *kept)]
        inside = all(min(days) <= one.event.first <= max(days) for one in new)
        return None if inside else DateChange(old, new)
    return _withdrawal(old, [one for one in named if one not in own], named)


def _next_named(old: Sightings, own: Sightings) -> Sightings:
    """Return the dates that the source named first after it dropped the old ones."""
    dropped = old[0].dropped_as_of or date.max
    later = [one for one in own if one.first_as_of >= dropped]
    first = min((one.first_as_of for one in later), default=dropped)
    return [one for one in later if one.first_as_of == first]


def _withdrawal(
    old: Sightings, others: Sightings, named: Sightings
) -> DateChange | None:
    """Return the change of dates that their source no longer names before their day.

    `others` are near dates of other sources, which may be the new ones.
    """
    ahead = [one for one in old if one.withdrawn]
    if not ahead:
        return None
    days = {one.event.first for one in ahead}
    same_day = days & {one.event.first for one in named}
    return DateChange(ahead, () if same_day else others)


def _replaces(seen: EventSighting, old: Sightings, settings: GuardSettings) -> bool:
    """Return whether a date that was also named may replace one of the old dates."""
    return any(
        may_be_same(seen.event, gone.event)
        and abs((seen.event.first - gone.event.first).days) <= _reach(gone, settings)
        for gone in old
    )


def _reach(old: EventSighting, settings: GuardSettings) -> int:
    """Return the days that the event may have moved; -1 if it can't have moved."""
    is_report = old.event.type in REPORTS
    if old.withdrawn:
        return MOST_DAYS_MOVED if is_report else settings.same_event_days
    return settings.same_event_days if is_report else -1


def _days(sightings: Sightings) -> str:
    return " or ".join(dict.fromkeys(seen.event.days for seen in sightings))
