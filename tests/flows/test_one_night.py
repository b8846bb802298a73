"""One night, many runs: what earlier runs screened stays until it is screened again."""

import csv
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from screening.columns import COLUMNS
from screening.track_record.ledger import Ledger
from status.published import find_published_row, read_published_night
from storage.home import Home

CSV = "2025-11-10_screening_results.csv"
REPORT = "2025-11-10_morning_report.html"
FIRST = ("AAA.AX", "BBB.AX", "GONE.AX")


def rows_of(home: Path) -> dict[str, dict[str, str]]:
    """Return the night's rows as text by symbol, in the file's order."""
    with (Home(home).screening_csv / CSV).open(newline="", encoding="utf-8") as file:
        return {row["symbol"]: row for row in csv.DictReader(file)}


def page_of(home: Path) -> str:
    """Return the night's report."""
    return (Home(home).morning_reports / REPORT).read_text(encoding="utf-8")


def charts(page: str) -> set[str]:
    """Return the symbols that the report has a chart of."""
    return set(re.findall(r">Prices of ([^<]+)</title>", page))


def without_rank(row: dict[str, str]) -> dict[str, str]:
    """Return the cells that a later run may not touch."""
    return {name: cell for name, cell in row.items() if name != "rank"}


@pytest.fixture(scope="module")
def nights(
    quick_night: Any,  # noqa: ANN401
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, dict[str, str]], Any]:
    """Give a home with a list and one more stock, the list's rows, the second state."""
    home = tmp_path_factory.mktemp("home")
    quick_night(home, *FIRST, train="never")
    before = rows_of(home)
    return home, before, quick_night(home, "CCC.AX", train="never")


@pytest.fixture(scope="module")
def kept(
    quick_night: Any,  # noqa: ANN401
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give the home of a night of two stocks; `published` gives each test a copy."""
    home = tmp_path_factory.mktemp("home")
    quick_night(home, "AAA.AX", "BBB.AX", train="never")
    return home


@pytest.fixture
def published(kept: Path, tmp_path: Path) -> Path:
    """Give a home of the test's own with a night of two stocks."""
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_one_more_stock_adds_its_row(nights: tuple[Path, Any, Any]) -> None:
    """The rows of the list stay to the byte, but for the rank; one is added."""
    home, before, _ = nights
    after = rows_of(home)
    assert set(after) == {*FIRST, "CCC.AX"}
    for symbol, row in before.items():
        assert without_rank(after[symbol]) == without_rank(row)
    assert after["CCC.AX"]["run_at"] > before["AAA.AX"]["run_at"]
    assert list(next(iter(after.values()))) == COLUMNS


def test_the_ranks_are_those_of_the_whole_night(nights: tuple[Path, Any, Any]) -> None:
    """The best score has rank 1; failed rows have no rank and come last."""
    home, _, _ = nights
    usable = [row for row in rows_of(home).values() if row["data_status"] != "failed"]
    scores = [float(row["score"]) for row in usable]
    assert scores == sorted(scores, reverse=True)
    assert [row["rank"] for row in usable] == ["1", "2", "3"]
    assert [*rows_of(home)][-1] == "GONE.AX"


def test_the_run_speaks_of_its_own_symbols(nights: tuple[Path, Any, Any]) -> None:
    """A row that failed earlier is no failure of this run, whose summary counts one."""
    _, _, state = nights
    summary = state.result()
    assert state.name == "Completed"
    assert summary.sentence.startswith("1 of 1 symbols")
    assert summary.failures == {}
    assert {row["symbol"] for row in summary.kept} == set(FIRST)


def test_the_report_shows_all_of_the_night(nights: tuple[Path, Any, Any]) -> None:
    """Every usable symbol has its chart and its way to the score."""
    home, _, _ = nights
    page = page_of(home)
    assert charts(page) == {"AAA.AX", "BBB.AX", "CCC.AX"}
    assert page.count("From the components to the score") == 3
    assert "3 of 4 symbols usable" in page
    assert "XASX: session 2025-11-10, 3 symbols kept from the run at " in page


def test_a_kept_symbol_can_be_explained(nights: tuple[Path, Any, Any]) -> None:
    """`explain` finds the row of a symbol that the last run did not screen."""
    home, before, _ = nights
    row = find_published_row(Home(home), read_published_night(Home(home)), "BBB.AX")
    assert row["score"] == before["BBB.AX"]["score"]


def test_each_call_is_in_the_ledger_once(nights: tuple[Path, Any, Any]) -> None:
    """A run appends its own calls, not those that it kept."""
    home, _, _ = nights
    folder = Home(home).track_record
    assert sorted(Ledger(folder).calls()["symbol"]) == ["AAA.AX", "BBB.AX", "CCC.AX"]


def test_a_symbol_screened_again_has_its_new_row(
    quick_night: Any,  # noqa: ANN401
    published: Path,
) -> None:
    """The later run's row replaces the earlier one; there is one row per symbol."""
    before = rows_of(published)
    quick_night(published, "BBB.AX", "CCC.AX", train="never")
    after = rows_of(published)
    assert sorted(after) == ["AAA.AX", "BBB.AX", "CCC.AX"]
    assert after["AAA.AX"]["run_at"] == before["AAA.AX"]["run_at"]
    assert after["BBB.AX"]["run_at"] == after["CCC.AX"]["run_at"]
    assert (
        len(list((Home(published).nights / "2025-11-10" / "findings").iterdir())) == 2
    )


def test_only_writes_a_fresh_file(
    quick_night: Any,  # noqa: ANN401
    published: Path,
) -> None:
    """With `only` the file has this run's symbols alone, and the run names the rest."""
    summary = quick_night(published, "CCC.AX", train="never", only=True).result()
    assert set(rows_of(published)) == {"CCC.AX"}
    assert "AAA.AX, BBB.AX" in "".join(summary.notices)
    assert charts(page_of(published)) == {"CCC.AX"}


@pytest.mark.parametrize("damage", ["missing", "torn", "foreign"])
def test_without_its_findings_a_kept_row_is_shown_from_the_csv(
    quick_night: Any,  # noqa: ANN401
    published: Path,
    damage: str,
) -> None:
    """Row and score stay in the report, which notes that the details are missing."""
    (file,) = (Home(published).nights / "2025-11-10" / "findings").iterdir()
    if damage == "missing":
        file.unlink()
    elif damage == "torn":
        file.write_bytes(file.read_bytes()[:500])
    else:
        content = json.loads(file.read_text())
        content["run_at"] = "2025-11-10T01:00:00Z"
        file.write_text(json.dumps(content))
    summary = quick_night(published, "CCC.AX", train="never").result()
    page = page_of(published)
    assert summary.report
    assert charts(page) == {"CCC.AX"}
    assert "the details of its run are no longer in the home" in page
    assert f"data-value={rows_of(published)['AAA.AX']['score']}" in page


def test_a_chart_is_never_another_runs(
    quick_night: Any,  # noqa: ANN401
    published: Path,
) -> None:
    """A table that a killed run has overwritten since is not drawn for the old row."""
    tables = Home(published).nights / "2025-11-10" / "indicators"
    shutil.copyfile(tables / "BBB.AX.parquet", tables / "AAA.AX.parquet")
    quick_night(published, "CCC.AX", train="never")
    assert charts(page_of(published)) == {"BBB.AX", "CCC.AX"}


@pytest.mark.parametrize("damage", ["header", "cell", "folder", "bytes"])
def test_a_damaged_csv_costs_no_run_and_is_put_aside(
    quick_night: Any,  # noqa: ANN401
    published: Path,
    damage: str,
) -> None:
    """What can't be kept is named, and the damaged file lies beside the new one."""
    path = Home(published).screening_csv / CSV
    text = path.read_text()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "bytes":
        path.write_bytes(b"\xff\x00" * 300)
    elif damage == "header":
        path.write_text(text.replace("exchange", "market", 1))
    else:
        score = text.splitlines()[1].split(",")[COLUMNS.index("score")]
        path.write_text(text.replace(f",{score},", ",0.987,", 1))
    summary = quick_night(published, "CCC.AX", train="never").result()
    assert "CCC.AX" in rows_of(published)
    assert len(rows_of(published)) == (2 if damage == "cell" else 1)
    assert (path.parent / f"{CSV}.damaged-1").exists()
    assert f"{CSV}.damaged-1" in "".join(summary.notices)


def test_a_list_that_is_published_need_not_run_again(
    run_night: Any,  # noqa: ANN401
    quick_night: Any,  # noqa: ANN401
    published: Path,
) -> None:
    """Symbols beside the list's do not make the deployed night run; `only` does."""
    quick_night(published, "CCC.AX", train="never")
    again: dict[str, Any] = {"train": "never", "force": False}
    assert run_night(published, "BBB.AX", **again).name == "Skipped"
    assert run_night(published, "BBB.AX", only=True, **again).name == "Completed"
    assert set(rows_of(published)) == {"BBB.AX"}
    assert run_night(published, "BBB.AX", only=True, **again).name == "Skipped"


def test_the_night_before_is_compared_over_all_rows(
    quick_night: Any,  # noqa: ANN401
    published: Path,
) -> None:
    """What changed since the last night counts kept symbols too."""
    later = date(2025, 11, 11)
    quick_night(published, "AAA.AX", train="never", as_of=later)
    quick_night(published, "BBB.AX", train="never", as_of=later)
    page = Home(published).morning_reports / f"{later}_morning_report.html"
    text = page.read_text(encoding="utf-8")
    assert "night of 2025-11-10, for 2 symbols of both nights" in text
