"""The night before: found in the home beside any other files."""

from datetime import date

from made_morning import AS_OF, morning, screened

from screening.report.earlier import earlier_night
from screening.table import csv_path, write_csv
from storage.home import Home, write_atomic


def publish(home: Home, night: date, *symbols: str) -> None:
    """Write the CSV of a night of these symbols."""
    rows = morning([screened(symbol) for symbol in symbols]).rows
    write_csv(csv_path(home.screening_csv, night), rows)


def test_the_last_night_before_is_found(home: Home) -> None:
    """The result is before tonight, in every kind of home."""
    for day in (5, 7, 10, 11):
        publish(home, date(2025, 11, day), "CBA.AX")
    found = earlier_night(home.screening_csv, AS_OF, ["CBA.AX"])
    assert found
    assert found.as_of == date(2025, 11, 7)
    assert [row["symbol"] for row in found.rows] == ["CBA.AX"]


def test_nights_of_other_symbols_are_passed_over(home: Home) -> None:
    """A night without a common symbol is not compared."""
    publish(home, date(2025, 11, 6), "CBA.AX", "BHP.AX")
    publish(home, date(2025, 11, 7), "RIO.AX")
    found = earlier_night(home.screening_csv, AS_OF, ["CBA.AX"])
    assert found
    assert found.as_of == date(2025, 11, 6)
    assert earlier_night(home.screening_csv, AS_OF, ["WES.AX"]) is None


def test_other_files_are_skipped(home: Home) -> None:
    """Damaged and foreign files raise no error."""
    folder = home.screening_csv
    assert earlier_night(folder, AS_OF, ["CBA.AX"]) is None
    write_atomic(csv_path(folder, date(2025, 11, 7)), "a,b\n1,2\n")
    write_atomic(folder / "2025-11-06_notes.csv", "symbol,data_status\nCBA.AX,ok\n")
    write_atomic(folder / "notes.csv", "symbol,data_status\nCBA.AX,ok\n")
    assert earlier_night(folder, AS_OF, ["CBA.AX"]) is None
