"""The cases of `../shared/cases/2-*`, each with the answer that is right."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import RunNight
from equipment import needed

from market_data.selection import Symbols
from pipeline.plan import RunRequest, plan_run
from pipeline.published_request import write_published_requests
from screening.table import csv_path, find_csv_fault, read_rows, write_csv
from status.model_status import model_statuses
from tasks.publish import skip_reason

AS_OF = date(2025, 11, 10)
PAIR = ("BHP.AX", "AAPL")


def rows_of(
    run: RunNight, home: Path, case: str, *symbols: str, **changes: object
) -> dict[str, dict[str, str]]:
    """Run the night of a case's folder and return its CSV's rows by symbol."""
    asked = {"folder": needed(case), "as_of": AS_OF, "train": "never"} | changes
    run(home, *symbols, **asked)
    path = csv_path(home / "reports" / "csv", AS_OF)
    return {row["symbol"]: row for row in read_rows(path)}


def test_a_suspended_stock_gets_no_call(quick_night: RunNight, tmp_path: Path) -> None:
    """22 sessions without a trade: HOLD, degraded, with the day of the last trade."""
    rows = rows_of(quick_night, tmp_path, "cases/2-suspended", "FMG.AX", "A1M.AX")
    for row in rows.values():
        assert (row["prediction"], row["data_status"]) == ("HOLD", "degraded")
        assert "no trade since 2025-10-09, 22 sessions" in row["reason"]


def test_a_frozen_feed_is_stale(quick_night: RunNight, tmp_path: Path) -> None:
    """Three repeats of one session at the end: the symbol fails, the days are named."""
    row = rows_of(quick_night, tmp_path, "cases/2-frozen", "BHP.AX")["BHP.AX"]
    assert row["data_status"] == "failed"
    assert "stale_prices: 2025-11-06, 2025-11-07, 2025-11-10 have" in row["reason"]


def test_six_reprints_are_one_headline(quick_night: RunNight, tmp_path: Path) -> None:
    """Two stories count as two; emoji and other scripts are unread, never neutral."""
    shutil.copy(needed("cases/2-syndicated/overnight.toml"), tmp_path)
    names = ("ONE.AX", "SIX.AX", "ZHO.AX", "EMJ.AX")
    rows = rows_of(quick_night, tmp_path, "cases/2-syndicated", *names)
    parts = ("finbert_headlines", "finbert_direction", "confidence")
    one, six = ([rows[name][part] for part in parts] for name in names[:2])
    assert one == six
    assert one[0] == "2"
    for name in names[2:]:
        assert rows[name]["finbert_direction"] == ""
        assert "no headline that the dictionary can read" in rows[name]["reason"]


def test_a_resaved_csv_is_read() -> None:
    """A BOM and CRLF change nothing."""
    path = needed("cases/2-resaved") / f"{AS_OF}_screening_results.csv"
    assert find_csv_fault(path) == ""
    assert [row["symbol"] for row in read_rows(path)] == ["CBA.AX", "AAPL", "BHP.AX"]


def test_a_list_of_two_clocks_runs_again_in_the_morning(tmp_path: Path) -> None:
    """New York has closed in between: its row is of an older session."""
    folder = needed("cases/2-mixed-list")
    evening, morning = (
        plan_run(
            RunRequest(
                selection=Symbols(symbols=PAIR),
                source="folder",
                folder=folder,
                home=str(tmp_path),
            ),
            datetime(2025, 11, 10, *at, tzinfo=UTC),
        )
        for at in ((7, 30), (21, 30))
    )
    sessions = evening.as_of_by_symbol.items()
    write_csv(
        csv_path(evening.home.screening_csv, AS_OF),
        [{"symbol": one, "data_status": "ok", "as_of": day} for one, day in sessions],
    )
    write_published_requests(evening, {})
    assert "is published" in skip_reason(evening, None)
    assert skip_reason(morning, None) == ""


def test_a_tilde_is_the_users_folder_in_the_variable_and_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 2-tilde: no part of the night lies in `./~`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OVERNIGHT_HOME", "~/night")
    (tmp_path / "market" / "prices").mkdir(parents=True)
    asked = RunRequest(
        selection=Symbols(symbols=PAIR), source="folder", folder=Path("~/market")
    )
    plan = plan_run(asked, datetime(2025, 11, 10, 9, tzinfo=UTC))
    assert plan.home.root == tmp_path / "night"
    assert plan.folder == tmp_path / "market"


@pytest.fixture(scope="module")
def models(quick_night: RunNight, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a trained model of CBA.AX."""
    home = tmp_path_factory.mktemp("home")
    quick_night(home, "CBA.AX", folder=needed("market"), as_of=AS_OF)
    return home / "models"


@pytest.mark.parametrize("case", ["other-keras", "feature-order"])
def test_a_model_that_training_would_cure_is_trained(
    quick_night: RunNight, models: Path, tmp_path: Path, case: str
) -> None:
    """It is missing until then, in the row and in the status."""
    shutil.copytree(models, tmp_path / "models")
    spoil(tmp_path, case)
    row = rows_of(quick_night, tmp_path, "market", "CBA.AX")["CBA.AX"]
    assert (row["model_status"], row["lstm_direction"]) == ("missing", "")
    now = datetime(2025, 11, 10, 9, tzinfo=UTC)
    assert model_statuses(None, tmp_path, now).totals["missing"] == 1
    row = rows_of(quick_night, tmp_path, "market", "CBA.AX", train="stale")["CBA.AX"]
    assert row["model_status"] in {"fresh", "rejected"}


def spoil(home: Path, case: str) -> None:
    """Change the model of CBA.AX as the case says."""
    if case == "other-keras":
        script = needed("cases/2-other-keras/make_other_keras.py")
        subprocess.run([sys.executable, script, home], check=True)
        return
    path = home / "models" / "lstm_CBA.AX_metadata.json"
    metadata = json.loads(path.read_text())
    metadata["features"].reverse()
    path.write_text(json.dumps(metadata))
