"""The archive as written: from CSVs, from its table, after damage, in a store."""

import re
import uuid
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from made_calls import SESSIONS, night_of
from made_nights import failed_row, publish, publish_scored, row

from config.settings import Settings
from screening.archive.write import write_archive
from screening.report.report_file import report_path
from storage.home import Home
from storage.paths import read_bytes

FIRST, SECOND, THIRD = SESSIONS[:3]
AT = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)


def archive(home: Home) -> str:
    """Write the archive and return its page."""
    return read_bytes(write_archive(home, Settings(), AT)).decode()


def line_of(page: str, night: date) -> str:
    """Return a night's line as text, words separated by one space."""
    (line,) = re.findall(
        rf"<tr><th scope=\"row\">(?:<a [^>]*>)?{night}.*?(?=<tr|</t)", page
    )
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", line)).split())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a home with a live night, a replayed one and one with all failed."""
    home = Home(tmp_path)
    publish(home, FIRST, row("A.AX", FIRST), row("B.AX", FIRST, "SELL"))
    late = {"run_at": AT.isoformat()}
    publish(
        home,
        SECOND,
        row("A.AX", SECOND, "HOLD", event_skip_trading=True, **late),
        row("B.AX", SECOND, "SELL", data_status="degraded", **late),
    )
    publish(home, THIRD, failed_row("A.AX", THIRD), failed_row("B.AX", THIRD))
    return home


def test_each_night_has_its_line(home: Home) -> None:
    """Verdict, calls by kind, sit-outs and changes are those of the CSVs."""
    page = archive(home)
    first = f"{FIRST} 2 of 2 symbols usable 1 0 1 0 no earlier night"
    assert line_of(page, FIRST) == first
    assert line_of(page, SECOND) == (
        f"{SECOND} replay 2 of 2 symbols usable, 1 with a defect 0 1 1 1 1 call, "
        "1 sit-out begins"
    )
    verdict = "The run failed: none of 2 symbols is usable"
    assert line_of(page, THIRD) == f"{THIRD} {verdict} 0 0 0 0 none"


def test_a_night_that_is_run_again_replaces_its_line(home: Home) -> None:
    """The line follows the CSV, and its first version is nowhere."""
    archive(home)
    publish(home, FIRST, row("A.AX", FIRST, "SELL"))
    assert line_of(archive(home), FIRST).startswith(f"{FIRST} 1 of 1 symbols usable 0")


@pytest.mark.parametrize("content", [b"", b"no table", None])
def test_a_damaged_table_is_made_again(home: Home, content: bytes | None) -> None:
    """Without a usable table the page is the same, and the table is there again."""
    page, table = archive(home), home.night_summaries
    table.unlink()
    if content is not None:
        table.write_bytes(content)
    assert archive(home) == page
    assert len(read_bytes(table)) > 100


def test_known_nights_are_not_read_again(home: Home) -> None:
    """A CSV with its known size is not opened: other bytes of that size stay unseen."""
    page = archive(home)
    path = home.screening_csv / f"{FIRST}_screening_results.csv"
    path.write_bytes(b"x" * path.stat().st_size)
    assert archive(home) == page


def test_a_removed_report_has_no_link_and_a_removed_csv_no_line(home: Home) -> None:
    """Links are relative, and lead only to reports that are there."""
    report_path(home.morning_reports, FIRST).unlink()
    (home.screening_csv / f"{THIRD}_screening_results.csv").unlink()
    page = archive(home)
    assert f'href="html/{SECOND}_morning_report.html"' in page
    assert f"{FIRST} no report" in line_of(page, FIRST)
    assert str(THIRD) not in page
    assert str(home.root) not in page


def test_an_unreadable_csv_costs_its_own_line(home: Home) -> None:
    """The line says so, and the other nights are there."""
    path = home.screening_csv / f"{FIRST}_screening_results.csv"
    path.write_bytes(b"\xff\xfe\x00broken")
    page = archive(home)
    assert "The CSV can't be read" in line_of(page, FIRST)
    assert "replay" in line_of(page, SECOND)


def test_a_row_that_a_person_changed_is_of_no_kind(home: Home) -> None:
    """Dates, exchange and numbers that can't be read are not known."""
    broken = row("A.AX", FIRST, run_at="once", exchange="?", predicted_return_low="x")
    publish(home, FIRST, broken)
    assert "kind not known 1 of 1 symbols" in line_of(archive(home), FIRST)


def test_a_record_that_cannot_be_read_costs_its_section(home: Home) -> None:
    """The page says why, and has the nights."""
    (home.track_record / "calls").mkdir(parents=True)
    (home.track_record / "calls" / "x.parquet").write_bytes(b"no table")
    page = archive(home)
    assert "The track record can't be read" in page
    assert "2 of 2 symbols usable" in line_of(page, FIRST)


def test_the_record_and_the_coverage_are_on_the_page(tmp_path: Path) -> None:
    """With enough scored calls there are a curve with its count, and each month."""
    home = Home(tmp_path)
    publish_scored(home, 40, night_of(SESSIONS[-1]))
    page = archive(home)
    assert "of 66 calls on 40 sessions" in page
    assert page.count('<path class="sum"') == 1
    assert '<th scope="row">2025-06<td>live<td class="number">' in page


def test_few_calls_are_too_few_to_tell(tmp_path: Path) -> None:
    """Below the record's minimum there is neither a curve nor a share."""
    home = Home(tmp_path)
    publish_scored(home, 4, night_of(SESSIONS[-1]))
    page = archive(home)
    assert "6 hedged BUY and SELL calls on 4 sessions are scored: too few" in page
    assert '<path class="sum"' not in page
    assert '<td class="number">8<td>too few to tell' in page


def test_a_home_without_nights_has_a_page(tmp_path: Path) -> None:
    """An empty archive says so."""
    assert "There is no night yet." in archive(Home(tmp_path))


def test_a_home_in_a_store_has_the_same_page(home: Home, bucket: Any) -> None:  # noqa: ANN401
    """The page in a bucket equals that of a folder, and so does that of the table."""
    stored = Home.at(f"{bucket}/{uuid.uuid4().hex}")
    publish(stored, FIRST, row("A.AX", FIRST))
    (home.screening_csv / f"{SECOND}_screening_results.csv").unlink()
    (home.screening_csv / f"{THIRD}_screening_results.csv").unlink()
    publish(home, FIRST, row("A.AX", FIRST))
    assert archive(home) == archive(stored) == archive(stored)
