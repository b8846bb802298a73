"""The update of a published night: its numbers, its clock and its reasons."""

import re
import shutil
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from own_updates import AS_OF, MORNING, OPENED, publish_night, update, write_lead

from config.errors import RunError
from modelling.distribution import LOW_SHARE, quantile
from pipeline.update_plan import UpdateRequest, plan_update
from screening.table import csv_path
from storage.home import Home, write_atomic
from storage.tables import read_table


@pytest.fixture(scope="module")
def published(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a night of three stocks; tests copy it before they write."""
    home = tmp_path_factory.mktemp("updated")
    publish_night(home, market)
    return home


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Path:
    """Return a copy of the night's home, whose source is the copied folder."""
    copied = tmp_path / "home"
    shutil.copytree(published, copied)
    return copied


def oracle_pairs(bars: pd.DataFrame, closes: pd.Series) -> pd.DataFrame:
    """Return pairs by dates alone: New York's date d lies after Sydney's date d."""
    half = pd.to_datetime(["2024-11-29", "2024-12-24", "2025-07-03", "2025-11-28"])
    rows = []
    days = list(bars.index)
    for before, day in pairwise(days):
        new = closes[(closes.index >= before) & (closes.index < day)]
        old = closes[closes.index < before]
        if len(new) and new.index[-1] not in half:
            rows.append(
                {
                    "x": new.iloc[-1] / old.iloc[-1] - 1,
                    "y": bars.close[day] / bars.close[before] - 1,
                    "gap": bars.open[day] / bars.close[before] - 1,
                }
            )
    return pd.DataFrame(rows).tail(252)


def test_the_numbers_are_those_of_numpy(home: Path) -> None:
    """Slopes, expected gap and interval from the same prices, to 1e-9."""
    closes = write_lead(home / "source")
    _, found = update(home, source="folder", folder=home / "source")
    tables = Home(home).nights / AS_OF.isoformat()
    move = closes.iloc[-1] / closes.iloc[-2] - 1
    for row in found.rows:
        bars = read_table(tables / "prices" / f"{row['symbol']}.parquet")
        pairs = oracle_pairs(bars, closes)
        slope = np.polyfit(pairs.x, pairs.y, 1)[0]
        gap_slope = np.polyfit(pairs.x, pairs.gap, 1)[0]
        # Three stocks: the slopes are not shrunk.
        assert row["lead_return"] == pytest.approx(move, abs=1e-12)
        assert row["lead_slope"] == pytest.approx(slope, abs=1e-9)
        assert row["expected_gap"] == pytest.approx(gap_slope * move, abs=1e-9)
        explained = np.corrcoef(pairs.x, pairs.y)[0, 1] ** 2
        table = read_table(tables / "distribution" / f"{row['symbol']}.parquet")
        z = table.loc[table["ordinary"], "z"].to_numpy()
        scale = row["night_return_scale"] * np.sqrt(1 - explained)
        low = slope * move + scale * quantile(z, LOW_SHARE)
        assert row["predicted_return_low"] == pytest.approx(low, abs=1e-9)


def test_the_calls_of_the_night_do_not_change(home: Path) -> None:
    """Call, score and the night's interval are those of the screening CSV."""
    plan, found = update(home)
    night = {row["symbol"]: row for row in plan.rows}
    for row in found.rows:
        cells = night[row["symbol"]]
        assert (row["prediction"], row["score"]) == (
            cells["prediction"],
            float(cells["score"]),
        )
        assert row["night_probability_up"] == float(cells["probability_up"])
        assert row["live"] is True


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2025-11-10T21:00", "not closed yet"),
        ("2025-11-10T15:00", "not closed yet"),
    ],
)
def test_a_lead_that_is_still_open_gives_no_update(
    home: Path, now: str, words: str
) -> None:
    """Nothing is taken from the session before, whatever the source has."""
    _, found = update(home, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert all(words in row["reason"] for row in found.rows)
    assert all(row.get("lead_return") is None for row in found.rows)


@pytest.mark.parametrize("last", [date(2025, 11, 7), date(2025, 11, 5)])
def test_a_missing_close_of_the_lead_gives_no_update(home: Path, last: date) -> None:
    """An older return never takes its place."""
    write_lead(home / "source", last)
    _, found = update(home, source="folder", folder=home / "source")
    assert all("2025-11-10" in row["reason"] for row in found.rows)
    assert not found.updated


def test_a_run_after_the_opening_is_refused(home: Path) -> None:
    """With `--replay` it runs as of the opening, and never counts as live."""
    with pytest.raises(RunError, match=r"have opened.*--replay"):
        update(home, OPENED)
    _, found = update(home, OPENED, replay=True)
    _, live = update(home)
    assert [row["expected_gap"] for row in found.rows] == [
        row["expected_gap"] for row in live.rows
    ]
    assert {row["live"] for row in found.rows} == {False}


def test_a_night_that_was_never_published_is_named(home: Path) -> None:
    """On the morning of the 13th the night of the 12th must be there."""
    plan = plan_update(
        UpdateRequest(home=str(home)), datetime(2025, 11, 12, 22, tzinfo=UTC)
    )
    assert plan.missed == date(2025, 11, 12)


def test_a_home_without_a_night_is_refused(tmp_path: Path) -> None:
    """One sentence says that no night was published."""
    with pytest.raises(RunError, match="no night of any date was published"):
        plan_update(UpdateRequest(home=str(tmp_path)), MORNING)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 99, b"\xff\xfes\0", b"symbol;as_of\n"]
)
def test_a_csv_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    """The last night's CSV is named by its path; another file's name is no night."""
    home = Home(tmp_path)
    path = csv_path(home.screening_csv, AS_OF)
    write_atomic(path, content)
    write_atomic(home.screening_csv / "x_screening_results.csv", "symbol\n")
    with pytest.raises(RunError, match=re.escape(str(path))):
        plan_update(UpdateRequest(home=str(tmp_path)), MORNING)


def test_a_confirmed_announcement_flags_the_call(home: Path) -> None:
    """A calendar's new line changes the event and leaves the call."""
    _, before = update(home)
    assert not any(row["event_changed"] for row in before.rows)
    line = "ticker,event_type,date,title,url\nAAA.AX,earnings,2025-11-11,Results,\n"
    (home / "event_calendar.csv").write_text(line)
    _, found = update(home)
    rows = {row["symbol"]: row for row in found.rows}
    assert rows["AAA.AX"]["event_changed"] is True
    assert "without this sit-out" in rows["AAA.AX"]["changed"]
    assert rows["AAA.AX"]["event_skip_trading"] is True


def test_each_stock_has_its_own_clock(market: Path, tmp_path: Path) -> None:
    """London is updated after Sydney has opened; New York has no lead."""
    sydney = (market / "prices" / "AAA.AX.csv").read_text()
    prices = tmp_path / "mixed" / "prices"
    prices.mkdir(parents=True)
    for symbol in ("AAA.AX", "LON.L", "USA"):
        (prices / f"{symbol}.csv").write_text(sydney)
    home = tmp_path / "home"
    home.mkdir()
    publish_night(home, tmp_path / "mixed", "AAA.AX", "LON.L", "USA")
    _, found = update(home, OPENED)
    reasons = {row["symbol"]: row["reason"] for row in found.rows}
    assert reasons["AAA.AX"] == "its session of 2025-11-11 has opened"
    assert reasons["USA"] == "no lead market is set for XNYS"
    assert [r["symbol"] for r in found.updated] == ["LON.L"], reasons["LON.L"]
