"""Held symbols in whole nights: screened, reported, and never the night's failure."""

from pathlib import Path

from conftest import GOOD, RunNight

from cli.app import app
from pipeline.plan import RunRequest
from typer.testing import CliRunner

HELD = "symbol,quantity\nAAA.AX,100\nBBB.AX,50\nGONE.AX,5\nTSE:7203,1\n"


def test_a_night_screens_what_is_held(quick_night: RunNight, tmp_path: Path) -> None:
    """A held symbol that is not asked for has a row; an unknown one fails nothing."""
    (tmp_path / "holdings.csv").write_text(HELD)
    night = quick_night(tmp_path, "AAA.AX", train="never")
    summary = night.result()
    assert [row["symbol"] for row in summary.rows][-1] == "GONE.AX"
    assert {row["symbol"] for row in summary.rows} == {"AAA.AX", "BBB.AX", "GONE.AX"}
    assert night.is_completed()
    assert summary.coverage == 1
    notices = " ".join(summary.notices)
    assert "line 5 is left out: the exchange of" in notices
    page = summary.report.read_text(encoding="utf-8")
    assert "holdings.csv: GONE.AX is not in the book: " in page
    assert "The plain sum of the single losses is" in page
    shown = CliRunner().invoke(app, ["holdings", "--home", str(tmp_path)])
    assert "The plain sum" in shown.output
    assert "TSE:7203" in shown.output


def test_a_trial_screens_its_own_symbols(quick_night: RunNight, tmp_path: Path) -> None:
    """With --only the held symbols are not added, and the report says so."""
    (tmp_path / "holdings.csv").write_text(HELD)
    summary = quick_night(tmp_path, GOOD[2], train="never", only=True).result()
    assert [row["symbol"] for row in summary.rows] == [GOOD[2]]
    page = summary.report.read_text(encoding="utf-8")
    assert "AAA.AX is not in the book: this night did not screen it" in page


def test_without_a_file_there_is_no_section(
    quick_night: RunNight, tmp_path: Path
) -> None:
    """A missing file is no holdings, and no word about them."""
    summary = quick_night(tmp_path, "AAA.AX", train="never").result()
    assert not summary.notices or "holdings" not in " ".join(summary.notices)
    assert 'id="holdings"' not in summary.report.read_text(encoding="utf-8")
