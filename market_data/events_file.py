"""Reads a folder's facts about a company: `events/SYMBOL.json`.

`{"meta": {"longName", "currency"}, "profile": {"sector"},
"dividends": [{"date", "amount"}],
"splits": [{"date", "numerator", "denominator"}], "earnings": [{"datetime"}]}`. The file
and each of its parts are optional. Unreadable parts are omitted, with a note.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from market_data.prices import Dividends, Splits
from market_data.sessions import FIRST_DATE
from storage.paths import read_bytes

MAX_FILE_BYTES = 100_000_000
"""A larger file is not read: fifty years of daily prices have 1 MB."""

MAX_SECTOR = 60
"""Characters of a sector's name that are kept."""

LAST_YEAR = 2100
"""First year of earnings that is refused."""


@dataclass(frozen=True)
class EventsFile:
    """The parts that were read; a part is empty if the file does not have it.

    `lists_dividends` is whether the file has a list of dividends, even an empty one.
    """

    company: str = ""
    currency: str = ""
    sector: str = ""
    dividends: Dividends = field(default_factory=dict)
    splits: Splits = field(default_factory=dict)
    lists_dividends: bool = False
    notes: tuple[str, ...] = ()


def read_events_file(path: Path) -> EventsFile:
    """Return the file's content; empty if it is missing, with a note if it is bad."""
    value, problem = _read(path)
    if value is None:
        return EventsFile(notes=problem)
    meta = value.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    profile = value.get("profile")
    profile = profile if isinstance(profile, Mapping) else {}
    dividends, lost_dividends = _amounts(value.get("dividends"), _dividend)
    splits, lost_splits = _amounts(value.get("splits"), _split)
    lost = {"dividends": lost_dividends, "splits": lost_splits}
    return EventsFile(
        company=_text(meta.get("longName") or meta.get("shortName")),
        currency=_text(meta.get("currency")),
        sector=_text(profile.get("sector"))[:MAX_SECTOR],
        dividends=dividends,
        splits=splits,
        lists_dividends=isinstance(value.get("dividends"), list),
        notes=tuple(
            f"{count} {name} of events/{path.name} can't be read and are left out"
            for name, count in lost.items()
            if count
        ),
    )


def read_earnings(
    path: Path,
) -> tuple[tuple[datetime | date, ...], tuple[str, ...]]:
    """Return the instants of earnings, past and coming, and notes on what is lost.

    An instant has a time zone; a text without one becomes its date.
    """
    value, problem = _read(path)
    entries = (value or {}).get("earnings") or []
    if not isinstance(entries, list):
        entries = [entries]
    found = [_earnings(entry) for entry in entries]
    lost = found.count(None)
    notes = problem
    if lost:
        notes = (
            f"{lost} earnings of events/{path.name} can't be read and are left out",
        )
    return tuple(one for one in found if one is not None), notes


def _earnings(entry: object) -> datetime | date | None:
    text = entry.get("datetime") if isinstance(entry, Mapping) else None
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if not FIRST_DATE.year <= instant.year < LAST_YEAR:
        return None
    return instant if instant.tzinfo else instant.date()


def _read(path: Path) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Return the file's content; None if there is none, with a note if it is bad."""
    if not path.is_file():
        return None, ()
    try:
        value = json.loads(read_bytes(path, MAX_FILE_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        cause = " ".join(str(error).split())[:80]
        return None, (f"events/{path.name} is not used: {cause}",)
    if not isinstance(value, Mapping):
        kind = type(value).__name__
        return None, (f"events/{path.name} is not used: it holds a {kind}",)
    return value, ()


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _amounts(
    entries: object, amount: Callable[[Mapping[str, Any]], float]
) -> tuple[dict[date, float], int]:
    """Return the amounts by date, and how many entries could not be read."""
    if entries is None:
        return {}, 0
    if not isinstance(entries, list):
        return {}, 1
    found: dict[date, float] = {}
    seen: set[tuple[date, float]] = set()
    lost = 0
    for entry in entries:
        try:
            day, value = date.fromisoformat(str(entry["date"])[:10]), amount(entry)
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
            lost += 1
            continue
        if not (math.isfinite(value) and value > 0):
            lost += 1
        elif (day, value) not in seen:
            seen.add((day, value))
            found[day] = found.get(day, 0.0) + value
    return found, lost


def _dividend(entry: Mapping[str, Any]) -> float:
    return float(entry["amount"])


def _split(entry: Mapping[str, Any]) -> float:
    return float(entry["numerator"]) / float(entry["denominator"])
