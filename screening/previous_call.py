"""The call of each symbol on the last earlier night of the same kind."""

from collections.abc import Mapping
from datetime import date, datetime

from market_data.sessions import as_of_session
from screening.report.earlier import NIGHTS_LOOKED_AT, list_published_nights
from screening.table import csv_path, read_rows
from storage.paths import StoragePath


def previous_calls(
    folder: StoragePath, as_of: date, replays: Mapping[str, bool]
) -> dict[str, str]:
    """Return the last earlier call of each symbol that has one.

    `replays` says of each symbol whether this night is a replay: a replay is compared
    with replays, a live night with live nights. A CSV that can't be read is skipped.
    """
    before = [night for night in list_published_nights(folder) if night < as_of]
    found: dict[str, str] = {}
    for night in before[:NIGHTS_LOOKED_AT]:
        try:
            rows = read_rows(csv_path(folder, night))
            calls = {
                row["symbol"]: row["prediction"]
                for row in rows
                if row["prediction"] and _is_replay(row) == replays.get(row["symbol"])
            }
        except (OSError, ValueError, KeyError):
            continue
        found = calls | found
        if replays.keys() <= found.keys():
            break
    return {symbol: call for symbol, call in found.items() if symbol in replays}


def _is_replay(row: Mapping[str, str]) -> bool:
    """Return whether the exchange had completed a later session when the run began."""
    run_at = datetime.fromisoformat(row["run_at"])
    last = as_of_session(row["exchange"], run_at.date(), run_at)
    return date.fromisoformat(row["as_of"]) < last
