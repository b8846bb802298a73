"""The time of day of a report, and the sessions in which the price can react to it."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from market_data.sessions import (
    covers,
    local_time,
    next_session,
    nth_session_after,
    session_hours,
    session_on_or_after,
)

ReportTime = Literal["before_open", "during", "after_close", "unknown"]
"""When a report came, by the exchange's own hours of its day."""

type Reaction = Literal["yes", "possible", "no"]
"""Whether the price can react to a report in a session; "possible" if the time of day
is not known, so that it may also be another session."""

EXACT = timedelta()

CACHED = 10_000
"""Reports whose sessions are kept: an evaluation asks for each on many nights."""


@lru_cache(maxsize=CACHED)
def report_time(
    exchange: str, instant: datetime, within: timedelta = EXACT
) -> tuple[date, ReportTime]:
    """Return the report's day in the exchange's time zone, and its time of day.

    `instant` has a time zone; the report came at most `within` later. Midnight, in the
    zone of the exchange or of `instant`, is how sources write a date without a time:
    its date is the day, and the time is unknown. On a day without a session the time
    is before the open of the next one.
    """
    local = local_time(exchange, instant)
    for clock in (local, instant):
        if clock.time() == time():
            return clock.date(), "unknown"
    day = local.date()
    if not covers(exchange, day):
        return day, "unknown"
    hours = session_hours(exchange, day)
    if hours is None:
        return day, "before_open"
    opening, closing = hours
    if instant < closing < instant + within:
        return day, "unknown"
    if instant >= closing:
        return day, "after_close"
    return day, "before_open" if instant < opening else "during"


@lru_cache(maxsize=CACHED)
def reaction_sessions(
    exchange: str, day: date, time_of_day: ReportTime
) -> tuple[date, ...]:
    """Return the first session whose close is after the report.

    For an unknown time on a day with a session these are both possible sessions: that
    of the day and the next.
    """
    first = session_on_or_after(exchange, day)
    if time_of_day == "unknown" and first == day:
        return first, next_session(exchange, first)
    if time_of_day == "after_close":
        return (nth_session_after(exchange, day, 1),)
    return (first,)


def reaction_in(
    session: date, exchange: str, reports: Iterable[tuple[date, ReportTime]]
) -> Reaction:
    """Return whether `session` reacts to one of the reports, by day and time of day."""
    found = [
        sessions
        for day, time_of_day in reports
        if session in (sessions := reaction_sessions(exchange, day, time_of_day))
    ]
    if not found:
        return "no"
    return "yes" if any(len(sessions) == 1 for sessions in found) else "possible"
