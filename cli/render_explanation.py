"""Prints the explanation of a call, 80 columns wide."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from cli.output import literal, new_table, say
from screening.explanation import Explanation, FlipThreshold
from screening.interval_explanation import interval_sentences
from screening.price_changes import NOT_FOUND, price_sentences


def show_explanation(found: Explanation) -> None:
    """Print the call, its terms, the event risk, and what would change the call."""
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
    console.print(_terms_table(found))
    for paragraph in _paragraphs(found):
        say(console, literal(paragraph))
    say(console, f"Reason in the CSV: {literal(found.reason)}")


def _terms_table(found: Explanation) -> Table:
    """Return the table of the components' parts of the score, and their sum."""
    headings = ("component", "weight", "x direction", "x confidence", "= part of score")
    table = new_table(*headings, left={"component"})
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
        f"A score above {found.buy_above:+.2f} is BUY, below "
        f"{found.sell_below:+.2f} SELL, else HOLD."
    )
    if found.weights_note:
        yield f"Weights: {found.weights_note}"
    if found.forecast_note:
        yield found.forecast_note
    if found.interval:
        head, *steps = interval_sentences(found.interval)
        yield head
        yield from (f"  {step}" for step in steps)
    else:
        yield "The row has no interval of the next return; its reason says why."
    yield from _event_lines(found)
    yield from _sit_out_lines(found)
    if found.not_tradable:
        yield (
            f"Nobody can act on the call: {found.not_tradable}. So it is HOLD whatever "
            "the score, and ranked after the calls that can be acted on; by the score "
            f"alone it would be {found.call_by_score}."
        )
    until = " after the sit-out" if found.sit_out else ""
    if found.not_tradable:
        until = ", if somebody could act on it"
    yield f"What would change the call{until}:"
    for flip in found.flips:
        yield f"  {_flip_line(flip)}"
    yield "  By the close of the next session, all else equal, the score alone:"
    for sentence in price_sentences(found.prices or NOT_FOUND):
        yield f"    {sentence}"


def _event_lines(found: Explanation) -> Iterator[str]:
    """Yield the event risk, its haircut, and the score without the haircut."""
    event = f" ({found.event})" if found.event else ""
    yield f"Events: {found.event_words}{event}."
    if found.event_risk_score is not None:
        parts = [f"{part.points:+.2f} {part.reason}" for part in found.risk]
        terms = ", ".join(parts) or "nothing adds to it"
        yield f"Event risk {found.event_risk_score:.2f}: {terms}."
    if not found.haircut:
        yield "No haircut."
        return
    more = found.haircut > (found.haircut_by_risk or 0)
    why = " (the minimum if events are unknown)" if more else ""
    yield (
        f"Haircut {found.haircut:.0%} off the LSTM's confidence{why}, position scale "
        f"{found.position_scale:g}."
    )
    lstm = next((term for term in found.terms if term.component == "lstm"), None)
    if lstm:
        yield (
            f"Without the haircut the LSTM's confidence would be "
            f"{lstm.before_haircut:.4f} and the score "
            f"{found.score_without_haircut:+.3f}: {found.call_without_haircut}."
        )


def _sit_out_lines(found: Explanation) -> Iterator[str]:
    if found.sit_out is None:
        yield "It is not known whether to sit out, because events are unknown."
    if not found.sit_out:
        return
    yield (
        f"Sit-out by the rule `{found.sit_out_rule}`: the call is HOLD whatever the "
        f"score; by the score alone it would be {found.call_by_score}."
    )
    if found.trades_again:
        yield (
            "If no other event is near, the sit-out ends with the night of "
            f"{found.trades_again}."
        )


def _flip_line(flip: FlipThreshold) -> str:
    """Return `BUY needs a score above +0.300: +0.080 from here.`."""
    if flip.call == "HOLD":
        bound = f"a score of {flip.threshold:+.3f} or nearer to 0"
    else:
        side = "above" if flip.call == "BUY" else "below"
        bound = f"a score {side} {flip.threshold:+.3f}"
    size = f"{flip.difference:+.3f}"
    return f"{flip.call} needs {bound}: {size} from here."
