"""Ex-dividend dates: how each changed the close and the adjustment factor."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from market_data.prices import ADJUSTED_CLOSE, CLOSE, OPEN, usable_rows

NEIGHBOURS = 5
"""Rows on each side of an ex-date whose median factor is used, since a date may be off
by a day or two, and a single row may be wrong."""

USUAL_SHARE, SPREAD = 0.015, 1.0
"""A dividend's usual share of the close, and the standard deviation of its log."""

MAX_LOSS = 8.0
"""Largest loss of log likelihood of one ex-date: news may move the price as well."""

DEVIATION = 1.4826
"""Standard deviation of normal numbers divided by their median absolute value."""

MIN_MOVE = 0.004
"""Below this usual log return, prices are too coarse to judge a move."""

CERTAIN = 2.0
"""An explanation must exceed the next one by this log likelihood."""


@dataclass(frozen=True)
class ExDate:
    """One ex-date: `amount` per share, in one of the units `amount * multipliers`.

    `step` is the factor before the ex-date divided by the factor after it. `move` is
    the day's log return, `usual` the usual size of a return. `rounding` bounds the
    error of `step`.
    """

    day: date
    amount: float
    multipliers: tuple[float, ...]
    previous_close: float
    step: float
    move: float
    usual: float
    rounding: float

    def share(self, multiplier: float) -> float:
        """Return the dividend as a share of the previous close, in that unit."""
        return self.amount * multiplier / self.previous_close

    def likelihood(self, step: float) -> float:
        """Return the log likelihood, <= 0, of the move if the price falls to `step`."""
        if not self.move:  # Without a trade the price could not fall.
            return 0.0
        distance = (self.move - np.log(step)) / self.usual
        return -min(float(distance**2) / 2, MAX_LOSS)


def ex_dates(
    frame: pd.DataFrame,
    dividends: Mapping[date, float],
    multipliers: Callable[[date], tuple[float, ...]],
) -> list[ExDate]:
    """Return the ex-dates within the rows, in order."""
    paid = [day for day in sorted(dividends) if dividends[day] > 0]
    if not paid:
        return []
    rows = usable_rows(frame)
    places = {day: int(rows.index.searchsorted(pd.Timestamp(day))) for day in paid}
    within = {day: place for day, place in places.items() if 0 < place < len(rows)}
    if not within:
        return []
    closes = rows[CLOSE]
    factor = rows[ADJUSTED_CLOSE] / closes
    moves, usual = _moves(rows)
    bounds = [0, *within.values(), len(rows)]
    found = []
    for (day, place), (start, _), (_, stop) in zip(
        within.items(), pairwise(bounds[:-1]), pairwise(bounds[1:]), strict=True
    ):
        earlier = factor.iloc[max(start, place - NEIGHBOURS) : place]
        later = factor.iloc[place : min(stop, place + NEIGHBOURS)]
        found.append(
            ExDate(
                day=day,
                amount=dividends[day],
                multipliers=multipliers(day),
                previous_close=_previous_close(closes, place),
                step=_ratio(earlier, later),
                move=float(moves.iloc[place]),
                usual=usual,
                rounding=_rounding(rows[ADJUSTED_CLOSE], place),
            )
        )
    return found


def _moves(rows: pd.DataFrame) -> tuple[pd.Series, float]:
    """Return each session's log return to the open, and its usual size.

    The price falls by the dividend at the open, before the day's other moves. If the
    open rarely differs from the last close, the return to the close is used.
    """
    last = np.log(rows[CLOSE]).shift()
    for column in (OPEN, CLOSE):
        moves = np.log(rows[column]) - last
        usual = DEVIATION * float(moves.abs().median())
        if usual > MIN_MOVE:
            # An open equal to the last close is often an open without a trade.
            return moves.where(moves != 0, np.log(rows[CLOSE]) - last), usual
    return moves, MIN_MOVE


def _ratio(earlier: pd.Series, later: pd.Series) -> float:
    """Return the ratio of the medians; 1 if two ex-dates share a row."""
    if earlier.empty or later.empty:
        return 1.0
    return float(earlier.median() / later.median())


def _previous_close(closes: pd.Series, place: int) -> float:
    """Return the previous close; the median of five if it is far from that median."""
    last = float(closes.iloc[place - 1])
    usual = float(closes.iloc[max(0, place - NEIGHBOURS) : place].median())
    return last if 0.5 < last / usual < 2 else usual


def _rounding(adjusted: pd.Series, place: int) -> float:
    """Return the relative error that the decimals of the adjusted closes allow."""
    near = adjusted.iloc[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
    for decimals in range(2, 7):
        if np.allclose(near, near.round(decimals), rtol=1e-9, atol=0):
            return float(10.0**-decimals / near.min())
    return 1e-6


def right_steps(events: Sequence[ExDate]) -> list[float | None]:
    """Return 1 - dividend / previous close for each, None if its unit is unclear.

    If a dividend may be in pence or in pounds, the close's move on the day and the
    usual size of a dividend decide, otherwise the unit of the other ex-dates.
    """
    common = _best([_scores(event) for event in events])
    return [_step(event, common) for event in events]


def _step(event: ExDate, common: float | None) -> float | None:
    if len(event.multipliers) == 1:
        share = event.share(event.multipliers[0])
        return 1 - share if share < 1 else None
    chosen = _best([_scores(event)])
    if chosen is None and common in _scores(event):
        chosen = common
    return None if chosen is None else 1 - event.share(chosen)


def _scores(event: ExDate) -> dict[float, float]:
    """Return the log likelihood of each unit whose dividend is below the price."""
    scores = {}
    for multiplier in event.multipliers:
        share = event.share(multiplier)
        if share < 1:
            size = np.log(share / USUAL_SHARE) / SPREAD
            scores[multiplier] = event.likelihood(1 - share) - float(size**2) / 2
    return scores


def _best(candidates: Iterable[Mapping[float, float]]) -> float | None:
    """Return the clearly most likely unit, None if there is none."""
    all_scores = list(candidates)
    shared = (
        set.intersection(*(set(scores) for scores in all_scores)) if all_scores else ()
    )
    total = {unit: sum(scores[unit] for scores in all_scores) for unit in shared}
    if not total:
        return None
    first, *others = sorted(total.items(), key=lambda item: -item[1])
    leads = all(first[1] - score >= CERTAIN for _, score in others)
    return first[0] if leads else None
