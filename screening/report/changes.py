"""What changed since an earlier night: calls, events, failures, symbols. Pure.

Both nights are compared as CSV text, so a person can repeat the comparison.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from screening.columns import COLUMNS
from screening.report.facts import EarlierNight
from screening.report.why_changed import why_changed

Cells = Mapping[str, str]

MARGIN = 0.03
"""A score that is less beyond a threshold makes a change of call marginal."""

UPPER_CHANGES = {("HOLD", "BUY"), ("BUY", "HOLD"), ("BUY", "SELL")}
"""Changes that cross the upper threshold first; the others cross the lower one."""


@dataclass(frozen=True)
class CallChange:
    """The rows of a symbol whose call differs between the nights, and why, or ''."""

    before: Cells
    after: Cells

    def is_marginal(self, buy_above: float, sell_below: float) -> bool:
        """Return whether the score is hardly beyond the threshold that it crossed.

        A change because of a sit-out, or without a score, is not marginal.
        """
        if _sits_out(self.before) or _sits_out(self.after) or not self.after["score"]:
            return False
        calls = self.before["prediction"], self.after["prediction"]
        crossed = buy_above if calls in UPPER_CHANGES else sell_below
        return abs(float(self.after["score"]) - crossed) < MARGIN

    @property
    def why(self) -> str:
        """Return the rule or the component that changed the call, '' if not known."""
        return why_changed(self.before, self.after)


@dataclass(frozen=True)
class Changes:
    """The differences from the night of `since`, over the symbols of both nights.

    `events` are the rows of new events. `sat_out` are the symbols whose sit-out begins
    without a new event, `begun` all whose sit-out begins, `ended` all whose sit-out
    ends. `added` and `dropped` are the symbols of only one night.
    """

    since: date
    compared: int
    calls: tuple[CallChange, ...]
    events: tuple[Cells, ...]
    sat_out: tuple[str, ...]
    failed: tuple[Cells, ...]
    recovered: tuple[str, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    begun: tuple[Cells, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def has_any(self) -> bool:
        """Return whether anything changed for a symbol of both nights."""
        return bool(
            self.calls
            or self.events
            or self.sat_out
            or self.ended
            or self.failed
            or self.recovered
        )


def changes_since(earlier: EarlierNight, rows: Iterable[Cells]) -> Changes:
    """Return the differences between the earlier night and tonight's CSV rows."""
    # An earlier version's CSV may lack columns.
    empty = dict.fromkeys(COLUMNS, "")
    before = {row["symbol"]: {**empty, **row} for row in earlier.rows}
    tonight = {row["symbol"]: row for row in rows}
    both = [(before[name], row) for name, row in tonight.items() if name in before]
    return Changes(
        since=earlier.as_of,
        compared=len(both),
        calls=tuple(CallChange(*pair) for pair in both if _call_changed(*pair)),
        events=tuple(new for old, new in both if _event_changed(old, new)),
        sat_out=tuple(
            new["symbol"]
            for old, new in both
            if _sits_out(new) and not _sits_out(old) and not _event_changed(old, new)
        ),
        failed=tuple(new for old, new in both if _failed(new) and not _failed(old)),
        recovered=tuple(
            new["symbol"] for old, new in both if _failed(old) and not _failed(new)
        ),
        added=tuple(name for name in tonight if name not in before),
        dropped=tuple(name for name in before if name not in tonight),
        begun=tuple(new for old, new in both if _sits_out(new) and not _sits_out(old)),
        ended=tuple(
            new["symbol"]
            for old, new in both
            if _sits_out(old) and not _sits_out(new) and not _failed(new)
        ),
    )


def _call_changed(old: Cells, new: Cells) -> bool:
    calls = old["prediction"], new["prediction"]
    return all(calls) and calls[0] != calls[1]


def _event_changed(old: Cells, new: Cells) -> bool:
    """Return whether the row has another event; a window is compared by its title."""

    def event(row: Cells) -> tuple[str, str]:
        return row["event_type"], row["event_date"] or row["event_title"]

    return bool(new["event_type"]) and event(old) != event(new)


def _sits_out(row: Cells) -> bool:
    return row["event_skip_trading"] == "true"


def _failed(row: Cells) -> bool:
    return row["data_status"] == "failed"
