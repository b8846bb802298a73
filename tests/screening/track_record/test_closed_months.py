"""Closed months: sums give the same figures, and a kill loses and doubles nothing."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_calls import NOW, SESSIONS, call, calls_frame, night_of, outcome
from made_calls import outcomes_frame as outcomes_of

from config.settings import RecordSettings
from screening.track_record.closed_months import close_months
from screening.track_record.convert import convert_record
from screening.track_record.counts import count_calls
from screening.track_record.ledger import Ledger
from screening.track_record.open_record import read_open_record, read_records
from screening.track_record.track_record import TrackRecords, track_records
from storage.home import Home

SETTINGS = RecordSettings(min_calls=5, horizons=(1, 5))
LAST = SESSIONS[60]


NIGHTS = SESSIONS[:60:3]
"""Every third session of three months."""


def fill(folder: Path) -> Ledger:
    """Write 20 nights of three symbols as they were written before months closed."""
    ledger, random = Ledger(folder), np.random.default_rng(7)
    made = {as_of: _calls_of(as_of, random) for as_of in NIGHTS}
    calls = calls_frame(*(one for night in made.values() for one in night))
    found = outcomes_of(
        *(
            outcome(one, horizon, float(random.normal(0, 0.02)))
            for horizon in SETTINGS.horizons
            for as_of in NIGHTS
            if SESSIONS.index(as_of) + horizon <= SESSIONS.index(NIGHTS[-1])
            for one in made[as_of]
            if one["symbol"] != "S2.AX" or as_of != NIGHTS[1]  # Waits for prices.
        )
    )
    scored = found["session"].map(
        lambda day: next(n for n in NIGHTS if n >= day.date())
    )
    for as_of in NIGHTS:
        rows = calls[calls["as_of"] == pd.Timestamp(as_of)], found[scored == as_of]
        ledger.append(*rows, as_of, night_of(as_of))
    return ledger


def _calls_of(as_of: date, random: np.random.Generator) -> list[dict[str, Any]]:
    return [
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


def close(folder: Path, as_of: date = LAST) -> None:
    """Close what is due on a night of `as_of`."""
    record = read_open_record(folder, SETTINGS.horizons)
    close_months(folder, record, SETTINGS.horizons, as_of, NOW)


def plain(ledger: Ledger) -> TrackRecords:
    """Return the records of all rows, read without any sums."""
    return track_records(ledger.calls(), ledger.outcomes(), SETTINGS, NOW)


def require_same(found: TrackRecords, wanted: TrackRecords) -> None:
    """Require equal counts, and means that differ by rounding alone."""
    halves = [[each.live, each.replayed] for each in (found, wanted)]
    for read in (_counts, _horizon_counts, _groups):
        tables = [
            pd.json_normalize([row for half in both for row in read(half.model_dump())])
            for both in halves
        ]
        pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-9, atol=1e-12)


def _counts(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: record[name] for name in record if name != "horizons"}]


def _horizon_counts(record: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("sessions", "calls", "scored", "pending", "waiting")
    return [{name: one[name] for name in names} for one in record["horizons"]]


def _groups(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        group
        for one in record["horizons"]
        for name in ("by_call", "by_component", "by_haircut")
        for group in (one["directional_calls"], *one[name])
    ]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a record in the files of single nights."""
    folder = tmp_path_factory.mktemp("record")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def wanted(old: Path) -> TrackRecords:
    """Give the records of all rows of `old`."""
    return plain(Ledger(old))


@pytest.fixture
def copy(old: Path, tmp_path: Path) -> Path:
    """Give a copy of the record."""
    shutil.copytree(old, tmp_path / "record")
    return tmp_path / "record"


def test_sums_give_what_all_rows_give(
    old: Path, copy: Path, wanted: TrackRecords
) -> None:
    """After closing, figures and counts are those of the whole record."""
    close(copy)
    assert (copy / "calls" / "2025-06.parquet").exists()
    require_same(read_records(copy, SETTINGS, NOW), wanted)
    require_same(plain(Ledger(copy)), wanted)
    assert count_calls(copy) == count_calls(old) == (60, 0)


@pytest.mark.parametrize("left", ["months", "nights", "sums"])
def test_a_kill_loses_and_doubles_nothing(
    old: Path, copy: Path, wanted: TrackRecords, left: str
) -> None:
    """With the files that a kill leaves, and after the next night, all is the same."""
    close(copy)
    if left == "sums":
        shutil.rmtree(copy / "closed")
    else:
        shutil.copytree(old, copy, dirs_exist_ok=True)
    if left == "months":  # Killed before the sums.
        shutil.rmtree(copy / "closed")
    for _ in range(2):
        require_same(read_records(copy, SETTINGS, NOW), wanted)
        assert count_calls(copy) == (60, 0)
        close(copy)
    assert not list((copy / "calls").glob("2025-06-*"))


@pytest.mark.parametrize("removed", ["", "closed", "calls/2025-06.parquet"])
def test_an_old_record_is_converted_by_month(
    old: Path, copy: Path, wanted: TrackRecords, removed: str
) -> None:
    """All months close at once, also again after a file of the sums is lost."""
    convert_record(copy, SETTINGS.horizons, LAST, NOW)
    if removed == "closed":
        next((copy / "closed").glob("*_returns.parquet")).unlink()
    elif removed:  # As a kill leaves it that follows the first month.
        (copy / removed).unlink()
        shutil.rmtree(copy / "closed")
        for night in (old / "calls").glob("2025-06-*"):
            shutil.copy(night, copy / "calls")
    require_same(read_records(copy, SETTINGS, NOW), wanted)
    convert_record(copy, SETTINGS.horizons, LAST, NOW)
    assert (copy / "calls" / "2025-06.parquet").exists()
    assert not list((copy / "calls").glob("2025-06-*"))
    require_same(read_records(copy, SETTINGS, NOW), wanted)


def test_other_horizons_are_counted_at_once_and_closed_anew(copy: Path) -> None:
    """With other horizons all rows are read, until a night has summed them anew."""
    convert_record(copy, SETTINGS.horizons, LAST, NOW)
    other = SETTINGS.model_copy(update={"horizons": (1,)})
    wanted = track_records(Ledger(copy).calls(), Ledger(copy).outcomes(), other, NOW)
    require_same(read_records(copy, other, NOW), wanted)
    convert_record(copy, other.horizons, LAST, NOW)
    assert read_open_record(copy, other.horizons).closed
    require_same(read_records(copy, other, NOW), wanted)
    assert count_calls(copy) == (60, 0)


def test_a_late_outcome_and_a_replay_of_a_closed_month_count(copy: Path) -> None:
    """Rows that come after the closing count at once, and after the next closing."""
    close(copy)
    ledger = Ledger(copy)
    replay = call("S0.AX", SESSIONS[3], made_at=NOW, live=False)
    late = outcome(call("S2.AX", NIGHTS[1]), 5, 0.03)
    ledger.append(calls_frame(replay), outcomes_of(late), SESSIONS[3], NOW)
    wanted = plain(ledger)
    assert wanted.replayed.calls == 1
    for _ in range(2):
        require_same(read_records(copy, SETTINGS, NOW), wanted)
        assert count_calls(copy) == (60, 1)
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
