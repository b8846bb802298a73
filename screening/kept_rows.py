"""The rows that earlier runs of a night have published, read back to be kept.

A row is kept only if it is unchanged since a run wrote it: written again it gives the
same text, and its score follows from its own columns.
"""

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from config.errors import OvernightError, quote_value
from market_data.symbols import exchange_of, parse_symbol
from screening.blend import Call
from screening.columns import COLUMNS, TEXT_COLUMNS, TRUTH_COLUMNS, TRUTHS
from screening.explanation import component_terms
from screening.row import Row
from screening.table import csv_cells, read_csv_text
from storage.paths import StoragePath

NAMED_LINES = 5
"""Damaged lines that `damage` names; the others are counted."""

_FORECAST = ("predicted_close", "predicted_return")
_INTERVAL = ("predicted_return_low", "predicted_return_high", "probability_up")


@dataclass(frozen=True)
class EarlierRows:
    """The undamaged rows; `damage` describes the damaged lines, '' if none."""

    rows: tuple[Row, ...] = ()
    damage: str = ""


def earlier_rows(path: StoragePath) -> EarlierRows:
    """Return the rows of the night's CSV at `path`, no rows if there is no file.

    Raises
    ------
    StorageError
        If a store does not answer; the caller must then not overwrite the CSV.
    """
    try:
        text = read_csv_text(path)
    except FileNotFoundError:
        return EarlierRows()
    except OSError as error:
        return EarlierRows(damage=error.strerror or type(error).__name__)
    except ValueError:
        return EarlierRows(damage="it is not UTF-8 text")
    # No cell holds a line end, so a damaged line does not affect other lines.
    header, *lines = [line.removesuffix("\r") for line in text.split("\n")]
    if header.replace('"', "") != ",".join(COLUMNS):
        return EarlierRows(damage="its header is not that of a screening CSV")
    return _parse_lines(lines)


def _parse_lines(lines: Sequence[str]) -> EarlierRows:
    """Return the rows of all lines after the header; the last line must be empty."""
    symbols = Counter(_symbol(line) for line in lines)
    rows, damage = [], []
    for number, line in enumerate(lines, start=2):
        last = number == len(lines) + 1
        if last and not line:
            break
        try:
            if last:
                raise ValueError("the line is cut off")  # noqa: TRY301  one list of damage
            if symbols[_symbol(line)] > 1:
                raise ValueError("the symbol has several rows")  # noqa: TRY301
            rows.append(_parse_row(next(csv.reader([line], strict=True), [])))
        except (OvernightError, ValueError, csv.Error) as error:
            damage.append(f"line {number} ({quote_value(_symbol(line))}): {error}")
    more = len(damage) - NAMED_LINES
    named = "; ".join(damage[:NAMED_LINES])
    return EarlierRows(tuple(rows), f"{named}; {more} more" if more > 0 else named)


def _symbol(line: str) -> str:
    return line.partition(",")[0]


def _parse_row(line: Sequence[str]) -> Row:
    """Return the row of a line's cells.

    Raises
    ------
    ValueError, OvernightError
        If no run can have written the line.
    """
    if len(line) != len(COLUMNS):
        raise ValueError(f"{len(line)} cells instead of {len(COLUMNS)}")
    cells = dict(zip(COLUMNS, line, strict=True))
    row = {name: _parse_cell(name, text) for name, text in cells.items() if text}
    again = csv_cells(row)
    wrong = [name for name in COLUMNS if again[name] != cells[name]]
    symbol = cells["symbol"]
    if symbol != parse_symbol(symbol) or cells["exchange"] != exchange_of(symbol).code:
        wrong.append("exchange")
    if datetime.fromisoformat(cells["run_at"]).tzinfo is None:
        wrong.append("run_at")
    if wrong:
        raise _wrong_cell(wrong[0], cells[wrong[0]])
    _require_consistency(cells)
    return row


def _parse_cell(name: str, text: str) -> object:
    if name in TEXT_COLUMNS:
        return text
    try:
        if name in TRUTH_COLUMNS:
            return TRUTHS[text]
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except (KeyError, ValueError):
        raise _wrong_cell(name, text) from None


def _wrong_cell(name: str, text: str) -> ValueError:
    return ValueError(f"`{name}` is {quote_value(text)}")


def _require_consistency(cells: Mapping[str, str]) -> None:
    """Raise ValueError if the row's call, score and forecast contradict each other."""
    status, call = cells["data_status"], cells["prediction"]
    calls = ("",) if status == "failed" else get_args(Call)
    if status not in ("ok", "degraded", "failed") or call not in calls:
        raise ValueError(
            f"call {quote_value(call)} with data status {quote_value(status)}"
        )
    for group in (_FORECAST, _INTERVAL):
        if len({bool(cells[name]) for name in group}) > 1:
            raise ValueError("its forecast is not complete")
    for name in ("as_of", "forecast_session", "event_date"):
        if cells[name] or name != "event_date":
            date.fromisoformat(cells[name])
    int(cells["sessions_to_event"] or 0)
    float(cells["event_weight_haircut"] or 0)
    if not call:
        return
    score = float(cells["score"])
    computed = math.fsum(term.contribution for term in component_terms(cells))
    if not math.isclose(score, computed, abs_tol=1e-6):
        raise ValueError(f"`score` is {score:+.6f}, its columns give {computed:+.6f}")
