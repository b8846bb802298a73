"""Trading sessions of each exchange, and the last one completed."""

from datetime import UTC, date, datetime

import pytest

from config.errors import ParameterError
from market_data.sessions import (
    FIRST_DATE,
    as_of_session,
    local_date,
    next_open,
    next_session,
    nth_session_after,
    sessions_apart,
    sessions_between,
)


def instant(text: str) -> datetime:
    """Return the UTC instant that `text` spells, e.g. `2025-06-27 20:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("exchange", "run_date", "now", "session"),
    [
        ("XNYS", "2025-06-27", "2025-06-27 19:59", "2025-06-26"),  # before the close
        ("XNYS", "2025-06-27", "2025-06-27 20:31", "2025-06-27"),  # after it
        ("XNYS", "2025-01-10", "2025-01-10 20:30", "2025-01-08"),  # winter; 9th closed
        ("XNYS", "2025-07-03", "2025-07-03 17:31", "2025-07-03"),  # closes early
        ("XNYS", "2025-07-04", "2025-07-05 09:00", "2025-07-03"),  # Independence Day
        ("XNYS", "2025-06-28", "2025-06-28 12:00", "2025-06-27"),  # Saturday
        ("XNYS", "2025-06-29", "2025-06-29 23:00", "2025-06-27"),  # Sunday
        ("XNYS", "2025-06-23", "2025-06-27 23:00", "2025-06-23"),  # asked for the past
        ("XASX", "2025-06-27", "2025-06-27 05:59", "2025-06-26"),  # before the close
        ("XASX", "2025-06-27", "2025-06-27 06:15", "2025-06-26"),  # in the auction
        ("XASX", "2025-06-27", "2025-06-27 06:30", "2025-06-27"),  # after it
        ("XASX", "2025-06-27", "2025-06-26 21:00", "2025-06-26"),  # tomorrow in Sydney
        ("XASX", "2025-01-27", "2025-01-27 12:00", "2025-01-24"),  # Australia Day
        ("XASX", "2025-04-25", "2025-04-26 00:00", "2025-04-24"),  # Anzac Day
        ("XASX", "2025-07-04", "2025-07-05 09:00", "2025-07-04"),  # no holiday there
        ("XLON", "2025-08-25", "2025-08-26 06:00", "2025-08-22"),  # bank holiday
        ("XLON", "2025-06-27", "2025-06-27 16:01", "2025-06-27"),
        ("XLON", "2025-06-27", "2025-06-27 15:59", "2025-06-26"),
    ],
)
def test_the_as_of_session_is_the_last_completed_one(
    exchange: str, run_date: str, now: str, session: str
) -> None:
    """As-of is the last completed session of the exchange up to the date."""
    found = as_of_session(exchange, date.fromisoformat(run_date), instant(now))
    assert found == date.fromisoformat(session)


@pytest.mark.parametrize(
    ("exchange", "session"),
    [
        ("XASX", date(2025, 6, 27)),
        ("XLON", date(2025, 6, 26)),
        ("XNYS", date(2025, 6, 26)),
    ],
)
def test_each_exchange_has_an_as_of_session_of_its_own(
    exchange: str, session: date
) -> None:
    """At one instant Sydney has closed while London and New York have not opened."""
    now = instant("2025-06-27 06:30")
    assert as_of_session(exchange, date(2025, 6, 27), now) == session


@pytest.mark.parametrize("exchange", ["XASX", "XLON", "XNYS"])
@pytest.mark.parametrize("run_date", [date(2025, 6, 29), date(2026, 1, 1), date.max])
def test_a_date_in_the_future_is_refused(exchange: str, run_date: date) -> None:
    """A run can't know what has not happened; the message holds today and the date."""
    with pytest.raises(ParameterError, match=f"2025-06-27.*, got {run_date}"):
        as_of_session(exchange, run_date, instant("2025-06-27 23:00"))


@pytest.mark.parametrize("run_date", [date(1990, 1, 1), date(1929, 10, 29), date.min])
def test_a_date_before_every_session_is_refused(run_date: date) -> None:
    """Before the first known session there is nothing to screen."""
    with pytest.raises(ParameterError, match=f"`as_of` must be {FIRST_DATE}"):
        as_of_session("XNYS", run_date, instant("2025-06-27 23:00"))


def test_the_first_known_session_may_be_asked_for() -> None:
    """The bound belongs to the range."""
    assert as_of_session("XNYS", FIRST_DATE, instant("2025-06-27 23:00")) == FIRST_DATE


@pytest.mark.parametrize(
    ("exchange", "session", "following"),
    [
        ("XNYS", "2025-06-26", "2025-06-27"),
        ("XNYS", "2025-06-27", "2025-06-30"),
        ("XNYS", "2025-07-03", "2025-07-07"),
        ("XASX", "2025-01-24", "2025-01-28"),
        ("XLON", "2025-12-24", "2025-12-29"),
    ],
)
def test_the_next_session_skips_weekends_and_holidays(
    exchange: str, session: str, following: str
) -> None:
    """The forecast is for the next day on which the exchange trades."""
    found = next_session(exchange, date.fromisoformat(session))
    assert found == date.fromisoformat(following)


@pytest.mark.parametrize(
    ("exchange", "first", "last", "days"),
    [
        ("XASX", date(2025, 1, 24), date(2025, 1, 29), [24, 28, 29]),
        ("XNYS", date(2025, 1, 18), date(2025, 1, 22), [21, 22]),
        ("XNYS", date(2025, 1, 18), date(2025, 1, 20), []),
        ("XNYS", date(1985, 1, 1), date(1990, 1, 3), [2, 3]),
    ],
)
def test_sessions_between_two_dates_include_both(
    exchange: str, first: date, last: date, days: list[int]
) -> None:
    """Only sessions come back; days before the first known one are left out."""
    assert list(sessions_between(exchange, first, last).day) == days


def test_before_the_first_known_session_there_is_none() -> None:
    """A range that ends before the calendar begins holds no session."""
    assert sessions_between("XNYS", date(1985, 1, 1), date(1985, 12, 31)).empty


@pytest.mark.parametrize(
    ("exchange", "session", "opens"),
    [
        ("XASX", date(2025, 11, 10), "2025-11-10 23:00"),  # Tuesday 10:00 AEDT
        ("XASX", date(2025, 7, 11), "2025-07-14 00:00"),  # Monday 10:00 AEST
        ("XNYS", date(2025, 11, 26), "2025-11-28 14:30"),  # after Thanksgiving
        ("XLON", date(2025, 12, 24), "2025-12-29 08:00"),
    ],
)
def test_the_next_open_is_an_instant(exchange: str, session: date, opens: str) -> None:
    """On the exchange's own clock, holidays and weekends skipped."""
    assert f"{next_open(exchange, session):%Y-%m-%d %H:%M}" == opens


@pytest.mark.parametrize(
    ("exchange", "day", "apart"),
    [
        ("XASX", date(2025, 11, 10), 0),
        ("XASX", date(2025, 11, 17), 5),
        ("XASX", date(2025, 11, 9), 0),  # a Sunday counts for Monday
        ("XASX", date(2025, 11, 7), -1),
        ("XASX", date(2025, 12, 29), 33),  # Christmas and Boxing Day left out
        ("XNYS", date(2025, 12, 29), 33),  # Thanksgiving and Christmas left out
    ],
)
def test_distances_are_counted_in_sessions(
    exchange: str, day: date, apart: int
) -> None:
    """Forward positive, backward negative, closed days for the next session."""
    assert sessions_apart(exchange, date(2025, 11, 10), day) == apart


def test_the_nth_session_after_a_day() -> None:
    """Counted from a closed day as from the session before it."""
    assert nth_session_after("XASX", date(2025, 9, 30), 40) == date(2025, 11, 25)
    assert nth_session_after("XASX", date(2025, 11, 9), 1) == date(2025, 11, 10)


def test_a_day_is_the_exchange_s_own() -> None:
    """One instant, two days."""
    instant = datetime(2025, 11, 9, 22, 30, tzinfo=UTC)
    assert local_date("XASX", instant) == date(2025, 11, 10)
    assert local_date("XNYS", instant) == date(2025, 11, 9)
