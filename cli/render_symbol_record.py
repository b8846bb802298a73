"""Prints the past calls of one symbol, 80 columns wide."""

from rich.console import Console
from rich.table import Table

from cli.output import literal, new_table, say
from screening.track_record.symbol_record import (
    CallOutcome,
    SymbolCall,
    SymbolRecord,
)

HEADINGS = ("as of", "call", "score", "conf.", "sat out", "interval")


HOW_TO_READ = (
    "Interval of the next return, and returns after so many sessions, in %; "
    "-: not known or not due; ?: due, no night has had its prices."
)


def show_symbol_record(found: SymbolRecord) -> None:
    """Print the live calls, then the replayed calls, the last one first."""
    console = Console(highlight=False, emoji=False)
    if not found.total:
        say(console, f"{literal(found.symbol)}: no call is in the track record.")
        return
    shown = len(found.calls)
    more = "" if shown == found.total else f" The last {shown}; --all shows all."
    count = f"{found.total} call{'' if found.total == 1 else 's'}"
    say(console, f"{literal(found.symbol)}: {count} in the track record.{more}")
    for live in (True, False):
        calls = [call for call in found.calls if call.live == live]
        if calls:
            kind = "Live calls" if live else "Replayed calls (their outcome was known)"
            console.print()
            say(console, f"{kind}. {HOW_TO_READ}")
            console.print(_table(calls))


def _table(calls: list[SymbolCall]) -> Table:
    """Return a line per call: hedged return of the first horizon, return of each."""
    first, *more = [str(outcome.sessions) for outcome in calls[0].outcomes]
    table = new_table(*HEADINGS, first, "hedged", *more, left=HEADINGS[:2])
    for call in calls:
        one, *others = call.outcomes
        cells = [_return(one), _percent(one.hedged_return), *map(_return, others)]
        table.add_row(*map(literal, (*_call(call), *cells)))
    return table


def _return(outcome: CallOutcome) -> str:
    unscored = {"not due": "-", "waiting": "?"}.get(outcome.state, "")
    return unscored or _percent(outcome.realised_return)


def _call(call: SymbolCall) -> tuple[str, ...]:
    known = call.low is not None and call.high is not None
    interval = f"{_percent(call.low, 1)}..{_percent(call.high, 1)}"
    return (
        str(call.as_of),
        call.call,
        f"{call.score:+.3f}",
        f"{call.confidence:.0f}",
        _sit_out(call),
        interval if known else "not known",
    )


def _sit_out(call: SymbolCall) -> str:
    """Return the rule of a sit-out, `yes` if the rule is not known, else `no`."""
    if call.sit_out is None:
        return "not known"
    return (call.rule or "yes") if call.sit_out else "no"


def _percent(fraction: float | None, digits: int = 2) -> str:
    """Return `+1.25`, `-` if the fraction is not known."""
    return "-" if fraction is None else f"{100 * fraction:+.{digits}f}"
