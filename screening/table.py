"""Rows to the screening CSV: ranked, written whole, safe to open in a spreadsheet."""

import csv
import io
import math
from collections.abc import Iterable
from datetime import date
from numbers import Real
from typing import Any

import numpy as np

from config.home import write_text_whole
from config.places import AnyPath, files_in, read_whole
from config.plain_text import plain_text
from screening.columns import COLUMNS
from screening.row import Row

_CSV_NAME = "_screening_results.csv"
_FORMULA_STARTS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
"""The last four are the wide forms, formulas to a spreadsheet in East Asia."""

NAMED_GONE = 8


def ranked(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with `rank`, best score first, failed ones last by symbol."""
    given = list(rows)
    usable = [row for row in given if row["data_status"] != "failed"]
    failed = [row for row in given if row["data_status"] == "failed"]
    best_first = sorted(usable, key=lambda row: (-row["score"], row["symbol"]))
    return [
        *({**row, "rank": place} for place, row in enumerate(best_first, start=1)),
        *sorted(failed, key=lambda row: str(row["symbol"])),
    ]


def csv_path(folder: AnyPath, as_of: date) -> AnyPath:
    """Return where the screening CSV of a night lies."""
    return folder / f"{as_of.isoformat()}{_CSV_NAME}"


def latest_csv(folder: AnyPath) -> AnyPath | None:
    """Return the screening CSV of the latest as-of date, None where there is none."""
    paths = [path for path in files_in(folder) if path.name.endswith(_CSV_NAME)]
    return max(paths, key=lambda path: path.name, default=None)


def write_csv(path: AnyPath, rows: Iterable[Row]) -> None:
    """Write the rows under `COLUMNS`, whole or not at all.

    Raises
    ------
    StorageError
        If the disk refuses; an earlier CSV of that night stays.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(cell(row.get(column)) for column in COLUMNS)
    write_text_whole(path, text.getvalue())


def read_rows(path: AnyPath) -> list[dict[str, str]]:
    """Return the rows of a screening CSV as text by column; unknown is empty.

    Raises
    ------
    OSError
        If there is none, or the disk refuses.
    ValueError
        If the file is no screening CSV.
    StorageError
        If the store refuses or does not answer.
    """
    text = read_whole(path).decode()
    rows = [
        {name: _plain_cell(value) for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(text), restval="")
    ]
    if rows and not {"symbol", "data_status"} <= set(rows[0]):
        raise ValueError(
            f"{path.name} must have the columns symbol and data_status, got "
            f"{', '.join(map(str, rows[0]))[:80]}; remove it."
        )
    return rows


def _plain_cell(value: Any) -> Any:  # noqa: ANN401  cells without a heading are a list
    return plain_text(value) if isinstance(value, str) else value


def published_coverage(path: AnyPath, symbols: Iterable[str]) -> float | None:
    """Return the usable share of the CSV at `path`, None unless it is of `symbols`."""
    status = _published_status(path)
    if not status or set(status) != set(symbols):
        return None
    usable = [one for one in status.values() if one != "failed"]
    return len(usable) / len(status)


def replaced_note(path: AnyPath, symbols: Iterable[str]) -> tuple[str, ...]:
    """Return a note where the CSV at `path`, to be replaced, has others than `symbols`.

    One that is not there, or can't be read, takes nobody's rows away.
    """
    gone = sorted(set(_published_status(path)) - set(symbols))
    if not gone:
        return ()
    named = ", ".join(gone[:NAMED_GONE]) + ("..." if len(gone) > NAMED_GONE else "")
    note = (
        f"{path.name} had {len(gone)} symbols more ({named}), which this run was not "
        "asked for, and is replaced; run the whole list to have them again."
    )
    return (note,)


def _published_status(path: AnyPath) -> dict[str, str]:
    """Return each symbol's `data_status`; nothing where no CSV of ours is."""
    try:
        return {row["symbol"]: row["data_status"] for row in read_rows(path)}
    except (OSError, ValueError):
        return {}


def cell(value: Any) -> str:  # noqa: ANN401  a cell may hold any column's value
    """Return a value as CSV text: unknown (None, NaN, infinite) is empty.

    Numbers keep all their digits, so that a reader can compute a row again. Text that
    a spreadsheet would run as a formula gets a leading apostrophe; control characters
    are removed.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Real):
        return repr(value.item() if isinstance(value, np.generic) else value)
    text = " ".join(plain_text(str(value)).split())
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
