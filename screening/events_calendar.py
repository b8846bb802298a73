"""The coming events as an iCalendar file for calendar programs. Pure.

An event keeps its UID from night to night, so that a date that moves is moved in the
calendar and not added a second time. The UID holds the first date under which the event
was seen: from the stored answers of the sources, else from the earlier file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar
from icalendar import Event as CalendarEntry

from config.plain_text import plain_text
from risk_guard.date_changes import MOST_DAYS_MOVED
from risk_guard.event_provenance import EventProvenance
from risk_guard.events import REPORTS, Event
from screening.findings import SymbolFindings
from screening.report.views import web_address

DOMAIN = "@event-risk-guard"
TIMES = {
    "before_open": "before the open",
    "during": "during the session",
    "after_close": "after the close",
    "unknown": "time of day not known",
}
CONTENT = ("DTSTART", "DTEND", "SUMMARY", "STATUS", "DESCRIPTION", "URL", "CATEGORIES")
"""Properties whose change is a new version of the event."""

UID_PARTS = 3
"""Symbol, type and first date, joined by `_`."""

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Known:
    """An entry of the earlier file, and the parts of its UID."""

    uid: str
    symbol: str
    kind: str
    entry: CalendarEntry

    @property
    def first(self) -> date:
        return _day(self.entry, "DTSTART")

    @property
    def last(self) -> date:
        return _day(self.entry, "DTEND") - timedelta(days=1)


@dataclass(frozen=True)
class CalendarNight:
    """What decides the entries of a night.

    `run_at` is the time of a new or changed version. It gives its SEQUENCE too, in
    minutes, so that it rises even if the file was lost in between. The events of `held`
    symbols get the category `holding`. A date may move by `same_event_days` and still
    be that of the same event; a report's may move by half a quarter.
    """

    run_at: datetime
    held: frozenset[str]
    same_event_days: int

    @property
    def version(self) -> dict[str, object]:
        """Return the properties of a new version."""
        at = self.run_at.astimezone(UTC).replace(microsecond=0)
        sequence = max(0, int((at - _EPOCH).total_seconds() // 60))
        return {"sequence": sequence, "dtstamp": at, "last-modified": at}


def update_calendar(
    earlier: bytes, findings: Sequence[SymbolFindings], night: CalendarNight
) -> bytes:
    """Return the file with the coming events of the findings.

    `earlier` is the file of the night before, empty without one; a damaged one counts
    as empty. Its coming events of symbols without findings stay as they are.
    """
    known = list(_read(earlier))
    entries: dict[str, CalendarEntry] = {}
    for found in findings:
        own = [one for one in known if one.symbol == found.symbol]
        entries |= _entries(found, own, night)
    today = min((found.as_of for found in findings), default=night.run_at.date())
    ours = {found.symbol for found in findings}
    for one in known:
        if one.symbol not in ours and one.last >= today:
            entries.setdefault(one.uid, one.entry)
    calendar = Calendar()
    calendar.add("prodid", "-//Event Risk Guard//Coming events//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Event Risk Guard")
    for uid in sorted(entries, key=lambda uid: (_day(entries[uid], "DTSTART"), uid)):
        calendar.add_component(entries[uid])
    return bytes(calendar.to_ical())


def _entries(
    found: SymbolFindings, own: Sequence[_Known], night: CalendarNight
) -> dict[str, CalendarEntry]:
    """Return the symbol's entries by UID; an unchanged one is the earlier one."""
    coming = dict(_coming(found))
    before = {one.uid: one.entry for one in own}
    entries: dict[str, CalendarEntry] = {}
    for event, uid in _identify(found, coming, own, night.same_event_days).items():
        entry = _entry(uid, found.symbol, event, held=found.symbol in night.held)
        if uid in before and _content(before[uid]) == _content(entry):
            entry = before[uid]
        else:
            for name, value in night.version.items():
                entry.add(name, value)
        entries[uid] = entry
    if found.known_events.gaps:  # A source that did not answer withdraws nothing.
        for one in own:
            if one.last >= found.as_of:
                entries.setdefault(one.uid, one.entry)
    return entries


def _coming(found: SymbolFindings) -> Iterator[tuple[Event, EventProvenance]]:
    known = found.known_events
    for events, each in (
        (known.events, known.provenance),
        (known.later, known.later_provenance),
    ):
        provenance = [*each, *[EventProvenance()] * len(events)]
        for event, come_from in zip(events, provenance, strict=False):
            if event.last >= found.as_of:
                yield event, come_from


def _identify(
    found: SymbolFindings,
    coming: Mapping[Event, EventProvenance],
    own: Sequence[_Known],
    same_event_days: int,
) -> dict[Event, str]:
    """Return the UID of each event: its first date, else that of the nearest entry."""
    uids: dict[Event, str] = {}
    present = {one.uid for one in own}
    roots = {event: _root(found.symbol, event, coming[event]) for event in coming}
    for event, root in roots.items():
        if root in present and root not in uids.values():
            uids[event] = root
    for event, root in roots.items():
        if event in uids:
            continue
        free = [one for one in own if one.uid not in uids.values()]
        near = _nearest(event, free, found.as_of, same_event_days)
        uid = near or root
        uids[event] = uid if uid not in uids.values() else _uid(found.symbol, event)
    return uids


def _root(symbol: str, event: Event, come_from: EventProvenance) -> str:
    """Return the UID by the first date under which the sources named the event."""
    first = min(
        ((one.moved_as_of, one.first) for one in come_from.earlier),
        default=(None, event.first),
    )
    return _uid(symbol, event, first[1])


def _uid(symbol: str, event: Event, first: date | None = None) -> str:
    kind = event.type.replace("_", "-")
    return f"{symbol}_{kind}_{first or event.first}{DOMAIN}"


def _nearest(
    event: Event, free: Iterable[_Known], as_of: date, same_event_days: int
) -> str:
    """Return the UID of the nearest coming entry that may be the event, '' if none."""
    reach = MOST_DAYS_MOVED if event.type in REPORTS else same_event_days
    kind = event.type.replace("_", "-")
    apart = {
        one.uid: abs((one.first - event.first).days)
        for one in free
        if one.kind == kind and one.last > as_of
    }
    nearest = min(apart, key=lambda uid: (apart[uid], uid), default="")
    return nearest if nearest and apart[nearest] <= reach else ""


def _entry(uid: str, symbol: str, event: Event, *, held: bool) -> CalendarEntry:
    """Return the event as an entry without a version."""
    sure = event.status == "confirmed" and not event.is_window
    kind = event.type.replace("_", " ")
    entry = CalendarEntry()
    entry.add("uid", uid)
    entry.add("dtstart", event.first)
    entry.add("dtend", event.last + timedelta(days=1))
    entry.add("summary", f"{symbol} {kind}{'' if sure else ' (estimated)'}")
    entry.add("status", "CONFIRMED" if sure else "TENTATIVE")
    entry.add("description", _description(event))
    entry.add("categories", [event.type, *(["holding"] if held else [])])
    entry.add("transp", "TRANSPARENT")
    if address := web_address(event.url):
        entry.add("url", address)
    return entry


def _description(event: Event) -> str:
    sure = "window, the exact day is not known" if event.is_window else event.status
    parts = [plain_text(event.title), f"{sure}, {event.source}"]
    if event.type in REPORTS and not event.is_window:
        parts.append(TIMES[event.time])
    return "; ".join(filter(None, parts))


def _content(entry: CalendarEntry) -> tuple[object, ...]:
    return tuple(entry[name].to_ical() if name in entry else b"" for name in CONTENT)


def _read(content: bytes) -> Iterator[_Known]:
    """Yield the entries that we wrote; a damaged file has none."""
    try:
        found = Calendar.from_ical(content).walk("VEVENT") if content else []
        for entry in found:
            uid = str(entry["UID"])
            parts = uid.removesuffix(DOMAIN).split("_")
            if isinstance(entry, CalendarEntry) and len(parts) == UID_PARTS:
                known = _Known(uid, parts[0], parts[1], entry)
                if known.first <= known.last:
                    yield known
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return


def _day(entry: CalendarEntry, name: str) -> date:
    day = entry.decoded(name)
    if isinstance(day, datetime) or not isinstance(day, date):
        raise ValueError(f"{name} is no day")  # noqa: TRY004
    return day
