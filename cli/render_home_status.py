"""Prints the state of a home, 80 columns wide."""

from collections.abc import Iterator

from rich.console import Console

from cli.output import literal, say
from config.errors import list_names
from screening.market_words import market_line
from screening.verdict import Tally
from status.home_status import AheadEvent, HomeStatus, LastNight

SHOWN = 8
"""Lines of one kind that are printed; the rest is counted."""


def print_home_status(found: HomeStatus) -> None:
    """Print the last night, failed symbols, models, coming events and next steps."""
    console = Console(highlight=False, emoji=False)
    say(console, f"[bold]Home[/] {literal(found.home)}")
    for line in _lines(found):
        say(console, line)
    say(console, "[bold]Next[/]")
    for step in found.next:
        say(console, f"  {step.why}:")
        console.print(f"    {literal(step.command)}", soft_wrap=True)
    say(console, "  all commands: overnight --help")


def _lines(found: HomeStatus) -> Iterator[str]:
    night = found.last_night
    if night is None:
        state = "can't be read" if found.nights_unreadable else "none yet"
        yield f"[bold]Last night[/] {state}"
    else:
        yield from _night_lines(night)
    models = [f"{count} {status}" for status, count in found.models.items() if count]
    yield f"[bold]Models[/] {', '.join(models) or 'none yet'}"
    yield from _events(found)
    yield f"[bold]Track record[/] {_calls(found)}"
    for problem in found.problems:
        yield f"[bold]Note[/] {literal(problem)}"


def _night_lines(night: LastNight) -> Iterator[str]:
    calls = ", ".join(f"{count} {call}" for call, count in night.calls.items())
    due = "" if night.is_current else f"; due: {night.expected}"
    tally = Tally(night.usable, len(night.failed), night.degraded)
    yield (
        f"[bold]Last night[/] {night.as_of} ({literal(night.source or 'no source')}), "
        f"run {_age(night.age_hours)} ago, {tally.counts}; {calls}{due}"
    )
    for state in night.market:
        yield f"[bold]Market[/] {literal(market_line(state))}"
    yield from _shorten(
        [
            f"[bold]Failed[/] {literal(symbol)}: {literal(reason)}"
            for symbol, reason in night.failed.items()
        ]
    )


def _age(hours: float) -> str:
    """Return `3 hours` or, from two days on, `4 days`."""
    if hours < 1.5:
        return "an hour" if hours > 0.75 else "less than an hour"
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"


def _events(found: HomeStatus) -> Iterator[str]:
    if found.last_night is None:
        return
    unknown = found.events_unknown
    if not found.ahead and not unknown:
        yield "[bold]Events[/] none"
    yield from _shorten([_event_line(event) for event in found.ahead])
    if unknown:
        yield f"[bold]Events unknown[/] for {list_names(unknown, SHOWN)}"


def _event_line(event: AheadEvent) -> str:
    """Return `Event ANZ.AX earnings in 2 sessions (2025-11-12), sat out`."""
    day = f" ({event.date})" if event.date else ""
    sat_out = ", sat out" if event.sit_out else ""
    return f"[bold]Event[/] {literal(f'{event.symbol} {event.words}{day}')}{sat_out}"


def _shorten(lines: list[str]) -> Iterator[str]:
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more"


def _calls(found: HomeStatus) -> str:
    replayed = f", {found.replayed_calls} replayed" if found.replayed_calls else ""
    return f"{found.live_calls} live calls{replayed}"
