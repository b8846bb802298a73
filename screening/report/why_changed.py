"""Why a call differs from the night before: the component that moved most. Pure.

Both nights are compared by their CSV rows, so a person can repeat the comparison.
"""

from collections.abc import Callable, Iterator, Mapping

from screening.blend import COMPONENTS
from screening.report.cells import MINUS, format_signed, percent, price, signed_percent

Cells = Mapping[str, str]


def why_changed(before: Cells, after: Cells) -> str:
    """Return `trend moved most: +0.15 to -0.07, as the close 38.10 fell below SMA 20`.

    A rule that forces HOLD comes first. The text is '' if a cell holds no number.
    """
    try:
        forced = "; ".join(_forced(before, after))
        return "; ".join(filter(None, [forced, _component(before, after)]))
    except ValueError:  # A person may have changed an earlier night's CSV.
        return ""


def _forced(before: Cells, after: Cells) -> Iterator[str]:
    """Yield the rules that force one of both calls to HOLD."""
    sat_out = [row["event_skip_trading"] == "true" for row in (before, after)]
    if sat_out == [False, True]:
        event = " ".join(filter(None, (after["event_type"], after["event_date"])))
        yield f"the guard sits it out ({event or 'event not known'})"
    if sat_out == [True, False]:
        yield "its sit-out has ended"
    idle = ["nobody can act on it" in row["reason"] for row in (before, after)]
    if idle == [False, True]:
        yield "nobody can act on it any more"
    if idle == [True, False]:
        yield "somebody can act on it again"


def _component(before: Cells, after: Cells) -> str:
    """Return which component's part of the score moved most, and its cause."""
    moves = {name: _part(after, name) - _part(before, name) for name in COMPONENTS}
    name = max(COMPONENTS, key=lambda one: abs(moves[one]))
    if abs(moves[name]) < 0.0005:
        return ""
    parts = [format_signed(_part(row, name)) for row in (before, after)]
    cause = "; ".join(_cause(name, before, after))
    return f"{name} moved most, {parts[0]} to {parts[1]}{cause and f': {cause}'}"


def _part(row: Cells, name: str) -> float:
    """Return weight x direction x confidence, 0 for a component that is not used."""
    if not row[f"{name}_weight"]:
        return 0.0
    confidence = "confidence_after_haircut" if name == "lstm" else "confidence"
    columns = ("weight", "direction", confidence)
    weight, direction, sure = (float(row[f"{name}_{column}"]) for column in columns)
    return weight * direction * sure


def _cause(name: str, before: Cells, after: Cells) -> Iterator[str]:
    used = [bool(row[f"{name}_weight"]) for row in (before, after)]
    if used != [True, True]:
        yield "it was missing before" if used[1] else "it is missing now"
        return
    yield from _CAUSES[name](before, after)
    weights = [float(row[f"{name}_weight"]) for row in (before, after)]
    if abs(weights[1] - weights[0]) > 0.0005:
        yield (
            f"its weight is {weights[1]:.2f} instead of {weights[0]:.2f}, because "
            "another component is missing on one of both nights"
        )


def _trend(before: Cells, after: Cells) -> Iterator[str]:
    for one, other in (("close", "sma_20"), ("close", "sma_50"), ("sma_20", "sma_50")):
        sides = [_side(row, one, other) for row in (before, after)]
        if all(sides) and sides[0] != sides[1]:
            name, against = _NAMES[one], _NAMES[other]
            numbers = [price(float(after[column])) for column in (one, other)]
            yield f"{name} {numbers[0]} is now {sides[1]} {against} {numbers[1]}"


def _technical(before: Cells, after: Cells) -> Iterator[str]:
    if all(row["rsi"] for row in (before, after)):
        yield f"RSI {float(before['rsi']):.1f} to {float(after['rsi']):.1f}"
    sides = [_side(row, "macd", "macd_signal") for row in (before, after)]
    if all(sides) and sides[0] != sides[1]:
        yield f"MACD is now {sides[1]} its signal"
    if all(row["percent_b"] for row in (before, after)):
        numbers = [float(row["percent_b"]) for row in (before, after)]
        first, second = (f"{number:.2f}".replace("-", MINUS) for number in numbers)
        yield f"percent B {first} to {second}"


def _lstm(before: Cells, after: Cells) -> Iterator[str]:
    returns = [row["predicted_return"] for row in (before, after)]
    if all(returns):
        first, second = (signed_percent(float(number)) for number in returns)
        yield f"predicted return {first} to {second}"
    cuts = [row["event_weight_haircut"] for row in (before, after)]
    if all(cuts) and cuts[0] != cuts[1]:
        first, second = (percent(float(number)) for number in cuts)
        yield f"haircut {first} to {second}"


def _news(before: Cells, after: Cells) -> Iterator[str]:
    polarities = [row["sentiment_72h"] for row in (before, after)]
    if all(polarities):
        first, second = (format_signed(float(number), 2) for number in polarities)
        yield f"72-hour polarity {first} to {second}"


def _side(row: Cells, one: str, other: str) -> str:
    if not row[one] or not row[other]:
        return ""
    return "above" if float(row[one]) > float(row[other]) else "below"


_NAMES = {"close": "the close", "sma_20": "SMA 20", "sma_50": "SMA 50"}

_CAUSES: Mapping[str, Callable[[Cells, Cells], Iterator[str]]] = {
    "lstm": _lstm,
    "trend": _trend,
    "technical": _technical,
    "finbert": _news,
}
