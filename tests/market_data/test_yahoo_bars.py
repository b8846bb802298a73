"""Which of Yahoo's daily bars are finished, by the instant at which it was asked."""

from typing import Any

import pandas as pd
import pytest

from market_data.prices import CLOSE
from market_data.yahoo_bars import drop_unfinished_bars

ZONES = {"XASX": "Australia/Sydney", "XNYS": "America/New_York"}


def kept(
    asked: str,
    traded: str,
    session: tuple[str, str],
    exchange: str = "XASX",
    stamped: str | None = None,
) -> list[str]:
    """Return the days of two bars, the second of `session`'s day, that are finished.

    All times are those of the exchange's own clock.
    """
    zone = ZONES[exchange]
    start, end, last, now = (
        pd.Timestamp(text, tz=zone) for text in (*session, traded, asked)
    )
    days = pd.DatetimeIndex([pd.Timestamp(session[0]).normalize()])
    days = days.union(days - pd.offsets.BDay())
    bars = pd.DataFrame({CLOSE: [1.0, 2.0]}, index=days)
    described = {
        "regularMarketTime": last,
        "currentTradingPeriod": {"regular": {"start": start, "end": end}},
    }
    stamp = pd.Timestamp(stamped, tz=zone) if stamped else None
    found = drop_unfinished_bars(bars, described, now, exchange=exchange, stamped=stamp)
    return [str(day.date()) for day in pd.DatetimeIndex(found.index)]


FRIDAY = ("2025-06-27 10:00", "2025-06-27 16:00")
BOTH, FIRST = ["2025-06-26", "2025-06-27"], ["2025-06-26"]


@pytest.mark.parametrize("traded", ["10:00", "11:30", "15:59"])
@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("2025-06-27 15:59", FIRST),
        ("2025-06-27 16:00", FIRST),
        ("2025-06-27 16:20", FIRST),
        ("2025-06-27 16:30", BOTH),
        ("2025-06-27 18:30", BOTH),
        ("2025-06-28 12:00", BOTH),
        ("2025-06-30 09:30", BOTH),
    ],
)
def test_a_bar_is_finished_half_an_hour_after_the_close(
    asked: str, traded: str, days: list[str]
) -> None:
    """However long before the close its last trade was."""
    assert kept(asked, f"2025-06-27 {traded}", FRIDAY) == days


def test_the_closing_trade_finishes_a_bar_at_once() -> None:
    """Once the last trade is of the session's end, nothing is waited for."""
    assert kept("2025-06-27 16:01", "2025-06-27 16:00", FRIDAY) == BOTH


def test_the_coming_session_unfinishes_no_bar() -> None:
    """Before it opens Yahoo names it, and the last trade is of the session before."""
    monday = ("2025-06-30 10:00", "2025-06-30 16:00")
    days = kept("2025-06-30 09:00", "2025-06-27 16:10", monday)
    assert days == ["2025-06-27", "2025-06-30"]


@pytest.mark.parametrize(("asked", "days"), [("13:10", 1), ("13:30", 2), ("15:00", 2)])
def test_a_half_day_ends_by_the_calendar(asked: str, days: int) -> None:
    """On 2024-11-29 New York closed at 13:00, though Yahoo may name 16:00."""
    session = ("2024-11-29 09:30", "2024-11-29 16:00")
    found = kept(f"2024-11-29 {asked}", "2024-11-29 12:58", session, "XNYS")
    assert len(found) == days


@pytest.mark.parametrize(
    "asked", ["2026-11-28 12:00", "2025-06-27 08:00", "2020-01-02"]
)
def test_with_a_wrong_clock_the_bars_own_time_tells(asked: str) -> None:
    """A bar under way bears its last trade's time, a finished one the open's."""
    trade = "2025-06-27 13:00"
    assert kept(asked, trade, FRIDAY, stamped=trade) == FIRST
    assert kept(asked, trade, FRIDAY, stamped=FRIDAY[0]) == BOTH


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"currentTradingPeriod": None},
        {"currentTradingPeriod": {}},
        {"currentTradingPeriod": {"regular": {"start": 1, "end": 3}}},
    ],
)
def test_without_a_session_all_bars_stay(described: dict[str, Any]) -> None:
    """What Yahoo does not say unfinishes nothing; the as-of session cuts the rest."""
    bars = pd.DataFrame({CLOSE: [1.0]}, index=pd.DatetimeIndex(["2025-06-27"]))
    assert len(drop_unfinished_bars(bars, described)) == 1
