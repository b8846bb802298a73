"""The time of day of a report by the exchange's hours, and its reaction sessions."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data.sessions import (
    is_session,
    local_time,
    session_close,
    session_on_or_after,
)
from risk_guard.reactions import ReportTime, reaction_sessions, report_time

ZONES = {
    "XASX": ZoneInfo("Australia/Sydney"),
    "XLON": ZoneInfo("Europe/London"),
    "XNYS": ZoneInfo("America/New_York"),
}

CLOCKS: list[tuple[str, str, ReportTime, str]] = [
    # Each exchange's open and close belong to the session and to the time after it.
    ("XASX", "2025-08-13 09:59", "before_open", "2025-08-13"),
    ("XASX", "2025-02-12 10:00", "during", "2025-02-12"),
    ("XASX", "2025-08-13 15:59", "during", "2025-08-13"),
    ("XASX", "2025-08-13 16:00", "after_close", "2025-08-14"),
    ("XNYS", "2025-07-30 09:29", "before_open", "2025-07-30"),
    ("XNYS", "2025-07-30 09:30", "during", "2025-07-30"),
    ("XNYS", "2025-07-30 16:00", "after_close", "2025-07-31"),
    ("XLON", "2025-07-30 07:00", "before_open", "2025-07-30"),
    ("XLON", "2025-07-30 16:29", "during", "2025-07-30"),
    ("XLON", "2025-07-30 16:30", "after_close", "2025-07-31"),
    # Half days: the day after Thanksgiving, and Christmas Eve.
    ("XNYS", "2025-11-28 12:59", "during", "2025-11-28"),
    ("XNYS", "2025-11-28 13:00", "after_close", "2025-12-01"),
    ("XLON", "2025-12-24 12:29", "during", "2025-12-24"),
    ("XLON", "2025-12-24 12:30", "after_close", "2025-12-29"),
    ("XASX", "2025-12-24 14:09", "during", "2025-12-24"),
    ("XASX", "2025-12-24 14:10", "after_close", "2025-12-29"),
    # The sessions before and after each change to or from daylight saving.
    ("XNYS", "2025-03-07 09:29", "before_open", "2025-03-07"),
    ("XNYS", "2025-03-07 16:00", "after_close", "2025-03-10"),
    ("XNYS", "2025-03-10 09:29", "before_open", "2025-03-10"),
    ("XNYS", "2025-03-10 15:59", "during", "2025-03-10"),
    ("XNYS", "2025-10-31 16:00", "after_close", "2025-11-03"),
    ("XNYS", "2025-11-03 09:29", "before_open", "2025-11-03"),
    ("XNYS", "2025-11-03 15:59", "during", "2025-11-03"),
    ("XLON", "2025-03-31 07:59", "before_open", "2025-03-31"),
    ("XLON", "2025-03-31 16:30", "after_close", "2025-04-01"),
    ("XLON", "2025-10-27 07:59", "before_open", "2025-10-27"),
    ("XLON", "2025-10-27 16:29", "during", "2025-10-27"),
    ("XASX", "2025-04-04 16:00", "after_close", "2025-04-07"),
    ("XASX", "2025-04-07 09:59", "before_open", "2025-04-07"),
    ("XASX", "2025-10-03 16:00", "after_close", "2025-10-06"),
    ("XASX", "2025-10-06 15:59", "during", "2025-10-06"),
    # Good Friday and Easter Monday; New York trades on the latter.
    ("XASX", "2025-04-17 16:00", "after_close", "2025-04-22"),
    ("XLON", "2025-04-17 16:30", "after_close", "2025-04-22"),
    ("XNYS", "2025-04-17 16:00", "after_close", "2025-04-21"),
    ("XASX", "2025-04-18 08:00", "before_open", "2025-04-22"),
    ("XNYS", "2025-04-18 20:15", "before_open", "2025-04-21"),
    # A weekend.
    ("XLON", "2025-08-02 07:00", "before_open", "2025-08-04"),
    ("XNYS", "2025-08-03 18:00", "before_open", "2025-08-04"),
]


@pytest.mark.parametrize(("exchange", "clock", "expected", "session"), CLOCKS)
def test_a_report_has_a_time_of_day_and_a_reaction_session(
    exchange: str, clock: str, expected: ReportTime, session: str
) -> None:
    """Both are those of the exchange's own hours, whatever zone the instant is in."""
    local = datetime.fromisoformat(clock).replace(tzinfo=ZONES[exchange])
    found = report_time(exchange, local.astimezone(UTC))
    assert found == (local.date(), expected)
    assert reaction_sessions(exchange, *found) == (date.fromisoformat(session),)


UNTIMED = [
    ("XNYS", "2025-07-31T00:00:00+00:00", "2025-07-31"),
    ("XNYS", "2025-07-31T00:00:00-04:00", "2025-07-31"),
    ("XASX", "2025-08-12T14:00:00+00:00", "2025-08-13"),
    ("XASX", "2025-08-13T00:00:00+00:00", "2025-08-13"),
    ("XASX", "2025-08-13T00:00:00-04:00", "2025-08-13"),
]


@pytest.mark.parametrize(("exchange", "instant", "day"), UNTIMED)
def test_midnight_is_a_date_without_a_time(
    exchange: str, instant: str, day: str
) -> None:
    """Midnight in the zone of the exchange or of the instant is a date only."""
    found = report_time(exchange, datetime.fromisoformat(instant))
    assert found == (date.fromisoformat(day), "unknown")


@pytest.mark.parametrize(
    ("exchange", "instant", "expected"),
    [
        ("XNYS", "2025-10-30T20:00:00-04:00", "after_close"),
        ("XNYS", "2025-12-11T19:00:00-05:00", "after_close"),
        ("XASX", "2025-10-30T11:00:00+11:00", "during"),
        ("XASX", "2025-07-30T10:00:00+10:00", "during"),
        ("XLON", "2025-07-30T01:00:00+01:00", "before_open"),
    ],
)
def test_a_local_time_that_is_midnight_in_utc_is_exact(
    exchange: str, instant: str, expected: ReportTime
) -> None:
    """An instant in the exchange's zone keeps its day and its time of day."""
    at = datetime.fromisoformat(instant)
    assert report_time(exchange, at) == (at.date(), expected)


@pytest.mark.parametrize(
    ("day", "sessions"),
    [
        ("2025-04-16", ("2025-04-16", "2025-04-17")),
        ("2025-04-17", ("2025-04-17", "2025-04-22")),
        ("2025-04-18", ("2025-04-22",)),
    ],
)
def test_an_unknown_time_has_two_possible_sessions(
    day: str, sessions: tuple[str, ...]
) -> None:
    """That of the day and the one after; on a day without a session only the next."""
    found = reaction_sessions("XLON", date.fromisoformat(day), "unknown")
    assert found == tuple(map(date.fromisoformat, sessions))


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        ("07:00", "before_open"),
        ("15:00", "during"),
        ("16:00", "unknown"),
        ("17:00", "after_close"),
    ],
)
def test_an_hour_that_holds_the_close_leaves_the_time_unknown(
    hour: str, expected: ReportTime
) -> None:
    """London closes at 16:30: the hour from 16:00 is before or after the close."""
    instant = datetime.fromisoformat(f"2025-07-30T{hour}:00+01:00")
    found = report_time("XLON", instant, timedelta(hours=1))
    assert found == (date(2025, 7, 30), expected)


def test_a_close_on_the_hour_leaves_no_doubt() -> None:
    """New York closes at 16:00: the hour before is during, the next one after it."""
    hour = timedelta(hours=1)
    instant = datetime.fromisoformat("2025-07-30T16:00:00-04:00")
    assert report_time("XNYS", instant, hour)[1] == "after_close"
    assert report_time("XNYS", instant - hour, hour)[1] == "during"


@pytest.mark.parametrize("year", [1985, 2095])
def test_a_day_without_known_sessions_has_no_known_time(year: int) -> None:
    """Before 1990, and beyond the known sessions, there are no hours."""
    found = report_time("XNYS", datetime(year, 5, 4, 15, tzinfo=UTC))
    assert found == (date(year, 5, 4), "unknown")


@given(st.sampled_from(sorted(ZONES)), st.integers(0, 280_000))
def test_the_reaction_session_is_the_first_to_close_after_the_report(
    exchange: str, half_hours: int
) -> None:
    """A search through the closes from 2010 on finds the same session."""
    instant = datetime(2010, 1, 5, tzinfo=UTC) + timedelta(minutes=30 * half_hours)
    day, time_of_day = report_time(exchange, instant)
    session = session_on_or_after(
        exchange, local_time(exchange, instant).date() - timedelta(days=1)
    )
    while not is_session(exchange, session) or (
        session_close(exchange, session) <= instant
    ):
        session += timedelta(days=1)
    assert session in reaction_sessions(exchange, day, time_of_day)
