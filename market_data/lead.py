"""Which session of a lead market closes between a stock's close and its next opening.

Decided from the clocks of both exchanges, with their holidays and half days. All
instants are UTC, so daylight saving needs no rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
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

    from market_data.dates import Places


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

    own, other = calendar(exchange).sessions, calendar(lead)
    by_close, by_open = _closed_by(exchange, lead)
    base = by_close[own.get_loc(pd.Timestamp(as_of))]
    last = by_open[own.get_loc(pd.Timestamp(next_session(exchange, as_of)))]
    return LeadSpan(
        lead=lead,
        as_of=as_of,
        base=other.sessions[base].date(),
        last=other.sessions[last].date(),
        closed=int(last - base),
        half_day=other.sessions[last] in other.early_closes,
    )


def lead_places(
    exchange: str, lead: str, as_of: pd.DatetimeIndex, forecasts: pd.DatetimeIndex
) -> tuple[Places, Places, Places]:
    """Return the openings with a whole new session of the lead, `base` and `last`.

    `as_of` and `forecasts` are the sessions before and after each opening, of the same
    length; the first array are places in them. `base` and `last` of `LeadSpan` are
    places in the lead's calendar. Left out are openings with no new session, after a
    half day of the lead, and those of days that are no sessions of the exchange.
    """
    own, other = calendar(exchange).sessions, calendar(lead)
    before, after = own.get_indexer(as_of), own.get_indexer(forecasts)
    by_close, by_open = _closed_by(exchange, lead)
    base, last = by_close[before], by_open[after]
    half_day = other.early_closes.get_indexer(other.sessions[last]) >= 0
    used = ((before >= 0) & (after >= 0) & (last > base) & ~half_day).nonzero()[0]
    return used, base[used], last[used]


@lru_cache
def _closed_by(exchange: str, lead: str) -> tuple[Places, Places]:
    """Return the place of the lead's last session closed by each close, each opening.

    Both have the shape (sessions of the exchange,). A session of the lead that closes
    at the instant of a close is closed by it; at the instant of an opening it is not.
    """
    import pandas as pd  # noqa: PLC0415

    own, closes = calendar(exchange), pd.DatetimeIndex(calendar(lead).closes)
    by_close = closes.searchsorted(pd.DatetimeIndex(own.closes), side="right") - 1
    by_open = closes.searchsorted(pd.DatetimeIndex(own.opens), side="left") - 1
    return by_close, by_open


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
