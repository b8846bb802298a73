"""Finds and reads the CSVs and reports that nights published in a home."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from config.errors import RunError, SelectionError, list_names
from market_data.symbols import parse_symbol
from screening.columns import COLUMNS
from screening.report.earlier import (
    NIGHTS_LOOKED_AT,
    list_published_nights,
    nights_of,
)
from screening.report.report_file import REPORT_NAME, report_path
from screening.table import (
    csv_path,
    parse_rows,
    read_csv_text,
    read_published_status,
)
from storage.home import Home
from storage.paths import StoragePath, files_in, is_there, names_in


@dataclass(frozen=True)
class PublishedNight:
    """The rows of a night's CSV; `note` names later CSVs that can't be read, or ""."""

    night: date
    rows: list[dict[str, str]]
    note: str = ""


def find_nights(home: Home) -> list[date]:
    """Return the nights by the names in the folder of CSVs, the latest first.

    A name counts whether or not what has it can be read.

    Raises
    ------
    StorageError
        If the folder can't be read.
    """
    return nights_of(names_in(home.screening_csv))


def read_published_night(home: Home, as_of: date | None = None) -> PublishedNight:
    """Return the night of `as_of`; None is the latest night whose CSV can be read.

    At most `NIGHTS_LOOKED_AT` CSVs are tried.

    Raises
    ------
    RunError
        If there is no such CSV, or none that was tried can be read.
    StorageError
        If the folder of CSVs can't be read.
    """
    if as_of:
        return PublishedNight(as_of, read_published_rows(home, as_of))
    nights, faults = find_nights(home)[:NIGHTS_LOOKED_AT], list[RunError]()
    for night in nights:
        try:
            rows = read_published_rows(home, night)
        except RunError as error:
            faults.append(error)
        else:
            return PublishedNight(night, rows, _unreadable_note(faults, night))
    if faults:
        raise faults[0]
    raise _missing_error("CSV", home.screening_csv, home, None)


def find_unreadable_note(home: Home) -> str:
    """Return the note about CSVs after the last readable night, "" without any."""
    try:
        return read_published_night(home).note
    except RunError as error:
        return str(error) if find_nights(home) else ""


def _unreadable_note(faults: Sequence[RunError], night: date) -> str:
    """Return a sentence for each of the first faults, and which night is used."""
    if not faults:
        return ""
    named = "; ".join(fault.problem for fault in faults[:2])
    more = f"; and {len(faults) - 2} more" if len(faults) > 2 else ""
    return f"{named}{more}; the night before, {night}, is used: {faults[0].fix}."


def read_published_rows(home: Home, as_of: date) -> list[dict[str, str]]:
    """Return the rows of the night of `as_of`.

    Raises
    ------
    RunError
        If there is no such CSV, or it can't be read.
    """
    folder = home.screening_csv
    path = csv_path(folder, as_of)
    if not is_there(path):
        raise _missing_error("CSV", folder, home, as_of)
    try:
        rows = _parse_published(read_csv_text(path), path.name)
    except OSError as error:
        raise RunError(
            f"{path} can't be read ({_shorten(error.strerror or error)})",
            "correct its permissions, or move it away and run that night again",
        ) from error
    except (ValueError, KeyError) as error:
        raise changed_csv_error(path, error) from error
    return rows


def _parse_published(text: str, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV that is whole and has all cells that commands need."""
    if not text.strip("\0\r\n "):
        raise ValueError("it is empty" if not text.strip() else "it holds only zeros")
    rows = parse_rows(text, name)
    if not rows or set(COLUMNS) - set(rows[0]):
        raise ValueError("no row with all the published columns")
    if not text.endswith("\n"):
        raise ValueError("its last line is cut off")
    for row in rows:
        date.fromisoformat(row["as_of"])
        date.fromisoformat(row["forecast_session"])
        datetime.fromisoformat(row["run_at"])
        float(row["score"] or 0)
    return rows


def changed_csv_error(what: object, fault: object) -> RunError:
    """Return the error for a CSV that is not as the night wrote it."""
    return RunError(
        f"{what} is not as the night wrote it ({_shorten(fault)})",
        "run that night again",
    )


def _shorten(fault: object) -> str:
    return " ".join(str(fault).split())[:120].rstrip(".")


def find_published_row(
    home: Home, published: PublishedNight, symbol: str
) -> dict[str, str]:
    """Return the symbol's row of the night.

    Raises
    ------
    SelectionError
        If the night has no such symbol.
    """
    wanted = parse_symbol(symbol)
    rows = published.rows
    for row in rows:
        if row["symbol"] == wanted:
            return row
    found = list_names([row["symbol"] for row in rows])
    raise SelectionError(
        f"`symbol` must be one of the night's ({found}), got {wanted}",
        _suggest_night(home, wanted),
    )


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
