"""Sentences for events whose dates changed between the answers of a source."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from config.settings import GuardSettings
from risk_guard.events import REPORTS, may_be_same
from risk_guard.sightings import EventSighting, latest_sightings

MOST_DAYS_MOVED = 45
"""Half a quarter: a date further away may belong to the next report."""

STILL_NEAR = timedelta(days=30)
"""How near a date must be if an older change of it is still to be reported."""

Sightings = Sequence[EventSighting]


@dataclass(frozen=True)
class _Change:
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
    latest = latest_sightings(sightings)
    named = [seen for seen in latest if seen.dropped_as_of is None]
    changes = (_change(old, named, settings) for old in _group_dropped_dates(latest))
    return tuple(
        change.sentence
        for change in changes
        if change and change.matters(as_of, settings)
    )


def _group_dropped_dates(latest: Sightings) -> Iterator[Sightings]:
    """Yield the dates that a source dropped in one answer, grouped by event type."""

    def answer(seen: EventSighting) -> tuple[str, str, date]:
        return seen.event.source, seen.event.type, seen.dropped_as_of or date.max

    gone = [seen for seen in latest if seen.dropped_as_of]
    for _, group in groupby(sorted(gone, key=answer), key=answer):
        yield sorted(group, key=lambda seen: seen.event.first)


def _change(
    old: Sightings, named: Sightings, settings: GuardSettings
) -> _Change | None:
    """Return how the old dates changed, None if there is nothing to report."""
    first, dropped = old[0], old[0].dropped_as_of or date.max
    near = [seen for seen in named if _replaces(seen, old, settings)]
    own = [seen for seen in near if seen.event.source == first.event.source]
    new = [seen for seen in own if seen.first_as_of >= dropped]
    # A source may drop some days of an estimated range and keep the others.
    kept = [
        seen
        for seen in own
        if seen not in new and first.event.status == seen.event.status == "estimated"
    ]
    if new or kept:
        days = [seen.event.first for seen in (*old, *kept)]
        inside = all(min(days) <= seen.event.first <= max(days) for seen in new)
        return None if inside else _Change(old, new)
    ahead = [seen for seen in old if seen.withdrawn]
    if not ahead:
        return None
    same_day = {seen.event.first for seen in near} & {
        seen.event.first for seen in ahead
    }
    others = [seen for seen in near if seen not in own]
    return _Change(ahead, () if same_day else others)


def _replaces(seen: EventSighting, old: Sightings, settings: GuardSettings) -> bool:
    """Return whether a date that is still named may replace one of the old dates."""
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
