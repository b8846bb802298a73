"""The text for the state of a symbol's events, the same wherever it is shown. Pure."""

from collections.abc import Mapping
from typing import Any

_MORE = {"estimated": ", estimated", "unknown": ", others unknown"}


def event_words(status: str, kind: str = "", sessions: int | None = None) -> str:
    """Return `earnings in 3 sessions`, `basel_iii expected`, `none` or `unknown`.

    `kind` is the type of the row's event, '' if there is none. `sessions` is None for
    a window, because its exact day is not known. The text ends with `estimated` if the
    date is not confirmed, and with `others unknown` if no source covers other events.
    """
    if not kind:
        return status or "unknown"
    if sessions is not None:
        return f"{kind} {_distance(sessions)}{_MORE.get(status, '')}"
    return f"{kind} expected{_MORE['unknown'] if status == 'unknown' else ''}"


def row_event_words(row: Mapping[str, Any]) -> str:
    """Return the text for a row of the screening CSV; cells are values or texts."""
    text = str(row.get("sessions_to_event"))  # A number, or text of an old CSV.
    sessions = int(text) if text.lstrip("-").isdecimal() else None
    return event_words(
        row.get("event_status") or "", row.get("event_type") or "", sessions
    )


def trading_word(*, sit_out: bool | None) -> str:
    """Return `SIT OUT`, `trade` or, for None, `not known`."""
    return {True: "SIT OUT", False: "trade", None: "not known"}[sit_out]


def _distance(sessions: int) -> str:
    if sessions == 0:
        return "today"
    count = f"{abs(sessions)} session{'' if abs(sessions) == 1 else 's'}"
    return f"in {count}" if sessions > 0 else f"{count} ago"
