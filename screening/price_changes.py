"""The closes of the next session that change a call, and their sentences. Pure.

`price_search` finds them from prices.
"""

from pydantic import BaseModel

from screening.blend import Call


class CallRange(BaseModel, frozen=True):
    """The closes from `low` to `high`, both included, after which `call` is made.

    `cause` names the votes that differ from those of the range below it, '' for the
    lowest range. Prices are in the stock's currency, on its grid of ticks.
    """

    call: Call
    low: float
    high: float
    cause: str = ""


class PriceChanges(BaseModel, frozen=True):
    """The calls after each close within the 80 % interval, lowest closes first.

    `call` is tonight's by its score, `close` the last one; `digits` those of a tick.
    Without `ranges`, `reason` says why they are not known.
    """

    call: Call | None = None
    close: float | None = None
    ranges: tuple[CallRange, ...] = ()
    digits: int = 2
    reason: str = ""


NOT_FOUND = PriceChanges(reason="this night did not compute it")


def price_sentences(found: PriceChanges) -> tuple[str, ...]:
    """Return what the next close changes: `BUY ends with a close below 38.53 (...).`.

    "All else equal" holds for all of them: the model, the news and the haircut stay.
    """
    if not found.ranges or found.close is None:
        return (f"Which close would change the call is not known: {found.reason}.",)
    others = [place for place, one in enumerate(found.ranges) if one.call != found.call]
    if not others:
        return (f"No close {_within(found)} changes the call {found.call}.",)
    return tuple(_sentence(found, place) for place in others)


def _within(found: PriceChanges) -> str:
    low, high = found.ranges[0].low, found.ranges[-1].high
    return f"within the 80 % interval ({_price(found, low)} to {_price(found, high)})"


def _sentence(found: PriceChanges, place: int) -> str:
    """Return what the closes of one range do to the call."""
    one, close = found.ranges[place], found.close or 0.0
    verb = "ends" if one.call == "HOLD" else f"becomes {one.call}"
    unchanged = ""
    if one.low <= close <= one.high:
        unchanged = ", so with an unchanged one: the averages move on"
    return (
        f"{found.call} {verb} with {_closes(found, place)}{_cause(found, place)}"
        f"{unchanged}."
    )


def _closes(found: PriceChanges, place: int) -> str:
    """Return `a close below 38.53`: the range, open at an end of the interval."""
    one, last = found.ranges[place], len(found.ranges) - 1
    if last == 0:
        return f"any close {_within(found)}"
    if place == 0:
        return f"a close below {_price(found, found.ranges[1].low)}"
    if place == last:
        return f"a close above {_price(found, found.ranges[last - 1].high)}"
    return f"a close from {_price(found, one.low)} to {_price(found, one.high)}"


def _cause(found: PriceChanges, place: int) -> str:
    """Return the votes that differ at the range's end that is nearer to the close.

    A range that holds the last close needs no move, so it has no such cause.
    """
    one, close = found.ranges[place], found.close or 0.0
    if one.low <= close <= one.high:
        return ""
    falls = one.high < close or one.cause == ""
    following = found.ranges[place + 1 : place + 2]
    cause = following[0].cause if falls and following else one.cause
    return f" ({cause})" if cause else ""


def _price(found: PriceChanges, number: float) -> str:
    return f"{number:,.{found.digits}f}"
