"""One line of the archive per night: verdict, calls, changes, link. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import pandas as pd

from screening.report.earlier import NIGHTS_LOOKED_AT
from screening.verdict import Outcome, Tally

CALLS = ("BUY", "HOLD", "SELL")

LEVELS: Mapping[Outcome, str] = {"Failed": "failed", "Completed with failures": "mixed"}


@dataclass(frozen=True)
class NightChanges:
    """How many symbols changed since the night of `since`, of those in both nights."""

    since: date
    calls: int
    begun: int
    ended: int

    @property
    def text(self) -> str:
        """Return `3 calls, 1 sit-out begins, 2 end`, or `none`."""
        parts = [_count(self.calls, "call")] if self.calls else []
        if self.begun:
            verb = "begins" if self.begun == 1 else "begin"
            parts.append(f"{_count(self.begun, 'sit-out')} {verb}")
        if self.ended:
            verb = "ends" if self.ended == 1 else "end"
            what = str(self.ended) if self.begun else _count(self.ended, "sit-out")
            parts.append(f"{what} {verb}")
        return ", ".join(parts) or "none"


@dataclass(frozen=True)
class NightLine:
    """A night; `kind` is live, replay, `live and replay` or `kind not known`.

    A night whose CSV can't be read has no `kind`. `level` is good, mixed or failed.
    `changes` is None without an earlier night of the same symbols. `report` is the
    report's address relative to the archive, "" if there is no report.
    """

    night: date
    kind: str
    level: str
    headline: str
    calls: Mapping[str, int] = field(default_factory=dict)
    sat_out: int = 0
    changes: NightChanges | None = None
    report: str = ""


@dataclass(frozen=True)
class Month:
    """The nights of a month, the latest first; `sentence` counts them."""

    name: str
    lines: tuple[NightLine, ...]

    @property
    def sentence(self) -> str:
        """Return `20 nights, 1 failed, 2 replays`."""
        failed = sum(line.level == "failed" for line in self.lines)
        replays = sum(line.kind == "replay" for line in self.lines)
        parts = [_count(len(self.lines), "night")]
        parts += [f"{failed} failed"] if failed else []
        parts += [_count(replays, "replay")] if replays else []
        return ", ".join(parts)


def night_lines(
    table: pd.DataFrame,
    unreadable: Iterable[date],
    min_coverage: float,
    report_of: Callable[[date], str],
) -> tuple[NightLine, ...]:
    """Return the lines of all nights, the latest first.

    `table` holds the rows of all nights (`night_rows.TYPES`). `min_coverage` is the
    share of usable symbols below which a night has failed. `report_of` returns a
    report's address.
    """
    found = [
        NightLine(night, "", "failed", "The CSV can't be read", report=report_of(night))
        for night in unreadable
    ]
    before: list[_Night] = []
    for night in _nights(table):
        found.append(_line(night, before, min_coverage, report_of(night.night)))
        before = [night, *before][:NIGHTS_LOOKED_AT]
    return tuple(sorted(found, key=lambda line: line.night, reverse=True))


def group_by_month(lines: Iterable[NightLine]) -> tuple[Month, ...]:
    """Return the lines by month, in their order."""
    groups = groupby(lines, key=lambda line: line.night.strftime("%B %Y"))
    return tuple(Month(name, tuple(nights)) for name, nights in groups)


@dataclass(frozen=True)
class _Night:
    """The calls and sit-outs of one night by symbol."""

    night: date
    live: frozenset[bool | None]
    status: Counter[str]
    calls: Mapping[str, str]
    sat_out: frozenset[str]
    failed: frozenset[str]


def _nights(table: pd.DataFrame) -> Iterator[_Night]:
    """Yield the nights, the earliest first."""
    columns = ["symbol", "live", "status", "call", "sit_out"]
    plain = table[columns].astype(object).where(table[columns].notna(), None)
    for night, places in sorted(table.groupby("night").indices.items()):
        symbols, live, status, calls, out = (
            plain[name].to_numpy()[places] for name in columns
        )
        yield _Night(
            night=pd.Timestamp(str(night)).date(),
            live=frozenset(live),
            status=Counter(status),
            calls=dict(zip(symbols, calls, strict=True)),
            sat_out=frozenset(symbols[out == True]),  # noqa: E712  None is not known
            failed=frozenset(symbols[status == "failed"]),
        )


def _line(
    night: _Night, before: Iterable[_Night], min_coverage: float, report: str
) -> NightLine:
    failed = night.status["failed"]
    usable = len(night.calls) - failed
    tally = Tally(usable, failed, night.status["degraded"])
    outcome = tally.outcome(min_coverage)
    good = "mixed" if tally.degraded else "good"
    made = Counter(night.calls.values())
    earlier = next((one for one in before if one.calls.keys() & night.calls), None)
    return NightLine(
        night=night.night,
        kind=_kind(night.live),
        level=LEVELS.get(outcome, good),
        headline=tally.headline(min_coverage),
        calls={call: made[call] for call in CALLS},
        sat_out=len(night.sat_out - night.failed),
        changes=_changes(earlier, night) if earlier else None,
        report=report,
    )


def _changes(old: _Night, new: _Night) -> NightChanges:
    """Return the changes by the rules of the morning report."""
    both = old.calls.keys() & new.calls.keys()
    begun = (new.sat_out - old.sat_out) & both
    ended = (old.sat_out - new.sat_out - new.failed) & both
    changed = [
        symbol
        for symbol in both
        if old.calls[symbol]
        and new.calls[symbol]
        and old.calls[symbol] != new.calls[symbol]
    ]
    return NightChanges(old.night, len(changed), len(begun), len(ended))


def _kind(live: frozenset[bool | None]) -> str:
    if live == {True}:
        return "live"
    if live == {False}:
        return "replay"
    return "live and replay" if live == {True, False} else "kind not known"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
