"""The message about a night, composed from the rows of its CSV. Pure.

The order: verdict, changes, holdings, scores, what was missing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from config.errors import list_names
from config.settings import BlendSettings
from delivery.message import Message
from screening.event_words import row_event_words
from screening.report.changes import CallChange, Changes, changes_since
from screening.report.facts import EarlierNight
from screening.verdict import Tally, group_causes

SCORES = 5
"""How many of the highest and of the lowest scores a message lists."""

MAX_CHANGES = 8
"""Changes of one kind that a message lists; the others are counted."""

MAX_CAUSES = 4
"""Causes of failures that a message lists; the symbols of the others are counted."""

MAX_REASON = 200
"""Characters of a reason or notice; the report has all of it."""


@dataclass(frozen=True)
class NightRows:
    """One run of a night.

    `rows` are the CSV's cells of the run's own symbols, in the CSV's order. `report` is
    the file name of the morning report, "" without one. `min_coverage` is the share of
    usable symbols below which the run has failed. `held` are the symbols that the user
    holds, `added` those screened for that reason alone.
    """

    as_of: date
    rows: Sequence[Mapping[str, str]]
    notices: Sequence[str]
    earlier: EarlierNight | None
    blend: BlendSettings
    min_coverage: float
    report: str
    held: Collection[str] = ()
    added: Collection[str] = ()

    @property
    def tally(self) -> Tally:
        """Return the numbers of the symbols asked for, by their status."""
        asked = [row for row in self.rows if row["symbol"] not in self.added]
        status = Counter(row["data_status"] for row in asked)
        usable = len(asked) - status["failed"]
        return Tally(usable, status["failed"], status["degraded"])


def night_message(night: NightRows) -> Message:
    """Return the message about a night."""
    symbols = [row["symbol"] for row in night.rows]
    lines = [
        f"{night.tally.verdict(night.min_coverage)}.",
        f"Symbols: {list_names(sorted(symbols), 5)}.",
        *_calls(night.rows),
        *_section(_since(night.earlier), _changes(night)),
        *_section("Holdings with an event ahead", _held_events(night)),
        *_scores([row for row in night.rows if row.get("score")]),
        *_section("Missing", _missing(night)),
    ]
    lines += ["", f"Report: {night.report}"] if night.report else []
    headline = night.tally.headline(night.min_coverage)
    subject = f"Night of {night.as_of}: {headline}"
    return Message.of_lines(subject, lines, night.report)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    """Return an empty line, the title and the lines; nothing without lines."""
    found = list(lines)
    return ["", title, *found] if found else []


def _calls(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    made = Counter(row["prediction"] for row in rows)
    sat_out = sum(row["event_skip_trading"] == "true" for row in rows)
    calls = ", ".join(f"{call} {made[call]}" for call in ("BUY", "HOLD", "SELL"))
    yield f"{calls}; {sat_out} sat out." if sat_out else f"{calls}."


def _since(earlier: EarlierNight | None) -> str:
    return f"Since the night of {earlier.as_of}" if earlier else "Changes"


def _changes(night: NightRows) -> Iterator[str]:
    """Yield what changed; a change that hardly crossed its threshold comes later."""
    if night.earlier is None:
        yield "There is no earlier night of these symbols."
        return
    own = {row["symbol"] for row in night.rows}
    rows = tuple(row for row in night.earlier.rows if row["symbol"] in own)
    found = changes_since(EarlierNight(night.earlier.as_of, rows), night.rows)
    limits = night.blend.buy_above, night.blend.sell_below
    clear = [change for change in found.calls if not change.is_marginal(*limits)]
    marginal = [change for change in found.calls if change.is_marginal(*limits)]
    lines = [
        *_limit([f"Call: {_call(change)}" for change in clear]),
        *_sit_outs(found),
        *_limit([f"Marginal: {_call(change)}" for change in marginal]),
    ]
    yield from lines or ["No call and no sit-out changed."]


def _held_events(night: NightRows) -> Iterator[str]:
    """Yield each holding with a coming event, and whether it is sat out."""
    held = [row for row in night.rows if row["symbol"] in night.held]
    for row in filter(_has_event_ahead, held):
        out = ", sat out" if row["event_skip_trading"] == "true" else ""
        yield f"{row['symbol']}: {row_event_words(row)}{out}"


def _has_event_ahead(row: Mapping[str, str]) -> bool:
    """Return whether the row's event is to come; a window has no distance."""
    return bool(row["event_type"]) and not row["sessions_to_event"].startswith("-")


def _limit(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:MAX_CHANGES]
    if len(lines) > MAX_CHANGES:
        yield f"and {len(lines) - MAX_CHANGES} more"


def _call(change: CallChange) -> str:
    """Return `CBA.AX HOLD to BUY, score +0.41`."""
    before, after = change.before, change.after
    calls = f"{before['prediction']} to {after['prediction']}"
    return f"{after['symbol']} {calls}, score {_signed(after['score'])}"


def _sit_outs(found: Changes) -> Iterator[str]:
    if found.begun:
        rows = [f"{row['symbol']}{_event(row)}" for row in found.begun]
        yield f"Sit-out begins: {list_names(rows)}"
    if found.ended:
        yield f"Sit-out ends: {list_names(found.ended)}"


def _event(row: Mapping[str, str]) -> str:
    """Return ` (earnings 2025-11-12)`, "" without an event."""
    words = f"{row['event_type']} {row['event_date']}".strip()
    return f" ({words})" if words else ""


def _scores(scored: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the highest and the lowest scores, none of them twice."""
    ordered = sorted(scored, key=lambda row: -float(row["score"]))
    lowest = ordered[SCORES:][-SCORES:]
    yield from _section("Highest scores", map(_score, ordered[:SCORES]))
    yield from _section("Lowest scores", map(_score, lowest))


def _score(row: Mapping[str, str]) -> str:
    up = row.get("probability_up")
    likely = f", P(up) {float(up):.2f}" if up else ""
    return f"{row['symbol']} {row['prediction']} {_signed(row['score'])}{likely}"


def _signed(number: str) -> str:
    return f"{float(number):+.2f}" if number else "not known"


def _missing(night: NightRows) -> Iterator[str]:
    """Yield the causes of failures, the symbols with a defect, and the notices."""
    failed = {
        row["symbol"]: row["reason"]
        for row in night.rows
        if row["data_status"] == "failed"
    }
    causes = group_causes(failed)
    for cause in causes[:MAX_CAUSES]:
        yield f"{cause.subject}: {cause.reason[:MAX_REASON]}"
    if more := sum(len(cause.symbols) for cause in causes[MAX_CAUSES:]):
        yield f"and {more} more that failed"
    defects = [r["symbol"] for r in night.rows if r["data_status"] == "degraded"]
    if defects:
        yield f"With a defect in the data: {list_names(defects)}"
    for notice in night.notices:
        yield notice[:MAX_REASON]
