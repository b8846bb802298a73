"""Which of Yahoo's daily bars are finished."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from market_data.sessions import SETTLING, is_session, session_close

LONGEST_BREAK = timedelta(days=7)
"""A clock further than this from the session that Yahoo names is wrong.

Yahoo names the current session, the last or the next one, and none of our exchanges is
closed for that long.
"""


def drop_unfinished_bars(
    prices: pd.DataFrame,
    metadata: Mapping[str, Any],
    asked: datetime | None = None,
    *,
    exchange: str = "",
    stamped: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Return the rows without the bar of a session that is still open.

    A bar is unfinished if two things hold. When Yahoo was `asked` (default: now), its
    session was open or had closed less than `SETTLING` before. And the last trade is
    before the session's end. The last trade alone is not enough: that of a rarely
    traded or halted stock is hours before the end on every day.

    `metadata` is Yahoo's. With an `exchange` the session's end is the calendar's, which
    has half days. `stamped` is the time of the last bar.
    """
    now = pd.Timestamp(asked or datetime.now().astimezone())
    try:
        session = metadata["currentTradingPeriod"]["regular"]
        start, end = pd.Timestamp(session["start"]), pd.Timestamp(session["end"])
        traded = pd.Timestamp(metadata.get("regularMarketTime") or now)
        day = start.tz_localize(None).normalize()
        closing = _end(exchange, day.date(), end)
        unfinished = start <= traded < end and not _was_over(
            now, traded, closing, stamped
        )
    except (KeyError, TypeError, ValueError):
        return prices
    return prices[prices.index < day] if unfinished else prices


def _end(exchange: str, day: date, stated: pd.Timestamp) -> pd.Timestamp:
    """Return the calendar's end of the session, Yahoo's if the calendar has none."""
    if exchange and is_session(exchange, day):
        return pd.Timestamp(session_close(exchange, day))
    return stated


def _was_over(
    now: pd.Timestamp,
    traded: pd.Timestamp,
    end: pd.Timestamp,
    stamped: pd.Timestamp | None,
) -> bool:
    """Return whether the bar's session was over when Yahoo was asked.

    If the clock is wrong, the bar's own time decides: an unfinished bar has the time of
    the last trade, a finished one that of the session's open.
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
