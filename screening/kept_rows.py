"""The rows that earlier runs of a night have published, read back to be kept.

A row is kept only if it is as a run wrote it: written again it is the same text, and
its score follows from its own columns.
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
from screening.blend import COMPONENTS, Call
from screening.columns import COLUMNS, TEXT_COLUMNS, TRUTH_COLUMNS
from screening.row import Row
from screening.table import csv_cells, read_csv_text
from storage.paths import StoragePath

NAMED_LINES = 5

_FORECAST = (
    "predicted_close",
    "predicted_return",
    "predicted_return_low",
    "predicted_return_high",
    "probability_up",
)


@dataclass(frozen=True)
class EarlierRows:
    """The rows that are as written, and what is not, in words; empty if all are."""

    rows: tuple[Row, ...] = ()
    damage: str = ""


def earlier_rows(path: StoragePath) -> EarlierRows:
    """Return the rows of the night's CSV at `path`; none if there is no file.

    Raises
    ------
    StorageError
        If a store does not answer: its rows must not be lost for that.
    """
    try:
        text = read_csv_text(path)
    except FileNotFoundError:
        return EarlierRows()
    except OSError as error:
        return EarlierRows(damage=error.strerror or type(error).__name__)
    except ValueError:
        return EarlierRows(damage="it is no text in UTF-8")
    # No cell of ours holds a line end, so that a damaged line costs no other.
    header, *lines = [line.removesuffix("\r") for line in text.split("\n")]
    if header.replace('"', "") != ",".join(COLUMNS):
        return EarlierRows(damage="its header is not the published one")
    return _rows_as_written(lines)


def _rows_as_written(lines: Sequence[str]) -> EarlierRows:
    """Return the rows of all lines behind the header; the last one must be empty."""
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
            rows.append(_row(next(csv.reader([line], strict=True), [])))
        except (OvernightError, ValueError, csv.Error) as error:
            damage.append(f"line {number} ({quote_value(_symbol(line))}): {error}")
    more = len(damage) - NAMED_LINES
    named = "; ".join(damage[:NAMED_LINES])
    return EarlierRows(tuple(rows), f"{named}; {more} more" if more > 0 else named)


def _symbol(line: str) -> str:
    return line.partition(",")[0]


def _row(line: Sequence[str]) -> Row:
    """Return the row of a line.

    Raises
    ------
    ValueError, OvernightError
        If no run wrote the line so.
    """
    if len(line) != len(COLUMNS):
        raise ValueError(f"{len(line)} cells, {len(COLUMNS)} columns")
    cells = dict(zip(COLUMNS, line, strict=True))
    row = {name: _value(name, text) for name, text in cells.items() if text}
    again = csv_cells(row)
    changed = next((name for name in COLUMNS if again[name] != cells[name]), None)
    if changed:
        raise ValueError(f"`{changed}` is {quote_value(cells[changed])}")
    symbol = cells["symbol"]
    if symbol != parse_symbol(symbol) or cells["exchange"] != exchange_of(symbol).code:
        raise ValueError(f"`exchange` is {quote_value(cells['exchange'])}")
    if datetime.fromisoformat(cells["run_at"]).tzinfo is None:
        raise ValueError(f"`run_at` is {quote_value(cells['run_at'])}")
    _require_answer(cells)
    return row


def _value(name: str, text: str) -> object:
    if name in TEXT_COLUMNS:
        return text
    try:
        if name in TRUTH_COLUMNS:
            return {"true": True, "false": False}[text]
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except (KeyError, ValueError):
        raise ValueError(f"`{name}` is {quote_value(text)}") from None


def _require_answer(cells: Mapping[str, str]) -> None:
    """Refuse a row whose call, score and forecast do not belong together."""
    status, call = cells["data_status"], cells["prediction"]
    calls = ("",) if status == "failed" else get_args(Call)
    if status not in ("ok", "degraded", "failed") or call not in calls:
        raise ValueError(f"call {quote_value(call)} with data {quote_value(status)}")
    if any(bool(cells[name]) != bool(cells[_FORECAST[0]]) for name in _FORECAST):
        raise ValueError("its forecast is not complete")
    for name in ("as_of", "forecast_session", "event_date"):
        if cells[name] or name != "event_date":
            date.fromisoformat(cells[name])
    int(cells["sessions_to_event"] or 0)
    float(cells["event_weight_haircut"] or 0)
    if not call:
        return
    score, computed = float(cells["score"]), _score(cells)
    if not math.isclose(score, computed, abs_tol=1e-6):
        raise ValueError(f"`score` is {score:+.6f}, its columns give {computed:+.6f}")


def _score(cells: Mapping[str, str]) -> float:
    """Return the score that follows from the row's components."""
    return math.fsum(
        float(cells[f"{name}_weight"])
        * float(cells[f"{name}_direction"])
        * float(cells[f"{name}_confidence{'_after_haircut' * (name == 'lstm')}"])
        for name in COMPONENTS
        if cells[f"{name}_weight"]
    )
