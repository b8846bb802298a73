"""Files of symbols that nothing screens any more: named, and removed when agreed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from made_nights import publish, row
from typer.testing import CliRunner

from cli.app import app
from screening.archive.old_pages import remove_old_pages
from screening.report.report_file import report_path
from screening.table import csv_path
from screening.update_row import update_page_path
from status.unused_symbols import find_unused, remove_unused
from storage.home import Home, write_atomic
from storage.lock import one_run_at_a_time
from storage.paths import is_there, names_in

NOW = datetime.now(UTC)
TODAY = NOW.date()
OLD, RECENT = TODAY - timedelta(366), TODAY - timedelta(3)


def give_files(home: Home, *symbols: str) -> None:
    """Write a model, prices and events of each symbol."""
    for one in symbols:
        write_atomic(home.models / f"lstm_{one}_model.keras", b"1")
        write_atomic(home.models / "history" / f"lstm_{one}_2024_model.keras", b"1")
        write_atomic(home.prices / "yahoo" / f"{one}.parquet", b"1")
        write_atomic(home.seen_events / f"{one}.json", b"1")
        write_atomic(home.past_earnings / f"{one}.json", b"1")


@pytest.fixture
def used(home: Home) -> Home:
    """Give a home in which only OLD.AX is unused."""
    publish(home, OLD, row("OLD.AX", OLD), row("HELD.AX", OLD), row("MINE.AX", OLD))
    replayed = row("REPLAYED.AX", date(2020, 3, 2), run_at=NOW.isoformat())
    publish(home, date(2020, 3, 2), replayed)
    publish(home, RECENT, row("NEW.AX", RECENT))
    write_atomic(home.holdings, "symbol,quantity\nHELD.AX,5\n")
    write_atomic(home.root / "overnight.toml", '[universes]\nmine = ["MINE.AX"]\n')
    give_files(
        home,
        *("OLD.AX", "HELD.AX", "MINE.AX", "NEW.AX", "REPLAYED.AX"),
        *("AAPL", "^AXJO", "^GSPC"),
    )
    return home


def test_only_what_nothing_names_is_removed(used: Home) -> None:
    """Lists, settings, holdings, replays of this year and indices keep their files."""
    (found,) = find_unused(used, NOW)
    assert (found.symbol, len(found.files)) == ("OLD.AX", 5)
    assert remove_unused(used, [found], NOW) == 5
    assert find_unused(used, NOW) == ()
    assert len(names_in(used.seen_events)) >= 7
    assert is_there(csv_path(used.screening_csv, OLD))


def clean(home: Home, *words: str) -> tuple[int, str]:
    """Return the exit code and the words of `overnight clean`."""
    done = CliRunner().invoke(app, ["clean", "--home", str(home.root), *words])
    return done.exit_code, " ".join(done.output.split())


def test_clean_asks_first(used: Home) -> None:
    """Without a terminal it needs --yes; while a run has the home it is refused."""
    code, words = clean(used)
    assert code
    assert "OLD.AX files: 5" in words
    assert "add --yes" in words
    with one_run_at_a_time(used):
        assert "another run is using" in clean(used, "--yes")[1]
    assert len(find_unused(used, NOW)) == 1
    assert clean(used, "--yes") == (0, "OLD.AX files: 5 kB: 1 files removed: 5")


def test_holdings_that_cannot_be_read_stop_it(used: Home) -> None:
    """What is held is not known, so nothing is removed."""
    write_atomic(used.holdings, b"\0\0\0\0")
    code, words = clean(used, "--yes")
    assert code
    assert "holdings.csv" in words


def test_old_pages_go_and_everything_else_stays(home: Home) -> None:
    """The pages of the last night stay, however old; so do CSVs and other files."""
    later = TODAY + timedelta(1000)
    nights = [later - timedelta(days) for days in (1500, 1400, 300)]
    for night in nights:
        publish(home, night, row("A.AX", night))
        write_atomic(update_page_path(home.morning_reports, night), "<p>")
    write_atomic(home.morning_reports / "2001-01-01_notes.html", "<p>")
    assert remove_old_pages(home, None, later) == 0
    assert remove_old_pages(home, 350, later) == 4
    assert remove_old_pages(home, 1, later) == 0
    assert is_there(report_path(home.morning_reports, nights[2]))
    assert len(names_in(home.morning_reports)) == 3
    assert len(names_in(home.screening_csv)) == 3


def test_the_page_of_a_replay_counts_from_the_day_it_was_written(home: Home) -> None:
    """A page that a replay of an old night wrote today stays for as many days."""
    for night in (date(2013, 5, 7), date(2013, 5, 8), RECENT):
        publish(home, night, row("A.AX", night))
    assert remove_old_pages(home, 30, TODAY) == 0
    assert remove_old_pages(home, 30, TODAY + timedelta(32)) == 2


@pytest.mark.parametrize("night", [OLD, date(2013, 5, 7)])
def test_a_csv_that_cannot_be_read_stops_it(used: Home, night: date) -> None:
    """What a run of this year screened may be in it, so nothing is removed."""
    write_atomic(csv_path(used.screening_csv, night), b"\xff\xfe\0s")
    code, words = clean(used, "--yes")
    assert code
    assert f"{night}_screening_results.csv can't be read" in words
    assert "unexpected" not in words
    assert len(names_in(used.models / "history")) == 8
