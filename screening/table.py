"""The screening CSV: rank, write and read its rows, safe to open in a spreadsheet."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from numbers import Real
from typing import Any

import numpy as np

from config.plain_text import plain_text
from config.settings import BlendSettings
from screening.columns import COLUMNS
from screening.row import Row
from screening.tradable import why_not_tradable
from storage.home import write_atomic
from storage.paths import StoragePath, read_bytes

_CSV_NAME = "_screening_results.csv"
_FORMULA_STARTS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
"""The last four are wide forms, which East Asian spreadsheets read as formulas."""

_FORMULA_INSIDE = re.compile(rf"(;\s*)(?=[{re.escape(''.join(_FORMULA_STARTS))}])")
"""A spreadsheet whose separator is the semicolon splits a cell there."""

_OTHER_SEPARATOR = re.compile(r"(sep=.\s+)?\"?symbol\"?(\t|[^\w,\"])")
"""The start of a screening CSV whose cells are not separated by commas."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_RESAVED = "is no longer as the night wrote it"

MOST_BYTES = 200_000_000
"""Refuse a larger file; a row of a screening CSV has about 1.5 kB."""


def rank(rows: Iterable[Row], settings: BlendSettings) -> list[Row]:
    """Return the rows with their `rank`, best score first.

    After them come those on which nobody can act. Failed rows come last, by symbol,
    without a rank.
    """
    given = list(rows)
    usable = [row for row in given if row["data_status"] != "failed"]
    failed = [row for row in given if row["data_status"] == "failed"]
    best_first = sorted(
        usable,
        key=lambda row: (
            bool(why_not_tradable(row, settings)),
            -row["score"],
            row["symbol"],
        ),
    )
    return [
        *({**row, "rank": place} for place, row in enumerate(best_first, start=1)),
        *sorted(failed, key=lambda row: str(row["symbol"])),
    ]


def csv_path(folder: StoragePath, as_of: date) -> StoragePath:
    """Return the path of a night's screening CSV."""
    return folder / f"{as_of.isoformat()}{_CSV_NAME}"


def csv_cells(row: Row) -> dict[str, str]:
    """Return the row as text by column, as the CSV holds it."""
    return {column: cell(row.get(column)) for column in COLUMNS}


def write_csv(
    path: StoragePath, rows: Iterable[Row], columns: Iterable[str] = COLUMNS
) -> None:
    """Write the rows under `columns`, all of them or none; None is an empty cell.

    Raises
    ------
    StorageError
        If the disk refuses; an earlier CSV of that night then stays unchanged.
    """
    names, text = list(columns), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(cell(row.get(name)) for name in names)
    write_atomic(path, text.getvalue())


def read_csv_text(path: StoragePath) -> str:
    """Return the text of a screening CSV.

    Raises
    ------
    OSError
        If there is no file, it is larger than `MOST_BYTES`, or the disk refuses.
    ValueError
        If the file is not UTF-8.
    StorageError
        If the store refuses or does not answer.
    """
    try:
        return read_bytes(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} {_RESAVED}: it is not UTF-8") from error


def read_rows(path: StoragePath) -> list[dict[str, str]]:
    """Return the rows of a screening CSV as text by column, '' if not known.

    Raises
    ------
    OSError, StorageError
        As `read_csv_text`.
    ValueError
        If the file is not a screening CSV.
    """
    return parse_rows(read_csv_text(path), path.name)


def parse_rows(text: str, name: str) -> list[dict[str, str]]:
    """Return the rows of the screening CSV `name` with this text, as `read_rows`.

    Raises
    ------
    ValueError
        If it is not a screening CSV.
    """
    if _OTHER_SEPARATOR.match(text):
        raise ValueError(f"{name} {_RESAVED}: no commas between its cells")
    try:
        rows = [
            {column: _plain_cell(value) for column, value in row.items()}
            for row in csv.DictReader(io.StringIO(text), restval="")
        ]
    except csv.Error as error:
        raise ValueError(f"{name} is not a screening CSV ({error})") from error
    if rows and not {"symbol", "data_status"} <= set(rows[0]):
        raise ValueError(
            f"{name} is not a screening CSV: its columns are "
            f"{', '.join(map(str, rows[0]))[:80]}"
        )
    for day in {row.get("as_of") or "" for row in rows}:
        if day and not _DAY.fullmatch(day):
            raise ValueError(f"{name} {_RESAVED}: the date {day[:20]!r}")
    return rows


def _plain_cell(value: Any) -> Any:  # noqa: ANN401  cells without a heading are a list
    return plain_text(value) if isinstance(value, str) else value


def read_published_status(path: StoragePath) -> dict[str, tuple[str, str]]:
    """Return each symbol's `data_status` and as-of session in the CSV at `path`.

    The result is empty if the CSV is missing or can't be read.
    """
    try:
        rows = read_rows(path)
    except (OSError, ValueError):
        return {}
    return {row["symbol"]: (row["data_status"], row.get("as_of", "")) for row in rows}


def find_csv_fault(path: StoragePath) -> str:
    """Return why the CSV at `path` can't be read, "" if it can or is missing."""
    try:
        read_rows(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def read_published_coverage(
    path: StoragePath, sessions: Mapping[str, date]
) -> float | None:
    """Return the usable share of the symbols, None unless every symbol has its row.

    `sessions` maps each symbol to its as-of session. Rows of other symbols or of
    earlier sessions are ignored.
    """
    found = read_published_status(path)
    if find_unpublished(found, sessions):
        return None
    usable = [symbol for symbol in sessions if found[symbol][0] != "failed"]
    return len(usable) / len(sessions)


def find_unpublished(
    found: Mapping[str, tuple[str, str]], sessions: Mapping[str, date]
) -> tuple[str, ...]:
    """Return the symbols without a row of their session in `read_published_status`."""
    return tuple(
        symbol
        for symbol, as_of in sessions.items()
        if symbol not in found or found[symbol][1] != as_of.isoformat()
    )


def cell(value: Any) -> str:  # noqa: ANN401  a cell may hold any column's value
    """Return a value as CSV text, '' for None, NaN and infinite numbers.

    Numbers keep all digits, so that a reader can recompute a row. Text that a
    spreadsheet would run as a formula gets a leading apostrophe, also behind a
    semicolon. Control characters are removed.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Real):
        return repr(value.item() if isinstance(value, np.generic) else value)
    text = " ".join(plain_text(str(value)).split())
    text = _FORMULA_INSIDE.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
