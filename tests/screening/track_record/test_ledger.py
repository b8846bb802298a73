"""The ledger is appended to and never changed, in every kind of home."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from made_calls import (
    NOW,
    SESSIONS,
    call,
    calls_frame,
    night_of,
    outcome,
    outcomes_frame,
)

from config.errors import StorageError
from screening.track_record.ledger import Ledger, select_counted
from storage.home import Home, write_atomic
from storage.paths import files_in, read_all

NOTHING = outcomes_frame()


def test_what_is_appended_is_read_back(home: Home) -> None:
    """Calls and outcomes come back as they went in, from a disk and from any store.

    Before the first night there are none, and that is no fault.
    """
    ledger = Ledger(home.track_record)
    assert ledger.calls().empty
    assert ledger.outcomes().empty
    made = call("A.AX", SESSIONS[0], lstm_direction=-1.0, sit_out=None)
    calls, outcomes = calls_frame(made), outcomes_frame(outcome(made, 1, 0.02))
    ledger.append(calls, outcomes, SESSIONS[0], NOW)
    pd.testing.assert_frame_equal(ledger.calls(), calls)
    pd.testing.assert_frame_equal(ledger.outcomes(), outcomes)


def test_no_file_is_written_twice(tmp_path: Path) -> None:
    """A second run adds files and leaves those of the first unchanged."""
    ledger = Ledger(tmp_path)
    for hours in (10, 11):
        at = night_of(SESSIONS[0], hours)
        made = call("A.AX", SESSIONS[0], made_at=at)
        ledger.append(calls_frame(made), NOTHING, SESSIONS[0], at)
        before = read_all(files_in(tmp_path / "calls"))[:1]
    after = read_all(files_in(tmp_path / "calls"))
    assert len(after) == 2
    assert after[:1] == before
    with pytest.raises(StorageError, match="never changes a file"):
        ledger.append(calls_frame(made), NOTHING, SESSIONS[0], at)


def test_a_later_outcome_replaces_an_earlier_one(tmp_path: Path) -> None:
    """On reading, a row with a hedge replaces the earlier row without it."""
    ledger = Ledger(tmp_path)
    made = call("A.AX", SESSIONS[0])
    for days, hedged in ((1, None), (2, 0.01)):
        at = NOW + timedelta(days=days)
        row = outcome(made, 1, 0.02, scored_at=at, hedged_return=hedged)
        ledger.append(calls_frame(), outcomes_frame(row), SESSIONS[days], at)
    assert ledger.outcomes()["hedged_return"].tolist() == [0.01]


def test_a_foreign_file_is_refused_by_name(tmp_path: Path) -> None:
    """A file that is not Parquet, or has other columns, is named, not skipped."""
    ledger = Ledger(tmp_path)
    write_atomic(tmp_path / "calls" / "x.parquet", "no table")
    with pytest.raises(StorageError, match="calls holds a file that is not"):
        ledger.calls()
    pd.DataFrame({"other": [1]}).to_parquet(tmp_path / "calls" / "x.parquet")
    with pytest.raises(StorageError, match="calls holds a file that is not"):
        ledger.calls()


def test_a_call_out_of_range_is_not_kept(tmp_path: Path) -> None:
    """The schema is checked on writing, not only on reading."""
    made = calls_frame(call("A.AX", SESSIONS[0])).assign(score=1.5)
    with pytest.raises(StorageError, match="do not fit the track record"):
        Ledger(tmp_path).append(made, NOTHING, SESSIONS[0], NOW)


def test_the_last_version_of_each_kind_counts() -> None:
    """Of the live and of the replayed versions, the last one counts."""
    versions = [
        call("A.AX", SESSIONS[0], made_at=night_of(SESSIONS[0], hours), live=live)
        for hours, live in ((10, True), (12, True), (30, False), (40, False))
    ]
    calls = calls_frame(*versions)
    for live, hours in ((True, 12), (False, 40)):
        (row,) = select_counted(calls, live=live).to_dict("records")
        assert row["made_at"] == pd.Timestamp(night_of(SESSIONS[0], hours))
