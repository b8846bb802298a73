"""Closed months: sums give the same figures, and a kill loses and doubles nothing."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_calls import NOW, SESSIONS, call, calls_frame, night_of, outcome
from made_calls import outcomes_frame as outcomes_of

from config.settings import RecordSettings
from screening.track_record.closed_months import close_months
from screening.track_record.counts import count_calls
from screening.track_record.ledger import Ledger
from screening.track_record.open_record import read_open_record, read_records
from screening.track_record.track_record import TrackRecords, track_records
from storage.home import Home

SETTINGS = RecordSettings(min_calls=5, horizons=(1, 5))
LAST = SESSIONS[60]


def fill(folder: Path) -> Ledger:
    """Write 60 nights of three symbols as they were written before months closed."""
    ledger, random = Ledger(folder), np.random.default_rng(7)
    made = [
        [
            call(
                f"S{number}.AX",
                as_of,
                call=str(random.choice(["BUY", "HOLD", "SELL"])),
                haircut=float(random.choice([0.0, 0.2])),
                sit_out=bool(random.random() < 0.3),
                trend_direction=float(random.choice([-1, 0, 1])),
            )
            for number in range(3)
        ]
        for as_of in SESSIONS[:60]
    ]
    for place, calls in enumerate(made):
        found = [
            outcome(one, horizon, float(random.normal(0, 0.02)))
            for horizon in (1, 5)
            if place >= horizon
            for one in made[place - horizon]
            if one["symbol"] != "S2.AX" or place != 9  # One call waits for prices.
        ]
        at = night_of(SESSIONS[place])
        ledger.append(calls_frame(*calls), outcomes_of(*found), SESSIONS[place], at)
    return ledger


def close(folder: Path, as_of: date = LAST) -> None:
    """Close what is due on a night of `as_of`."""
    record = read_open_record(folder, SETTINGS.horizons)
    close_months(folder, record, SETTINGS.horizons, as_of, NOW)


def plain(ledger: Ledger) -> TrackRecords:
    """Return the records of all rows, read without any sums."""
    return track_records(ledger.calls(), ledger.outcomes(), SETTINGS, NOW)


def require_same(found: TrackRecords, wanted: TrackRecords) -> None:
    """Require equal counts, and means that differ by rounding alone."""
    one, other = (pd.json_normalize(each.model_dump()) for each in (found, wanted))
    numbers = [
        pd.json_normalize(
            [group for half in (each.live,) for group in _groups(half.model_dump())]
        )
        for each in (found, wanted)
    ]
    pd.testing.assert_frame_equal(*numbers, rtol=1e-9, atol=1e-12)
    assert one.drop(columns=_nested(one)).equals(other.drop(columns=_nested(other)))


def _nested(table: pd.DataFrame) -> list[str]:
    return [name for name in table if "horizons" in name or "forgone" in name]


def _groups(record: dict[str, object]) -> list[object]:
    horizons = record["horizons"]
    assert isinstance(horizons, tuple)
    return [
        group
        for one in horizons
        for name in ("by_call", "by_component", "by_haircut")
        for group in (one["directional_calls"], *one[name])
    ]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a record in the files of single nights."""
    folder = tmp_path_factory.mktemp("record")
    fill(folder)
    return folder


@pytest.fixture
def copy(old: Path, tmp_path: Path) -> Path:
    """Give a copy of the record."""
    shutil.copytree(old, tmp_path / "record")
    return tmp_path / "record"


def test_sums_give_what_all_rows_give(old: Path, copy: Path) -> None:
    """After closing, figures and counts are those of the whole record."""
    wanted = plain(Ledger(old))
    close(copy)
    assert (copy / "calls" / "2025-06.parquet").exists()
    require_same(read_records(copy, SETTINGS, NOW), wanted)
    require_same(plain(Ledger(copy)), wanted)
    assert count_calls(copy) == count_calls(old) == (180, 0)


@pytest.mark.parametrize("left", ["months", "nights", "sums"])
def test_a_kill_loses_and_doubles_nothing(old: Path, copy: Path, left: str) -> None:
    """With the files that a kill leaves, and after the next night, all is the same."""
    wanted = plain(Ledger(old))
    close(copy)
    if left == "sums":
        shutil.rmtree(copy / "closed")
    else:
        shutil.copytree(old, copy, dirs_exist_ok=True)
    if left == "months":  # Killed before the sums.
        shutil.rmtree(copy / "closed")
    for _ in range(2):
        require_same(read_records(copy, SETTINGS, NOW), wanted)
        assert count_calls(copy) == (180, 0)
        close(copy)
    assert not list((copy / "calls").glob("2025-06-*"))


def test_a_late_outcome_and_a_replay_of_a_closed_month_count(copy: Path) -> None:
    """Rows that come after the closing count at once, and after the next closing."""
    close(copy)
    ledger = Ledger(copy)
    replay = call("S0.AX", SESSIONS[3], made_at=NOW, live=False)
    late = outcome(call("S2.AX", SESSIONS[4]), 5, 0.03)
    ledger.append(calls_frame(replay), outcomes_of(late), SESSIONS[3], NOW)
    wanted = plain(ledger)
    assert wanted.replayed.calls == 1
    for _ in range(2):
        require_same(read_records(copy, SETTINGS, NOW), wanted)
        assert count_calls(copy) == (180, 1)
        close(copy)


def test_a_home_of_any_kind_closes_its_months(home: Home) -> None:
    """In a store, too, the months are closed and the figures stay."""
    ledger = Ledger(home.track_record)
    for place in (0, 1, 30):
        made = call("A.AX", SESSIONS[place])
        at = night_of(SESSIONS[place])
        ledger.append(calls_frame(made), outcomes_of(), SESSIONS[place], at)
    record = read_open_record(home.track_record, SETTINGS.horizons)
    close_months(home.track_record, record, SETTINGS.horizons, LAST, NOW)
    assert count_calls(home.track_record) == (3, 0)
    assert len(ledger.calls()) == 3
