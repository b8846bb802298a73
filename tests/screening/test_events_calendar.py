"""`reports/events.ics`: identities, moved dates, windows; read by two libraries."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from made_morning import AS_OF, RUN_AT, event, screened

from risk_guard.event_provenance import EarlierDate, EventProvenance
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from screening.events_calendar import CalendarNight, update_calendar
from screening.findings import SymbolFindings

NEXT_NIGHT = RUN_AT + timedelta(days=1)


def found(*events: Event, symbol: str = "CBA.AX", **known: Any) -> SymbolFindings:  # noqa: ANN401
    """Return the findings of a symbol with these events."""
    return replace(screened(symbol), known_events=KnownEvents(events, **known))


def written(
    *findings: SymbolFindings,
    earlier: bytes = b"",
    at: datetime = RUN_AT,
    held: tuple[str, ...] = (),
) -> bytes:
    """Return the file of a night."""
    return update_calendar(earlier, findings, CalendarNight(at, frozenset(held), 14))


def entries(content: bytes) -> dict[str, Any]:
    """Return the entries by UID, read by icalendar and, the same, by ical."""
    from ical.calendar_stream import IcsCalendarStream  # noqa: PLC0415  0.3 s

    one = {str(e["UID"]): e for e in Calendar.from_ical(content).walk("VEVENT")}
    other = {
        e.uid: e for e in IcsCalendarStream.calendar_from_ics(content.decode()).events
    }
    assert {uid: e.decoded("DTSTART") for uid, e in one.items()} == {
        uid: e.dtstart for uid, e in other.items()
    }
    assert {uid: str(e["SUMMARY"]) for uid, e in one.items()} == {
        uid: e.summary for uid, e in other.items()
    }
    return other


def test_an_event_is_a_whole_day_with_its_facts() -> None:
    """A confirmed report is one day, confirmed, transparent, with title and time."""
    report = event(date(2025, 11, 12), time="after_close", url="https://a.example/x")
    ((uid, one),) = entries(written(found(report), held=("CBA.AX",))).items()
    assert uid == "CBA.AX_earnings_2025-11-12@event-risk-guard"
    assert (one.dtstart, one.dtend) == (date(2025, 11, 12), date(2025, 11, 13))
    assert one.status == "CONFIRMED"
    assert "after the close" in one.description
    assert one.categories == ["earnings", "holding"]


def test_a_window_is_a_tentative_span() -> None:
    """An estimated window covers its days and is tentative."""
    window = event(AS_OF, last=date(2025, 11, 24), status="estimated")
    (one,) = entries(written(found(window))).values()
    assert (one.dtend - one.dtstart).days == 15
    assert one.status == "TENTATIVE"


def test_a_date_that_moves_is_moved() -> None:
    """UID stays, SEQUENCE and LAST-MODIFIED rise, and nothing is there twice."""
    first = written(found(event(date(2025, 11, 20))))
    second = written(found(event(date(2025, 11, 26))), earlier=first, at=NEXT_NIGHT)
    ((uid, before),) = entries(first).items()
    ((moved, after),) = entries(second).items()
    assert moved == uid
    assert after.dtstart == date(2025, 11, 26)
    assert after.sequence > before.sequence
    assert after.last_modified > before.last_modified


def test_a_lost_file_gives_the_same_identity() -> None:
    """Without the earlier file, the stored answers name the event's first date."""
    moved = EarlierDate(date(2025, 11, 20), date(2025, 11, 20), "Yahoo", AS_OF, AS_OF)
    come_from = (EventProvenance(earlier=(moved,)),)
    content = written(found(event(date(2025, 11, 26)), provenance=come_from))
    assert list(entries(content)) == ["CBA.AX_earnings_2025-11-20@event-risk-guard"]


def test_an_unchanged_event_keeps_its_version() -> None:
    """A night without news writes the same bytes."""
    report = event(date(2025, 11, 20))
    first = written(found(report))
    assert written(found(report), earlier=first, at=NEXT_NIGHT) == first


def test_the_next_event_of_a_series_is_another_event() -> None:
    """A weekly dividend that has passed does not become the next one."""
    days = [AS_OF + timedelta(days=7 * week) for week in range(3)]
    weekly = [event(day, "dividend") for day in days]
    first = written(found(*weekly[:2]))
    later = replace(found(*weekly[1:]), as_of=AS_OF + timedelta(days=1))
    second = entries(written(later, earlier=first, at=NEXT_NIGHT))
    assert list(second) == [
        f"CBA.AX_dividend_{day}@event-risk-guard" for day in days[1:]
    ]


def test_other_lists_keep_their_events() -> None:
    """A night of one list leaves the coming events of another, and drops past ones."""
    first = written(
        found(event(date(2025, 11, 20)), symbol="BHP.AX"),
        found(event(AS_OF), symbol="RIO.AX"),
    )
    tomorrow = replace(found(), as_of=AS_OF + timedelta(days=1))
    second = written(tomorrow, earlier=first, at=NEXT_NIGHT)
    assert list(entries(second)) == ["BHP.AX_earnings_2025-11-20@event-risk-guard"]


def test_a_source_that_does_not_answer_withdraws_nothing() -> None:
    """An event stays if its source failed, and goes if the source dropped it."""
    first = written(found(event(date(2025, 11, 20))))
    assert entries(written(found(gaps=("no answer",)), earlier=first))
    assert not entries(written(found(), earlier=first))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 20), max_size=4, unique=True), st.binary(max_size=80))
def test_each_event_is_there_once_whatever_the_earlier_file_holds(
    days: list[int], earlier: bytes
) -> None:
    """A damaged file raises nothing; identities are unique; dates are tonight's."""
    coming = [event(AS_OF + timedelta(days=day)) for day in sorted(days)]
    first = written(found(event(date(2025, 11, 15)), event(date(2025, 11, 25))))
    for content in (earlier, first):
        shown = entries(written(found(*coming), earlier=content, at=NEXT_NIGHT))
        assert sorted(one.dtstart for one in shown.values()) == [
            one.first for one in coming
        ]


def test_a_report_of_the_next_quarter_is_in_the_calendar() -> None:
    """Events beyond the look-ahead are written too, with the identity they keep."""
    far = event(date(2026, 2, 11))
    first = written(found(later=(far,)))
    second = written(found(far), earlier=first, at=NEXT_NIGHT)
    assert list(entries(first)) == ["CBA.AX_earnings_2026-02-11@event-risk-guard"]
    assert second == first
