"""The rows of earlier runs are kept exactly as written, or not at all."""

import csv
import time
from datetime import date
from pathlib import Path

import pytest
from made_morning import AS_OF, RUN_AT, event, failed, screened, with_events

from config.settings import BlendSettings
from screening.columns import COLUMNS
from screening.findings import SymbolFindings
from screening.kept_rows import earlier_rows
from screening.row import build_row
from screening.table import csv_path, rank, read_rows, write_csv

FOUND = (
    screened("CBA.AX"),
    with_events(screened("ANZ.AX"), event(date(2025, 11, 12), title="=Result, -5 %")),
    failed("GONE.AX"),
)


def published(folder: Path, found: tuple[SymbolFindings, ...] = FOUND) -> Path:
    """Write a night's CSV of these findings."""
    path = csv_path(folder, AS_OF)
    write_csv(
        path,
        rank((build_row(o, RUN_AT, BlendSettings()) for o in found), BlendSettings()),
    )
    return path


def test_rows_that_are_written_again_are_the_same_bytes(tmp_path: Path) -> None:
    """Numbers, truth values, disarmed formulas and empty cells stay as they are."""
    path = published(tmp_path)
    before = path.read_bytes()
    found = earlier_rows(path)
    assert found.damage == ""
    write_csv(path, rank(found.rows, BlendSettings()))
    assert path.read_bytes() == before


def test_a_night_without_a_file_has_no_earlier_rows(tmp_path: Path) -> None:
    """The first run of a night finds no rows and no damage."""
    found = earlier_rows(csv_path(tmp_path, AS_OF))
    assert (found.rows, found.damage) == ((), "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"symbol,score\nCBA.AX,0.1\n",
        b"x" * 200_000,
        b"\0" * 5000,
    ],
)
def test_a_file_of_another_kind_keeps_nothing(tmp_path: Path, content: bytes) -> None:
    """Any other file is reported as damaged."""
    path = csv_path(tmp_path, AS_OF)
    path.write_bytes(content)
    found = earlier_rows(path)
    assert found.rows == ()
    assert found.damage


@pytest.mark.parametrize(
    ("column", "text", "text_found"),
    [
        ("score", "0.987", "its columns give"),
        ("close", "abc", "`close` is 'abc'"),
        ("close", "1,234.5", "`close`"),
        ("event_skip_trading", "TRUE", "`event_skip_trading` is 'TRUE'"),
        ("as_of", "10/11/2025", "10/11/2025"),
        ("run_at", "2025-11-10 08:30", "`run_at`"),
        ("exchange", "XNYS", "`exchange` is 'XNYS'"),
        ("prediction", "STRONG BUY", "'STRONG BUY'"),
        ("data_status", "fine", "'fine'"),
        ("predicted_return_low", "", "forecast is not complete"),
        ("trend_confidence", "", ""),
        ("reason", "=cmd()", "`reason`"),
        ("symbol", "cba.ax", ""),
    ],
)
def test_a_row_that_somebody_changed_is_not_kept(
    tmp_path: Path, column: str, text: str, text_found: str
) -> None:
    """Only the changed row is dropped, and the damage names the changed cell."""
    path = published(tmp_path)
    rows = [
        row | {column: text} if row["symbol"] == "CBA.AX" else row
        for row in read_rows(path)
    ]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    found = earlier_rows(path)
    assert {row["symbol"] for row in found.rows} == {"ANZ.AX", "GONE.AX"}
    assert text_found in found.damage


def test_a_symbol_with_two_rows_has_none(tmp_path: Path) -> None:
    """Both rows are dropped, because neither is known to be right."""
    path = published(tmp_path)
    lines = path.read_text().splitlines()
    twice = next(line for line in lines if line.startswith("GONE"))
    path.write_text("\n".join([*lines, twice, ""]))
    found = earlier_rows(path)
    assert {row["symbol"] for row in found.rows} == {"ANZ.AX", "CBA.AX"}
    assert "several rows" in found.damage


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_cut_off_file_keeps_its_whole_lines(tmp_path: Path, cut: int) -> None:
    """A cut-off line is dropped, all other lines are kept."""
    path = published(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    found = earlier_rows(path)
    assert {row["symbol"] for row in found.rows} == {"ANZ.AX", "CBA.AX"}
    assert "the line is cut off" in found.damage


def test_two_hundred_rows_cost_well_under_a_second(tmp_path: Path) -> None:
    """Reading back a large night takes little time."""
    night = tuple(
        with_events(screened(f"S{number:03}.AX"), event(date(2025, 11, 12)))
        for number in range(200)
    )
    path = published(tmp_path, night)
    began = time.process_time()
    assert len(earlier_rows(path).rows) == 200
    took = time.process_time() - began
    assert took < 0.7
