"""Prints the coming events of `overnight events` and where they are known from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console

from cli.output import literal, say
from risk_guard.events import REPORTS
from screening.event_words import trading_word

if TYPE_CHECKING:
    from risk_guard.event_provenance import EarlierDate, NamedBy
    from status.event_report import EventDetail, EventReport, SymbolEvents

TIMES = {
    "before_open": "before the open",
    "during": "during the session",
    "after_close": "after the close",
    "unknown": "not known",
}


def show_events(report: "EventReport") -> None:
    """Print each symbol's events, risk term by term, haircut and sit-out."""
    console = Console(highlight=False, emoji=False)
    for notice in report.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for line in report.symbols:
        say(
            console,
            f"[bold]{line.symbol}[/] as of {line.as_of}: risk {line.risk_score:.2f}, "
            f"haircut {line.haircut:.0%}, {trading_word(sit_out=line.sit_out)}, "
            f"events: {line.event_words}",
        )
        for text in filter(None, _details(line)):
            say(console, f"  {literal(text)}")


def _details(line: "SymbolEvents") -> Iterator[str]:
    """Yield the events, the risk term by term, the sit-out and the warning."""
    for event in (*([line.past] if line.past else []), *line.coming):
        yield from _event_lines(event)
    for term in line.terms:
        yield f"+{term.points:.2f} {term.reason}"
    yield line.sit_out_reason and f"sit-out: {line.sit_out_reason}"
    yield line.warning
    for gap in line.report_gaps:
        yield f"past reports may be missing: {gap}"


def _event_lines(event: "EventDetail") -> Iterator[str]:
    """Yield the event, its time of day, its sources and its earlier dates."""
    title = f": {event.title}" if event.title else ""
    window = event.sure == "window"
    days = f"{event.first} to {event.last}" if window else event.first
    yield f"{days} {event.type}{title} ({event.status}, {event.source})"
    if window:
        yield "  the exact day is not known"
    elif event.type in REPORTS:
        yield f"  time of day: {TIMES[event.time]}"
    if any(one.since for one in event.named_by) or len(event.named_by) > 1:
        yield f"  named by {', '.join(map(_named_by, event.named_by))}"
    for earlier in event.earlier:
        yield _earlier(earlier)
    for other in event.differing:
        yield f"  another date: {other.days} ({other.status}, {other.source})"


def _named_by(named: "NamedBy") -> str:
    since = f", since {named.since}" if named.since else ""
    return f"{named.source} ({named.status}{since})"


def _earlier(date: "EarlierDate") -> str:
    window = date.first < date.last
    days = f"{date.first} to {date.last}" if window else date.first
    return (
        f"  before: {days} ({date.source}, until {date.named_until}), moved as of "
        f"{date.moved_as_of}"
    )
