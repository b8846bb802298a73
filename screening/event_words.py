"""The words for the state of a symbol's events: the same in every place. Pure."""

from collections.abc import Mapping
from typing import Any


def event_words(status: str, kind: str = "", sessions: int | None = None) -> str:
    """Return `earnings in 3 sessions`, `basel_iii expected`, `none` or `unknown`.

    `kind` is the type of the row's event, '' if there is none. `sessions` is None for
    a window, whose day is not known. `estimated` is added to a date that is not
    confirmed, `others unknown` if no source covers what else comes.
    """
    if not kind:
        return status or "unknown"
    more = {"estimated": ", estimated", "unknown": ", others unknown"}.get(status, "")
    if sessions is None:
        window_more = "" if status == "estimated" else more
        return f"{kind} expected{window_more}"
    return f"{kind} {_when(sessions)}{more}"


def row_event_words(row: Mapping[str, Any]) -> str:
    """Return the words for a row of the screening CSV, as values or as text."""
    text = str(row.get("sessions_to_event"))  # A number, or text of an old CSV.
    sessions = int(text) if text.lstrip("-").isdecimal() else None
    return event_words(
        row.get("event_status") or "", row.get("event_type") or "", sessions
    )


def trading_word(*, sit_out: bool | None) -> str:
    """Return what the guard has the symbol do; None is "not known"."""
    return {True: "SIT OUT", False: "trade", None: "not known"}[sit_out]


def _when(sessions: int) -> str:
    if sessions == 0:
        return "today"
    count = f"{abs(sessions)} session{'' if abs(sessions) == 1 else 's'}"
    return f"in {count}" if sessions > 0 else f"{count} ago"
