"""Held symbols in whole nights: screened, reported, and never the night's failure."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import AS_OF, GOOD, RunNight, asked_for
from made_morning import RUN_AT, event, screened, with_events
from typer.testing import CliRunner

from cli.app import app
from market_data.selection import Symbols
from pipeline.events_calendar import write_events_calendar
from pipeline.plan import RunRequest, plan_night, plan_run

HELD = "symbol,quantity\nAAA.AX,100\nBBB.AX,50\nGONE.AX,5\nTSE:7203,1\n"


def test_a_night_screens_what_is_held(quick_night: RunNight, tmp_path: Path) -> None:
    """A held symbol that is not asked for has a row; an unknown one fails nothing."""
    (tmp_path / "holdings.csv").write_text(HELD)
    night = quick_night(tmp_path, "AAA.AX", train="never")
    summary = night.result()
    assert [row["symbol"] for row in summary.rows][-1] == "GONE.AX"
    assert {row["symbol"] for row in summary.rows} == {"AAA.AX", "BBB.AX", "GONE.AX"}
    assert night.is_completed()
    assert summary.tally.failed == 0
    notices = " ".join(summary.notices)
    assert "line 5 is left out: the exchange of" in notices
    page = summary.report.read_text(encoding="utf-8")
    assert "holdings.csv: GONE.AX is not in the book: " in page
    assert "The plain sum of the single losses is" in page
    shown = CliRunner().invoke(app, ["holdings", "--home", str(tmp_path)])
    assert "The plain sum" in shown.output
    assert "TSE:7203" in shown.output


def test_a_published_night_runs_again_for_a_new_holding_only(
    quick_night: RunNight, market: Path, tmp_path: Path
) -> None:
    """A failed holding repeats no night; a holding without a row does."""
    from tasks.publish import skip_reason  # noqa: PLC0415  Prefect takes a second

    (tmp_path / "holdings.csv").write_text("symbol,quantity\nGONE.AX,5\nAWAY.AX,5\n")
    quick_night(tmp_path, "AAA.AX", train="never")
    asked = asked_for(market, tmp_path, ("AAA.AX",), {"train": "never"})
    night = plan_night(RunRequest(**asked), datetime.now(UTC))
    assert "is published" in skip_reason(night, AS_OF)
    (tmp_path / "holdings.csv").write_text("symbol,quantity\nBBB.AX,5\n")
    again = plan_night(RunRequest(**asked), datetime.now(UTC))
    assert skip_reason(again, AS_OF) == ""


def test_a_trial_screens_its_own_symbols(quick_night: RunNight, tmp_path: Path) -> None:
    """With --only the held symbols are not added, and the report says so."""
    (tmp_path / "holdings.csv").write_text(HELD)
    summary = quick_night(tmp_path, GOOD[2], train="never", only=True).result()
    assert [row["symbol"] for row in summary.rows] == [GOOD[2]]
    page = summary.report.read_text(encoding="utf-8")
    assert "AAA.AX is not in the book: this night did not screen it" in page


@pytest.mark.parametrize("as_of", [AS_OF, date(2025, 11, 7)])
def test_only_a_live_night_writes_the_calendar(tmp_path: Path, as_of: date) -> None:
    """A replay leaves `events.ics` alone: its coming events are past."""
    night = plan_run(
        RunRequest(
            selection=Symbols(symbols=("CBA.AX",)), home=str(tmp_path), as_of=as_of
        ),
        RUN_AT,
    )
    found = with_events(screened(), event(date(2025, 11, 12)))
    assert write_events_calendar(night, [found]) == ()
    assert night.home.events_calendar.exists() == (as_of == AS_OF)


def test_without_a_file_there_is_no_section(
    quick_night: RunNight, tmp_path: Path
) -> None:
    """A missing file is no holdings, and no word about them."""
    summary = quick_night(tmp_path, "AAA.AX", train="never").result()
    assert not (tmp_path / "reports" / "events.ics").exists()  # It is a replay.
    assert not summary.notices or "holdings" not in " ".join(summary.notices)
    assert 'id="holdings"' not in summary.report.read_text(encoding="utf-8")
