"""Finds and reads the CSVs and reports that nights published in a home."""

import os
import shlex
from datetime import date
from pathlib import Path

from config.errors import RunError, SelectionError, list_names
from market_data.symbols import parse_symbol
from screening.columns import COLUMNS
from screening.report.earlier import NIGHTS_LOOKED_AT, list_published_nights
from screening.report.report_file import REPORT_NAME, report_path
from screening.table import csv_path, latest_csv, read_published_status, read_rows
from storage.home import Home
from storage.paths import StoragePath, files_in, is_there


def read_published_rows(home: Home, as_of: date | None) -> list[dict[str, str]]:
    """Return the rows of the night of `as_of`; None is the latest night.

    Raises
    ------
    RunError
        If there is no such CSV, or it can't be read.
    """
    folder = home.screening_csv
    path = csv_path(folder, as_of) if as_of else latest_csv(folder)
    if path is None or not is_there(path):
        raise _missing_error("CSV", folder, home, as_of)
    try:
        rows = read_rows(path)
        for row in rows:
            date.fromisoformat(row["as_of"])
            float(row["score"] or 0)
    except (OSError, ValueError, KeyError) as error:
        raise changed_csv_error(path, error) from error
    if not rows or set(COLUMNS) - set(rows[0]):
        raise changed_csv_error(path, "no row with all the published columns")
    return rows


def changed_csv_error(what: object, fault: object) -> RunError:
    """Return the error for a CSV that was changed after the night wrote it."""
    detail = " ".join(str(fault).split())[:120].rstrip(".")
    return RunError(
        f"{what} was changed after the night wrote it ({detail})",
        "run that night again",
    )


def read_published_row(home: Home, symbol: str, as_of: date | None) -> dict[str, str]:
    """Return the symbol's row of the night of `as_of`; None is the latest night.

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
        f"`symbol` must be one of the night's ({found}), got {wanted}",
        _suggest_night(home, wanted),
    )


def latest_night(home: Home) -> date:
    """Return the as-of date of the latest screening CSV, of which there is one."""
    return list_published_nights(home.screening_csv)[0]


def _suggest_night(home: Home, symbol: str) -> str:
    """Return how to see the symbol: in an earlier night that has it, or a new night."""
    for night in list_published_nights(home.screening_csv)[:NIGHTS_LOOKED_AT]:
        if symbol in read_published_status(csv_path(home.screening_csv, night)):
            return f"the night of {night} has it, add `--as-of {night}`"
    command = f"overnight screen {shlex.quote(symbol)}{home_option(str(home.root))}"
    return f"screen it: `{command}`"


def find_published_report(home: Home, as_of: date | None) -> StoragePath:
    """Return the path of the morning report of `as_of`; None is the latest report.

    Raises
    ------
    RunError
        If there is no such report.
    """
    folder = home.morning_reports
    if as_of:
        path: StoragePath | None = report_path(folder, as_of)
    else:
        paths = [file for file in files_in(folder) if file.name.endswith(REPORT_NAME)]
        path = max(paths, key=lambda file: file.name, default=None)
    if path is None or not is_there(path):
        raise _missing_error("morning report", folder, home, as_of)
    return path


def _missing_error(
    what: str, folder: StoragePath, home: Home, as_of: date | None
) -> RunError:
    night = f" --as-of {as_of}" if as_of else ""
    command = f"overnight screen{night}{home_option(str(home.root))}"
    return RunError(
        f"{folder} holds no {what} of {as_of or 'any night'}",
        f"`{command}` writes it",
    )


def page_address(report: StoragePath) -> str:
    """Return the address of the report for a browser on this machine.

    Raises
    ------
    RunError
        If it is in an object store, which a browser can't read.
    """
    if not isinstance(report, Path):
        raise RunError(
            f"a browser can't open {report}, which is in an object store",
            "download it with the store's own tool and open the copy",
        )
    return report.resolve().as_uri()


def home_option(address: str) -> str:
    """Return ` --home ADDRESS` for a command that is printed, quoted for the shell.

    Returns '' if the command would use that home without the option.
    """
    usual = {".", os.environ.get("OVERNIGHT_HOME")}
    return "" if address in usual else f" --home {shlex.quote(address)}"
