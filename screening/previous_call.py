"""The calls of each symbol on its last earlier nights of the same kind."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from config.errors import OvernightError
from market_data.sessions import as_of_session, sessions_apart
from screening.report.earlier import list_published_nights
from screening.table import csv_path, read_rows
from storage.paths import StoragePath

NIGHTS_SEARCHED = 60
"""How many earlier nights are searched for a symbol: three months of sessions."""


UNSTEADY_SESSIONS = 3
"""A call that is back within so many sessions is unsteady."""


def previous_calls(
    folder: StoragePath, as_of: date, replays: Mapping[str, bool]
) -> dict[str, str]:
    """Return the last earlier call of each symbol that has one.

    `replays` says of each symbol whether this night is a replay: a replay is compared
    with replays, a live night with live nights. A CSV or a row that can't be read is
    skipped.
    """
    found = recent_rows(folder, as_of, replays, count=1)
    return {symbol: rows[0]["prediction"] for symbol, rows in found.items()}


def recent_rows(
    folder: StoragePath, as_of: date, replays: Mapping[str, bool], count: int
) -> dict[str, list[dict[str, str]]]:
    """Return the last `count` earlier rows with a call of each symbol, newest first.

    The nights are chosen as in `previous_calls`; a symbol without one is left out.
    """
    before = [night for night in list_published_nights(folder) if night < as_of]
    found: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for night in before[:NIGHTS_SEARCHED]:
        if all(len(found.get(symbol, ())) == count for symbol in replays):
            break
        for row in _read_rows(csv_path(folder, night)):
            rows, replay = found.get(row["symbol"], []), replays.get(row["symbol"])
            if len(rows) < count and is_replay_row(row) == replay:
                found[row["symbol"]].append(row)
    return dict(found)


def unsteady_calls(row: Mapping[str, str], earlier: Sequence[Mapping[str, str]]) -> str:
    """Return `BUY, HOLD, BUY` if the row's call changed and is back, else ''.

    `earlier` are the symbol's last two rows, newest first. All three nights are within
    `UNSTEADY_SESSIONS` sessions.
    """
    calls = [one["prediction"] for one in (*reversed(earlier[:2]), row)]
    if len(calls) < 3 or calls[0] != calls[2] or calls[0] == calls[1]:
        return ""
    first, last = (date.fromisoformat(one["as_of"]) for one in (earlier[1], row))
    apart = sessions_apart(row["exchange"], first, last)
    return ", ".join(calls) if apart <= UNSTEADY_SESSIONS else ""


def _read_rows(path: StoragePath) -> list[dict[str, str]]:
    """Return the rows with a call, no rows if the CSV can't be read."""
    try:
        return [row for row in read_rows(path) if row.get("prediction")]
    except (OSError, ValueError, OvernightError):
        return []


def is_replay_row(row: Mapping[str, str]) -> bool | None:
    """Return whether the exchange had completed a later session when the run began.

    None if the row was changed, so that its dates or its exchange can't be read.
    """
    try:
        run_at = datetime.fromisoformat(row["run_at"])
        last = as_of_session(row["exchange"], run_at.date(), run_at)
        return date.fromisoformat(row["as_of"]) < last
    except Exception:  # noqa: BLE001  whatever the cell holds, the night goes on
        return None
