"""A night stores which closes change its calls, for its report and for `explain`."""

from datetime import date
from pathlib import Path

from screening.price_changes_file import read_price_changes
from screening.table import csv_path, read_rows
from storage.home import Home

AS_OF = date(2025, 11, 10)


def test_each_row_with_an_interval_has_its_closes(trained_home: Path) -> None:
    """The ranges lie within the row's interval, to the tick."""
    home = Home(trained_home)
    found = read_price_changes(home, AS_OF)
    rows = read_rows(csv_path(home.screening_csv, AS_OF))
    for row in rows:
        close, ranges = float(row["close"]), found[row["symbol"]].ranges
        assert ranges[0].low >= close * (1 + float(row["predicted_return_low"])) - 1e-6
        assert (
            ranges[-1].high <= close * (1 + float(row["predicted_return_high"])) + 1e-6
        )


def test_the_report_has_them(trained_home: Path) -> None:
    """Each symbol's details give the closes of the next session."""
    (page,) = Home(trained_home).morning_reports.iterdir()
    text = page.read_text(encoding="utf-8")
    assert text.count("The next close, all else equal") == 3
    assert "this night did not compute it" not in text


def test_a_damaged_file_is_no_file(tmp_path: Path) -> None:
    """A reader then says that the closes are not known."""
    path = tmp_path / "data" / "nights" / "2025-11-10" / "price_changes.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")
    assert read_price_changes(Home(tmp_path), AS_OF) == {}
