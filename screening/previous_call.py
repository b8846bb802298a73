"""The call of each symbol on the last earlier night of the same kind."""

from collections.abc import Mapping
from datetime import date, datetime

from config.errors import OvernightError
from market_data.sessions import as_of_session
from screening.report.earlier import list_published_nights
from screening.table import csv_path, read_rows
from storage.paths import StoragePath

NIGHTS_SEARCHED = 60
"""How many earlier nights are searched for a symbol: three months of sessions."""


def previous_calls(
    folder: StoragePath, as_of: date, replays: Mapping[str, bool]
) -> dict[str, str]:
    """Return the last earlier call of each symbol that has one.

    `replays` says of each symbol whether this night is a replay: a replay is compared
    with replays, a live night with live nights. A CSV or a row that can't be read is
    skipped.
    """
    before = [night for night in list_published_nights(folder) if night < as_of]
    found: dict[str, str] = {}
    for night in before[:NIGHTS_SEARCHED]:
        if replays.keys() <= found.keys():
            break
        for row in _read_rows(csv_path(folder, night)):
            symbol = row["symbol"]
            if symbol not in found and _is_replay(row) == replays.get(symbol):
                found[symbol] = row["prediction"]
    return found


def _read_rows(path: StoragePath) -> list[dict[str, str]]:
    """Return the rows with a call, no rows if the CSV can't be read."""
    try:
        return [row for row in read_rows(path) if row.get("prediction")]
    except (OSError, ValueError, OvernightError):
        return []


def _is_replay(row: Mapping[str, str]) -> bool | None:
    """Return whether the exchange had completed a later session when the run began.

    None if the row was changed, so that its dates or its exchange can't be read.
    """
    try:
        run_at = datetime.fromisoformat(row["run_at"])
        last = as_of_session(row["exchange"], run_at.date(), run_at)
        return date.fromisoformat(row["as_of"]) < last
    except Exception:  # noqa: BLE001  whatever the cell holds, the night goes on
        return None
