"""What nights have left in a home: their CSVs and reports, found and read."""

import os
import shlex
from datetime import date
from pathlib import Path

from config.errors import RunError, SelectionError, list_names
from market_data.symbols import parse_symbol
from screening.columns import COLUMNS
from screening.report.earlier import NIGHTS_LOOKED_AT, list_published_nights
from screening.report.page import REPORT_NAME, report_path
from screening.table import csv_path, latest_csv, read_published_status, read_rows
from storage.home import Home
from storage.paths import StoragePath, files_in, is_there


def read_published_rows(home: Home, as_of: date | None) -> list[dict[str, str]]:
    """Return the rows of the CSV of `as_of`, else of the latest night.

    Raises
    ------
    RunError
        If there is none, or it can't be read.
    """
    folder = home.screening_csv
    path = csv_path(folder, as_of) if as_of else latest_csv(folder)
    if path is None or not is_there(path):
        raise RunError(
            f"{folder} must hold the CSV of {as_of or 'a night'}, got none; a night "
            f"writes it: {_night_command(home, as_of)}."
        )
    try:
        rows = read_rows(path)
        for row in rows:
            date.fromisoformat(row["as_of"])
            float(row["score"] or 0)
    except (OSError, ValueError, KeyError) as error:
        raise not_as_written(path, error) from error
    if not rows or set(COLUMNS) - set(rows[0]):
        raise not_as_written(path, "no row with all the published columns")
    return rows


def not_as_written(what: object, got: object) -> RunError:
    """Return the error for a CSV that somebody has changed since."""
    said = " ".join(str(got).split())[:120].rstrip(".")
    return RunError(
        f"{what} must be as the night wrote it, got: {said}; run that night again."
    )


def read_published_row(home: Home, symbol: str, as_of: date | None) -> dict[str, str]:
    """Return the symbol's row of the night of `as_of`, else of the latest.

    Raises
    ------
    SelectionError
        If the night has no such symbol.
    RunError
        As `read_published_rows`.
    """
    wanted = parse_symbol(symbol)
    rows = read_published_rows(home, as_of)
    for row in rows:
        if row["symbol"] == wanted:
            return row
    found = list_names([row["symbol"] for row in rows])
    raise SelectionError(
        f"`symbol` must be one of the night's ({found}), got {wanted}; "
        f"{_where_it_is(home, wanted)}."
    )


def _where_it_is(home: Home, symbol: str) -> str:
    """Return how to see the symbol: in the last night that has it, or in a new one."""
    for night in list_published_nights(home.screening_csv)[:NIGHTS_LOOKED_AT]:
        if symbol in read_published_status(csv_path(home.screening_csv, night)):
            return f"the night of {night} has it, add `--as-of {night}`"
    return f"screen it: overnight screen {symbol}"


def find_published_report(home: Home, as_of: date | None) -> StoragePath:
    """Return where the morning report of `as_of` lies, else the latest.

    Raises
    ------
    RunError
        If there is none.
    """
    folder = home.morning_reports
    if as_of:
        path: StoragePath | None = report_path(folder, as_of)
    else:
        paths = [one for one in files_in(folder) if one.name.endswith(REPORT_NAME)]
        path = max(paths, key=lambda one: one.name, default=None)
    if path is None or not is_there(path):
        raise RunError(
            f"{folder} must hold the morning report of {as_of or 'a night'}, got "
            f"none; a night writes it: {_night_command(home, as_of)}."
        )
    return path


def _night_command(home: Home, as_of: date | None) -> str:
    night = f" --as-of {as_of}" if as_of else ""
    return f"overnight screen{night}{home_option(str(home.root))}"


def page_address(report: StoragePath) -> str:
    """Return the address at which a browser on this machine finds the report.

    Raises
    ------
    RunError
        If it lies in a store, which a browser can't read.
    """
    if not isinstance(report, Path):
        raise RunError(
            f"a report must lie on this machine to be opened, got {report}; fetch it "
            "with the store's own tool and open the copy."
        )
    return report.resolve().as_uri()


def home_option(address: str) -> str:
    """Return ` --home ADDRESS` for a command that is printed, quoted for a shell.

    Nothing for the home that the command would find without it.
    """
    usual = {".", os.environ.get("OVERNIGHT_HOME")}
    return "" if address in usual else f" --home {shlex.quote(address)}"
