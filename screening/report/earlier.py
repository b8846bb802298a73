"""The CSV of the night before this night, read from the home."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from screening.report.facts import EarlierNight
from screening.table import csv_path, read_rows
from storage.paths import StoragePath, files_in

NIGHTS_LOOKED_AT = 10
"""How many earlier nights are searched for a common symbol."""


def earlier_night(
    folder: StoragePath, as_of: date, symbols: Iterable[str]
) -> EarlierNight | None:
    """Return the last night before `as_of` that has any of the symbols, else None.

    A CSV that can't be read is skipped.
    """
    wanted = set(symbols)
    before = [night for night in list_published_nights(folder) if night < as_of]
    for night in before[:NIGHTS_LOOKED_AT]:
        try:
            rows = read_rows(csv_path(folder, night))
        except (OSError, ValueError):
            continue
        if wanted & {row["symbol"] for row in rows}:
            return EarlierNight(night, tuple(rows))
    return None


def list_published_nights(folder: StoragePath) -> list[date]:
    """Return the dates of the screening CSVs in `folder`, the latest first."""
    return nights_of(path.name for path in files_in(folder))


def nights_of(names: Iterable[str]) -> list[date]:
    """Return the dates in those names that are names of CSVs, the latest first."""
    return sorted((night for name in names if (night := _night(name))), reverse=True)


def _night(name: str) -> date | None:
    """Return the night of the CSV with this name, None for any other file."""
    try:
        night = date.fromisoformat(name[:10])
    except ValueError:
        return None
    return night if name == csv_path(Path(), night).name else None
