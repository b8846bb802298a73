"""What the archive needs of every night's CSV, kept in one small table of the home.

The table only saves time: a night that is missing in it, or whose CSV has another size,
is read from its CSV. If the table is damaged, all nights are read again.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import pandas as pd

from config.errors import OvernightError, StorageError
from market_data.sessions import next_open
from risk_guard.sit_out import find_rule
from screening.columns import TRUTHS
from screening.report.earlier import list_published_nights
from screening.table import csv_path, read_rows
from storage.home import Home, write_file_atomic
from storage.paths import sizes_in
from storage.tables import read_table

SESSION = "datetime64[ns]"

TYPES = {
    "night": SESSION,
    "bytes": "int64",
    "symbol": "str",
    "as_of": SESSION,
    "live": "boolean",
    "status": "str",
    "call": "str",
    "sit_out": "boolean",
    "rule": "str",
    "low": "float64",
    "high": "float64",
}
"""The columns of the table, one row per symbol and night.

`night` is the as-of date in the CSV's name, `bytes` the CSV's size. `live` is whether
the run began before the forecast session opened, NA if the row does not say. `call` is
'' for a failed symbol. `rule` is the rule of a sit-out, '' if not known. `low` and
`high` are the ends of the 80 % interval of the next return, fractions, NaN if not
known.
"""


@dataclass(frozen=True)
class NightRows:
    """The rows of all nights (`TYPES`), by night; `unreadable` CSVs have no rows."""

    table: pd.DataFrame
    unreadable: tuple[date, ...]


def refresh_night_rows(home: Home) -> NightRows:
    """Return the rows of all nights; write the table if any night was read again.

    Raises
    ------
    StorageError
        If the disk or the store refuses; the old table is unchanged.
    """
    known = _read_known(home)
    found = _read_nights(home, known, lambda _: True)
    if len(found.table) != len(known) or not found.table.equals(known):
        write_file_atomic(home.night_summaries, found.table.to_parquet)
    return found


def read_night_rows(home: Home, first: date) -> pd.DataFrame:
    """Return the rows (`TYPES`) of the nights from `first` on; nothing is written."""
    found = _read_nights(home, _read_known(home), lambda night: night >= first)
    return found.table


def _read_known(home: Home) -> pd.DataFrame:
    """Return the stored table, an empty one if it is missing or damaged."""
    with suppress(OSError, ValueError, TypeError, StorageError):
        found = read_table(home.night_summaries)
        if list(found.columns) == list(TYPES):
            return found.astype(TYPES)
    return _frame([])


def _read_nights(
    home: Home, known: pd.DataFrame, wanted: Callable[[date], bool]
) -> NightRows:
    """Return the rows of the wanted nights, from `known` if the CSV has that size."""
    sizes = sizes_in(home.screening_csv)
    stored = dict(zip(known["night"].dt.date, known["bytes"], strict=True))
    unchanged: set[date] = set()
    read, unreadable = [], []
    for night in filter(wanted, list_published_nights(home.screening_csv)):
        size = sizes.get(csv_path(home.screening_csv, night).name)
        if size is None or size == stored.get(night):
            unchanged.add(night)
            continue
        try:
            rows = read_rows(csv_path(home.screening_csv, night))
        except (OSError, ValueError, OvernightError):
            unreadable.append(night)
        else:
            read.append(_frame(_night_cells(night, size, rows)))
    kept = known[known["night"].dt.date.isin(unchanged)]
    frames = [frame for frame in (kept, *read) if len(frame)]
    table = pd.concat(frames) if frames else kept
    return NightRows(
        table.sort_values("night", kind="stable", ignore_index=True),
        tuple(unreadable),
    )


def _night_cells(
    night: date, size: int, rows: Iterable[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return a night's rows as values of `TYPES`; a symbol counts once."""
    by_symbol = {row["symbol"]: row for row in rows}
    return [
        {
            "night": night,
            "bytes": size,
            "symbol": symbol,
            "as_of": _parse_date(row.get("as_of")) or night,
            "live": _parse_live(*(row.get(name) or "" for name in LIVE_COLUMNS)),
            "status": row["data_status"],
            "call": row.get("prediction") or "",
            "sit_out": TRUTHS.get(row.get("event_skip_trading") or ""),
            "rule": find_rule(row.get("reason") or ""),
            "low": row.get("predicted_return_low"),
            "high": row.get("predicted_return_high"),
        }
        for symbol, row in by_symbol.items()
    ]


def _frame(cells: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(list(cells), columns=list(TYPES))
    for name in ("low", "high"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame.astype(TYPES)


def _parse_date(text: str | None) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text or "")
    return None


LIVE_COLUMNS = ("exchange", "as_of", "run_at")


@lru_cache(maxsize=4096)
def _parse_live(exchange: str, as_of: str, run_at: str) -> bool | None:
    """Return whether the run began before the forecast session opened.

    None if a person has changed the row, so that its cells can't be read.
    """
    try:
        opens = next_open(exchange, date.fromisoformat(as_of))
        return datetime.fromisoformat(run_at) < opens
    except Exception:  # noqa: BLE001  whatever the cell holds, the archive goes on
        return None
