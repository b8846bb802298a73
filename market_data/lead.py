"""Which session of a lead market closes between a stock's close and its next opening.

Decided from the clocks of both exchanges, with their holidays and half days. All
instants are UTC, so daylight saving needs no rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from market_data.sessions import (
    SETTLING,
    calendar,
    is_session,
    next_session,
    session_close,
)

if TYPE_CHECKING:
    import pandas as pd

BASE, LAST, CLOSED, HALF_DAY = "base", "last", "closed", "half_day"
"""Columns of `lead_spans`."""


@dataclass(frozen=True)
class LeadSpan:
    """The lead's sessions between the close of `as_of` and the next opening.

    `last` is the latest session that closes before the opening, and `base` the latest
    one that closed by the close of `as_of`: the lead's return is from the close of
    `base` to that of `last`. `closed` is the number of sessions that close in between;
    with 0 the two are equal. `half_day` is whether `last` closes early.
    """

    lead: str
    as_of: date
    base: date
    last: date
    closed: int
    half_day: bool

    def why_unusable(self, now: datetime) -> str:
        """Return why the lead gives no return at `now`, "" if it gives one.

        A session counts as closed `SETTLING` after its close.
        """
        if not self.closed:
            return (
                f"{self.lead} has no session that closes between the close of "
                f"{self.as_of} and the next opening{self._holiday()}"
            )
        closing = session_close(self.lead, self.last)
        if closing + SETTLING > now:
            return (
                f"{self.lead}'s session of {self.last} is not closed yet: its close is "
                f"final at {closing + SETTLING:%Y-%m-%d %H:%M} UTC"
            )
        if self.half_day:
            return f"{self.lead}'s session of {self.last} is a half day"
        return ""

    def _holiday(self) -> str:
        if is_session(self.lead, self.as_of):
            return ""
        return f": {self.as_of} is a holiday or a weekend day there"


def lead_span(exchange: str, lead: str, as_of: date) -> LeadSpan:
    """Return the lead's sessions between `as_of` and the exchange's next session.

    `exchange` and `lead` are codes such as `XASX`; `as_of` is a session.
    """
    import pandas as pd  # noqa: PLC0415  with pandas half a second

    days = pd.DatetimeIndex([pd.Timestamp(as_of)])
    after = pd.DatetimeIndex([pd.Timestamp(next_session(exchange, as_of))])
    found = lead_spans(exchange, lead, days, after).iloc[0]
    return LeadSpan(
        lead=lead,
        as_of=as_of,
        base=found[BASE].date(),
        last=found[LAST].date(),
        closed=int(found[CLOSED]),
        half_day=bool(found[HALF_DAY]),
    )


def lead_spans(
    exchange: str, lead: str, as_of: pd.DatetimeIndex, forecasts: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return `base`, `last`, `closed`, `half_day` (see `LeadSpan`) by forecast session.

    `as_of` and `forecasts` are the sessions before and after each opening, of the same
    length. Days that are no sessions of the exchange are left out.
    """
    import pandas as pd  # noqa: PLC0415

    own, other = calendar(exchange), calendar(lead)
    known = as_of.isin(own.sessions) & forecasts.isin(own.sessions)
    before = own.closes.reindex(as_of[known])
    opening = own.opens.reindex(forecasts[known])
    closes = pd.DatetimeIndex(other.closes)
    base = closes.searchsorted(pd.DatetimeIndex(before), side="right") - 1
    last = closes.searchsorted(pd.DatetimeIndex(opening), side="left") - 1
    sessions = other.sessions
    return pd.DataFrame(
        {
            BASE: sessions[base],
            LAST: sessions[last],
            CLOSED: last - base,
            HALF_DAY: sessions[last].isin(other.early_closes),
        },
        index=forecasts[known],
    )


def last_closed_by(lead: str, instant: datetime) -> date:
    """Return the lead's last session that closed before or at `instant`."""
    import pandas as pd  # noqa: PLC0415

    closes = pd.DatetimeIndex(calendar(lead).closes)
    place = int(closes.searchsorted(pd.Timestamp(instant), side="right")) - 1
    found: date = calendar(lead).sessions[place].date()
    return found


def session_before(exchange: str, session: date) -> date:
    """Return the session before `session`."""
    previous = calendar(exchange).date_to_session(
        (session - timedelta(days=1)).isoformat(), direction="previous"
    )
    found: date = previous.date()
    return found
