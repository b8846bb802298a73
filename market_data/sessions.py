"""Trading sessions of each exchange, from `exchange_calendars`.

A session is a trading day; it is completed once its close has passed. This module
reads no clock: the caller passes the time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from config.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd
    from exchange_calendars import ExchangeCalendar

FIRST_DATE = date(1990, 1, 2)
"""The first day with known sessions, and the earliest day that a run may use."""


@lru_cache
def calendar(exchange: str) -> ExchangeCalendar:
    """Return the calendar of an exchange code such as `XASX`, from `FIRST_DATE` on."""
    import exchange_calendars  # noqa: PLC0415  with pandas half a second

    return exchange_calendars.get_calendar(exchange, start=FIRST_DATE.isoformat())


SETTLING = timedelta(minutes=30)
"""The closing auction and the delay of a source: before, a row may be unfinished.

The auctions end 10 minutes after the close in Sydney and 5 in London; Yahoo's prices
are 15 to 20 minutes late.
"""


def as_of_session(exchange: str, run_date: date, now: datetime) -> date:
    """Return the last session on or before `run_date` that is completed at `now`.

    A session is completed `SETTLING` after its close.

    Raises
    ------
    ParameterError
        If `run_date` is in the future or before the first known session.
    """
    sessions = calendar(exchange)
    # In Sydney it can be tomorrow already; a session of that day is not completed.
    if not FIRST_DATE <= run_date <= now.date() + timedelta(days=1):
        raise ParameterError(
            f"`as_of` must be {FIRST_DATE} to today ({now.date()}), got {run_date}",
            "pass a date in that range",
        )
    day = min(_timestamp(run_date), sessions.last_session)
    session = sessions.date_to_session(day, direction="previous")
    while sessions.session_close(session) + SETTLING > _timestamp(now):
        session = sessions.previous_session(session)
    return _date(session)


def is_session(exchange: str, day: date) -> bool:
    """Return whether the exchange trades on `day`, also on a half day."""
    return bool(calendar(exchange).is_session(_timestamp(day)))


def next_session(exchange: str, session: date) -> date:
    """Return the session after `session`."""
    return _date(calendar(exchange).next_session(_timestamp(session)))


def next_open(exchange: str, session: date) -> datetime:
    """Return the time at which the session after `session` opens."""
    opening: datetime = calendar(exchange).session_open(
        _timestamp(next_session(exchange, session))
    )
    return opening


def session_close(exchange: str, session: date) -> datetime:
    """Return the time at which the session closes, also on a half day."""
    closing: datetime = calendar(exchange).session_close(_timestamp(session))
    return closing


def session_hours(exchange: str, day: date) -> tuple[datetime, datetime] | None:
    """Return when the session of `day` opens and closes, None if there is none."""
    if not is_session(exchange, day):
        return None
    sessions, session = calendar(exchange), _timestamp(day)
    return sessions.session_open(session), sessions.session_close(session)


def covers(exchange: str, day: date) -> bool:
    """Return whether the sessions around `day` are known."""
    return FIRST_DATE <= day < _date(calendar(exchange).last_session)


def session_on_or_after(exchange: str, day: date) -> date:
    """Return `day` if it is a session, else the first session after it."""
    return _date(calendar(exchange).date_to_session(_timestamp(day), direction="next"))


def sessions_apart(exchange: str, session: date, day: date) -> int:
    """Return how many sessions `day` is after `session`, negative if before.

    A day without trading counts as the next session.
    """
    counted = session_on_or_after(exchange, day)
    first, last = sorted((session, counted))
    known = calendar(exchange).sessions
    before = known.searchsorted(_timestamp(first), side="left")
    steps = int(known.searchsorted(_timestamp(last), side="right") - before) - 1
    return steps if counted >= session else -steps


def nth_session_after(exchange: str, day: date, count: int) -> date:
    """Return the `count`-th session after `day`."""
    sessions = calendar(exchange)
    last = sessions.date_to_session(_timestamp(day), direction="previous")
    return _date(sessions.session_offset(last, count))


def local_time(exchange: str, instant: datetime) -> datetime:
    """Return `instant` in the exchange's time zone."""
    local: datetime = _timestamp(instant).tz_convert(calendar(exchange).tz)
    return local


def local_date(exchange: str, instant: datetime) -> date:
    """Return the date of `instant` in the exchange's time zone."""
    return local_time(exchange, instant).date()


def sessions_between(exchange: str, first: date, last: date) -> pd.DatetimeIndex:
    """Return the sessions from `first` to `last`, both included.

    Sessions before `FIRST_DATE` are unknown and left out.
    """
    import pandas as pd  # noqa: PLC0415

    if last < max(first, FIRST_DATE):
        return pd.DatetimeIndex([])
    start = max(_timestamp(first), _timestamp(FIRST_DATE))
    return pd.DatetimeIndex(
        calendar(exchange).sessions_in_range(start, _timestamp(last))
    )


def _timestamp(day: date) -> pd.Timestamp:
    import pandas as pd  # noqa: PLC0415

    return pd.Timestamp(day)


def _date(session: pd.Timestamp) -> date:
    return session.date()
