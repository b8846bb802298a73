"""What changed since the night before: calls, events, failures, symbols. Pure.

Both sides are CSV text, so that what the person kept from yesterday is what counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from screening.report.facts import EarlierNight

Cells = Mapping[str, str]


@dataclass(frozen=True)
class CallChange:
    """A call that is another one than on the earlier night."""

    symbol: str
    before: str
    after: str
    score_before: str
    score_after: str


@dataclass(frozen=True)
class Changes:
    """The differences from the night of `since`, over the symbols of both nights.

    `events` are new ones; `sat_out` are symbols in which a sit-out has begun; `added`
    and `dropped` are symbols that only one of the nights has.
    """

    since: date
    compared: int
    flips: tuple[CallChange, ...]
    events: tuple[Cells, ...]
    sat_out: tuple[str, ...]
    failed: tuple[Cells, ...]
    recovered: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def any_at_all(self) -> bool:
        """Return whether anything of the symbols of both nights changed."""
        return bool(
            self.flips or self.events or self.sat_out or self.failed or self.recovered
        )


def changes_since(earlier: EarlierNight, rows: Iterable[Cells]) -> Changes:
    """Return what differs between the earlier night and tonight's CSV rows."""
    tonight = {row["symbol"]: row for row in rows}
    before = {row["symbol"]: row for row in earlier.rows}
    both = [(before[name], row) for name, row in tonight.items() if name in before]
    return Changes(
        since=earlier.as_of,
        compared=len(both),
        flips=tuple(_flip(old, new) for old, new in both if _flipped(old, new)),
        events=tuple(new for old, new in both if _new_event(old, new)),
        sat_out=tuple(
            new["symbol"]
            for old, new in both
            if _sits(new) and not _sits(old) and not _new_event(old, new)
        ),
        failed=tuple(new for old, new in both if _failed(new) and not _failed(old)),
        recovered=tuple(
            new["symbol"] for old, new in both if _failed(old) and not _failed(new)
        ),
        added=tuple(name for name in tonight if name not in before),
        dropped=tuple(name for name in before if name not in tonight),
    )


def _flipped(old: Cells, new: Cells) -> bool:
    calls = _of(old, "prediction"), _of(new, "prediction")
    return all(calls) and calls[0] != calls[1]


def _flip(old: Cells, new: Cells) -> CallChange:
    return CallChange(
        new["symbol"],
        _of(old, "prediction"),
        _of(new, "prediction"),
        _of(old, "score"),
        _of(new, "score"),
    )


def _new_event(old: Cells, new: Cells) -> bool:
    """Return whether the row's event is another one; a window goes by its title."""

    def event(row: Cells) -> tuple[str, str]:
        return _of(row, "event_type"), _of(row, "event_date") or _of(row, "event_title")

    return bool(_of(new, "event_type")) and event(old) != event(new)


def _sits(row: Cells) -> bool:
    return _of(row, "event_skip_trading") == "true"


def _failed(row: Cells) -> bool:
    return _of(row, "data_status") == "failed"


def _of(row: Cells, column: str) -> str:
    return row.get(column) or ""
