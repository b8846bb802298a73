"""A call in words and numbers for a person, 80 columns wide."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from cli.output import TABLE_STYLE, literal, say
from screening.explanation import Explanation, FlipThreshold


def show_explanation(found: Explanation) -> None:
    """Print the call, its terms, the event risk, and what would flip it."""
    console = Console(highlight=False, emoji=False)
    head = f"[bold]{found.symbol}[/] as of {found.as_of}, for {found.forecast_session}"
    if found.score is None:
        say(console, f"{head}: no call. {literal(found.reason)}")
        return
    say(
        console,
        f"{head}: [bold]{found.call}[/] at score {found.score:+.3f}, confidence "
        f"{found.confidence:.0f} of 100.",
    )
    console.print(_terms(found))
    for paragraph in _paragraphs(found):
        say(console, literal(paragraph))
    say(console, f"The row says: {literal(found.reason)}")


def _terms(found: Explanation) -> Table:
    """Return the components' products, and their sum."""
    headings = ("component", "weight", "x direction", "x confidence", "= part of score")
    table = Table(**TABLE_STYLE)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "component" else "right")
    for term in found.terms:
        table.add_row(
            term.component,
            f"{term.weight:.4f}",
            f"{term.direction:+.4f}",
            f"{term.confidence:.4f}",
            f"{term.contribution:+.4f}",
        )
    for component in found.missing:
        table.add_row(component, "missing", "", "", "")
    table.add_row("sum", "", "", "", f"{found.computed_score:+.4f}")
    return table


def _paragraphs(found: Explanation) -> Iterator[str]:
    for difference in found.differs:
        yield f"Note: {difference}."
    yield (
        f"BUY is a score above {found.buy_above:+.2f}, SELL one below "
        f"{found.sell_below:+.2f}, else HOLD."
    )
    if found.forecast_note:
        yield found.forecast_note
    yield from _cut(found)
    yield from _sat_out(found)
    until = " once it is no longer sat out" if found.sit_out else ""
    yield f"What would flip it{until}:"
    for flip in found.flips:
        yield f"  {_flip(flip)}"
    if found.flips:
        yield from _voices(found.flips[0])


def _cut(found: Explanation) -> Iterator[str]:
    """Tell the event risk, the haircut that it costs, and what the score lost by it."""
    event = f" ({found.event})" if found.event else ""
    yield f"Events: {found.event_words}{event}."
    if found.event_risk_score is not None:
        parts = [f"{one.points:+.2f} {one.why}" for one in found.risk]
        said = ", ".join(parts) or "nothing adds to it"
        yield f"Event risk {found.event_risk_score:.2f}: {said}."
    if not found.haircut:
        yield "No haircut."
        return
    more = found.haircut > (found.haircut_by_risk or 0)
    why = " (the least where events are unknown)" if more else ""
    yield (
        f"Haircut {found.haircut:.0%} off the LSTM's confidence{why}, position scale "
        f"{found.position_scale:g}."
    )
    lstm = next((one for one in found.terms if one.component == "lstm"), None)
    if lstm:
        yield (
            f"Without the haircut the LSTM's confidence would be "
            f"{lstm.before_haircut:.4f} and the score "
            f"{found.score_without_haircut:+.3f}: {found.call_without_haircut}."
        )


def _sat_out(found: Explanation) -> Iterator[str]:
    if found.sit_out is None:
        yield "Whether it should be sat out is not known."
    if not found.sit_out:
        return
    yield (
        "Sat out: the call is HOLD whatever the score; by its score alone it would be "
        f"{found.call_by_score}."
    )
    if found.trades_again:
        yield (
            f"As far as this event goes, the sit-out ends with the night of "
            f"{found.trades_again}."
        )


def _flip(flip: FlipThreshold) -> str:
    """Return `BUY: a score above +0.300, +0.080 more`."""
    if flip.call == "HOLD":
        bound = f"a score of {flip.threshold:+.3f} or nearer to 0"
    else:
        side = "above" if flip.call == "BUY" else "below"
        bound = f"a score {side} {flip.threshold:+.3f}"
    size = f"{flip.difference:+.3f}"
    return f"{flip.call} needs {bound}: {size} from here."


def _voices(flip: FlipThreshold) -> Iterator[str]:
    """Tell which component alone could bring the nearest other call about."""
    able = [one for one in flip.components if one.possible]
    if not able:
        yield f"  No component alone could make it {flip.call}, the others as they are."
    for one in able:
        yield (
            f"  {one.component} alone could make it {flip.call}: direction x confidence "
            f"{one.needed:+.3f} instead of {one.now:+.3f}."
        )
