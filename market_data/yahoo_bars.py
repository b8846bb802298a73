"""Which of Yahoo's daily bars are finished."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from market_data.sessions import is_session, session_close

SETTLING = timedelta(minutes=30)
"""After a session's end a bar may still change for so long.

Yahoo's quotes are up to 20 minutes late, and the closing auctions of Sydney and London
end 5 to 10 minutes after the calendar's close.
"""

LONGEST_BREAK = timedelta(days=7)
"""Yahoo names the session under way, the last one or the next.

None of our exchanges is closed for so long: a clock that is further from the session
that Yahoo names is wrong.
"""


def drop_unfinished_bars(
    prices: pd.DataFrame,
    described: Mapping[str, Any],
    asked: datetime | None = None,
    *,
    exchange: str = "",
    stamped: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return the rows without the bar that Yahoo is still writing.

    A bar is unfinished if its session was open, or had closed less than `SETTLING`
    before, when Yahoo was `asked` (now, if not given), and if the last trade lies
    before the session's end. The last trade alone does not tell: that of a thin or
    halted stock lies hours before the end for ever.

    `described` is Yahoo's metadata. With an `exchange` the end is the calendar's, where
    half days are known. `stamped` is the time that the last bar bears.
    """
    now = pd.Timestamp(asked or datetime.now().astimezone())
    try:
        session = described["currentTradingPeriod"]["regular"]
        start, end = pd.Timestamp(session["start"]), pd.Timestamp(session["end"])
        traded = pd.Timestamp(described.get("regularMarketTime") or now)
        day = start.tz_localize(None).normalize()
        closing = _end(exchange, day.date(), end)
        unfinished = start <= traded < end and not _is_over(
            now, traded, closing, stamped
        )
    except (KeyError, TypeError, ValueError):
        return prices
    return prices[prices.index < day] if unfinished else prices


def _end(exchange: str, day: date, said: pd.Timestamp) -> pd.Timestamp:
    """Return the session's end by the calendar, by Yahoo for a day it does not know."""
    if exchange and is_session(exchange, day):
        return pd.Timestamp(session_close(exchange, day))
    return said


def _is_over(
    now: pd.Timestamp,
    traded: pd.Timestamp,
    end: pd.Timestamp,
    stamped: pd.Timestamp | None,
) -> bool:
    """Return whether the bar's session was over when Yahoo was asked.

    If the clock can't be right, the bar's own time tells: Yahoo gives the last trade's
    to the bar that it writes, and the session's open to a finished one.
    """
    if traded <= now <= end + LONGEST_BREAK:
        return now >= end + SETTLING
    return stamped is None or stamped != traded


def last_stamp(body: bytes) -> pd.Timestamp | None:
    """Return the time of the last bar in Yahoo's answer, None if there is none."""
    try:
        (result,) = json.loads(body)["chart"]["result"]
        return pd.Timestamp(max(result["timestamp"]), unit="s", tz="UTC")
    except (ValueError, KeyError, TypeError):
        return None
