"""Searches which closes of the next session change a call, all else equal (SPEC 7).

The votes are those of `features.votes` after one more session, flat at the close.
"All else equal": the LSTM, the news and the haircut of the row stay as they are.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from config.settings import BlendSettings
from features.component import Component
from features.indicators import MACD, MACD_SIGNAL, RSI
from features.next_session import NextSession
from features.votes import rsi_vote
from market_data.ticks import tick_size
from screening.blend import COMPONENTS, Call, blend, call_at
from screening.price_changes import CallRange, PriceChanges

_ROUNDING = 1e-9


class _After(NamedTuple):
    """The call after one close, and the votes that make it; `trend` is their mean."""

    call: Call
    trend: float | None
    rsi: float
    macd: float


def price_changes(
    row: Mapping[str, str], table: pd.DataFrame, settings: BlendSettings
) -> PriceChanges:
    """Return the calls after each close within the row's interval.

    `table` holds the night's indicators, up to the row's as-of session. A sit-out
    is left out of it: all calls are those of the score.

    Raises
    ------
    ValueError
        If a cell that must hold a number holds something else.

    Notes
    -----
    Each vote moves only one way as the close rises. So two closes with the same votes
    and the same call have no other call between them, and halving finds each change.
    """
    ends = [row["predicted_return_low"], row["predicted_return_high"]]
    if not all(ends) or not row["score"]:
        return PriceChanges(reason="the row has no interval of the next return")
    close = float(row["close"])
    low, high = (close * (1 + float(end)) for end in ends)
    tick = tick_size(row["exchange"], low)
    first, last = _ticks(low, high, tick)
    after = _calls_by_tick(row, table, settings, tick)
    return PriceChanges(
        call=call_at(float(row["score"]), settings),
        close=close,
        ranges=tuple(_ranges(after, first, last, tick)),
        digits=max(2, round(-math.log10(tick) + 0.49)),
    )


def _ticks(low: float, high: float, tick: float) -> tuple[int, int]:
    """Return the numbers of the first and the last tick from `low` to `high`."""
    first = math.ceil(low / tick - _ROUNDING)
    return first, max(first, math.floor(high / tick + _ROUNDING))


def _calls_by_tick(
    row: Mapping[str, str],
    table: pd.DataFrame,
    settings: BlendSettings,
    tick: float,
) -> Callable[[int], _After]:
    """Return a function from the number of a tick to what a close there gives."""
    session = NextSession.after(table)
    fixed = {name: _component(row, name) for name in COMPONENTS}
    haircut = float(row["event_weight_haircut"] or 0)

    @cache
    def after(number: int) -> _After:
        last = session.indicators_at(number * tick)
        votes = session.components(last)
        answer = blend(fixed | votes, haircut, settings)
        return _After(
            answer.call if answer else "HOLD",
            votes["trend"].direction,
            rsi_vote(last[RSI]),
            float(np.sign(last[MACD] - last[MACD_SIGNAL])),
        )

    return after


def _component(row: Mapping[str, str], name: str) -> Component:
    if not row[f"{name}_weight"]:
        return Component.missing("missing in the row")
    direction, confidence = (
        float(row[f"{name}_{part}"]) for part in ("direction", "confidence")
    )
    return Component(direction, confidence)


def _ranges(
    after: Callable[[int], _After], first: int, last: int, tick: float
) -> Iterator[CallRange]:
    """Yield the ranges of equal calls; the ends are those of the interval."""
    digits = 6
    starts = [first, *_changes(after, first, last)]
    for start, following in pairwise([*starts, last + 1]):
        cause = "" if start == first else _cause(after(start - 1), after(start))
        yield CallRange(
            call=after(start).call,
            low=round(start * tick, digits),
            high=round((following - 1) * tick, digits),
            cause=cause,
        )


def _changes(after: Callable[[int], _After], low: int, high: int) -> list[int]:
    """Return the ticks between `low` and `high` from which there is another call."""
    if after(low) == after(high):
        return []
    if high - low == 1:
        return [high] if after(low).call != after(high).call else []
    middle = (low + high) // 2
    return [*_changes(after, low, middle), *_changes(after, middle, high)]


def _cause(below: _After, above: _After) -> str:
    """Return which votes differ between two neighbouring ticks."""
    changed = []
    if below.trend is not None and above.trend is not None:
        # A vote goes from -1 to +1, so their mean by half; a tie is half of that.
        count = math.ceil(abs(above.trend - below.trend) / 0.5 - _ROUNDING)
        if count:
            number = ("one", "two", "three", "four")[count - 1]
            changed.append(f"{number} of four trend votes")
    changed += ["the RSI vote"] if below.rsi != above.rsi else []
    changed += ["the MACD vote"] if below.macd != above.macd else []
    return " and ".join(changed) or "the place between the Bollinger bands"
