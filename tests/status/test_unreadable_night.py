"""The last night's CSV can't be read: commands name it and use the night before."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from made_rows import csv_row, four
from typer.testing import CliRunner

from cli.app import app
from screening.report.report_file import report_path
from screening.table import csv_path, write_csv
from status.home_status import read_home_status
from storage.home import Home, write_atomic

BEFORE, LAST = date(2025, 11, 7), date(2025, 11, 10)
EVENING = datetime(2025, 11, 10, 9, tzinfo=UTC)


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FAULTS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "torn in the first row": lambda path: path.write_bytes(path.read_bytes()[:-900]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "zeros at the end": lambda path: path.write_bytes(
        path.read_bytes()[:-50] + bytes(50)
    ),
    "UTF-16": lambda path: path.write_text(path.read_text(), "utf-16"),
    "folder": _make_folder,
    "no permission": lambda path: path.chmod(0),
}


@pytest.fixture(params=FAULTS)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a home of two nights; the CSV of the last one can't be read."""
    if request.param == "no permission" and os.geteuid() == 0:
        pytest.skip("root may read every file")
    for night in (BEFORE, LAST):
        row = csv_row(four(1, 0, 0, None), data_source="yahoo", as_of=night.isoformat())
        row["run_at"] = EVENING.isoformat()
        write_csv(csv_path(Home(tmp_path).screening_csv, night), [row])
        write_atomic(report_path(Home(tmp_path).morning_reports, night), "<p>")
    (tmp_path / "holdings.csv").write_text("symbol,quantity\nCBA.AX,1\n")
    FAULTS[request.param](tmp_path / "reports" / "csv" / f"{LAST}{CSV}")
    return tmp_path


CSV = "_screening_results.csv"


def test_bare_overnight_names_the_file_and_uses_the_night_before(home: Path) -> None:
    """No sample run is advised, and the night before is shown as the last night."""
    found = read_home_status(str(home), EVENING)
    assert found.last_night
    assert found.last_night.csv == str(csv_path(Home(home).screening_csv, BEFORE))
    assert any(f"{LAST}{CSV}" in problem for problem in found.problems)
    assert not [step for step in found.next if "sample" in step.command]


@pytest.mark.parametrize(
    "words",
    ["status", "report", "explain CBA.AX", "track-record", "holdings"],
)
def test_commands_name_the_file_and_the_night_before(home: Path, words: str) -> None:
    """The note is on stderr, and the answer is printed as usual."""
    result = CliRunner().invoke(app, [*words.split(), "--home", str(home)])
    assert result.exit_code == 0, result.output
    assert f"{LAST}{CSV}" in result.stderr
    assert f"the night before, {BEFORE}" in result.stderr


def test_without_any_readable_night_nothing_is_called_none_yet(home: Path) -> None:
    """The file is named, and no run of the sample is advised."""
    csv_path(Home(home).screening_csv, BEFORE).unlink()
    result = CliRunner().invoke(app, ["--home", str(home)])
    words = " ".join(result.output.split())
    assert "Last night can't be read" in words
    assert f"{LAST}{CSV}" in words
    assert "sample" not in words
    found = CliRunner().invoke(app, ["--home", str(home), "--json"])
    assert json.loads(found.output)["nights_unreadable"]
