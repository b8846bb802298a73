"""The record of the updates: hits by outcome, versions, live and replayed apart."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from config.settings import RecordSettings
from market_data.sessions import next_session, sessions_between
from screening.track_record.update_record import (
    append_updates,
    make_updates,
    read_updates,
    score_updates,
    update_records,
)

SESSIONS = [
    day.date() for day in sessions_between("XASX", date(2025, 9, 1), date(2025, 11, 7))
]
NOW = datetime(2025, 11, 7, 22, tzinfo=UTC)


def row(as_of: date, *, live: bool = True, move: float = 0.01) -> dict[str, Any]:
    """Return a row of an update that expects half of the lead's move."""
    return {
        "symbol": "AAA.AX",
        "as_of": as_of.isoformat(),
        "forecast_session": next_session("XASX", as_of).isoformat(),
        "live": live,
        "lead": "^GSPC",
        "lead_session": as_of,
        "lead_return": move,
        "lead_slope": 0.5,
        "expected_gap": 0.5 * move,
        "predicted_return_low": -0.02,
        "predicted_return_high": 0.03,
        "probability_up": 0.6,
    }


def bars() -> pd.DataFrame:
    """Return prices that gap up by 1 % and lose half of it during the session."""
    close = pd.Series(1.005, pd.DatetimeIndex(SESSIONS)).cumprod()
    return pd.DataFrame({"open": close.shift().fillna(1.0) * 1.01, "close": close})


def test_hits_are_counted_by_outcome(tmp_path: Path) -> None:
    """Each gap and close is a hit and no session from open to close."""
    nights = SESSIONS[-13:-1]
    for as_of in nights:
        made_at = datetime.combine(as_of, NOW.timetz()) - timedelta(hours=10)
        updates, scored = read_updates(tmp_path)
        new = score_updates(
            updates, scored, {"AAA.AX": bars()[: as_of.isoformat()]}, made_at
        )
        append_updates(
            tmp_path, make_updates([row(as_of)], made_at), new, as_of, made_at
        )
    few = RecordSettings(min_calls=10)
    live = update_records(*read_updates(tmp_path), few).live
    assert live.updates == len(nights)
    assert live.scored == live.updates - 1
    assert live.gap
    assert live.gap.mean == 1
    assert live.close_to_close
    assert live.close_to_close.mean == 1
    assert live.open_to_close
    assert live.open_to_close.mean == 0
    assert live.in_interval
    assert live.in_interval.mean == 1


def test_a_replay_is_never_counted_as_live(tmp_path: Path) -> None:
    """A later live version replaces an earlier one; a replay replaces none."""
    day, first = SESSIONS[-2], NOW - timedelta(days=1)
    times = [first + timedelta(minutes=minutes) for minutes in range(3)]
    for at, live in zip(times, (True, True, False), strict=True):
        updates = make_updates([row(day, live=live)], at)
        append_updates(tmp_path, updates, updates.iloc[:0], day, at)
    updates, scored = read_updates(tmp_path)
    records = update_records(updates, scored, RecordSettings())
    assert (len(updates), records.live.updates, records.replayed.updates) == (3, 1, 1)
    new = score_updates(updates, scored, {"AAA.AX": bars()}, NOW)
    assert sorted(new["made_at"]) == times[1:]


def test_an_update_that_is_recorded_after_the_opening_is_not_live() -> None:
    """Sydney opens at 23:00 UTC in November."""
    for hours, live in ((0, True), (1, False)):
        day = SESSIONS[-1]
        (found,) = make_updates([row(day)], NOW + timedelta(days=2, hours=hours))[
            "live"
        ]
        assert found is live


def test_few_updates_have_no_verdict(tmp_path: Path) -> None:
    """Below the minimum of scored updates every figure is None."""
    updates = make_updates([row(SESSIONS[-2])], NOW - timedelta(days=1))
    append_updates(tmp_path, updates, updates.iloc[:0], SESSIONS[-2], NOW)
    updates, scored = read_updates(tmp_path)
    scored = score_updates(updates, scored, {"AAA.AX": bars()}, NOW)
    live = update_records(updates, scored, RecordSettings()).live
    assert (live.scored, live.gap) == (1, None)
