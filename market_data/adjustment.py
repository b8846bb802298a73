"""Checks adjusted closes against the dividends and splits of the same source.

On an ex-date the factor adjusted close / close must change by 1 - dividend / previous
close, and the prices must contain each named split. A wrong step is replaced if the
right one is certain; otherwise the prices are refused.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from config.errors import BadPrices
from market_data.ex_dates import CERTAIN, ExDate, ex_dates, right_steps
from market_data.findings import more
from market_data.prices import ADJUSTED_CLOSE, CLOSE, PriceHistory, usable_rows
from market_data.splits import apply_missing_splits

RELATIVE_TOLERANCE = 0.25
"""A step may differ by this part of the dividend: withheld tax, rounded amounts."""

ABSOLUTE_TOLERANCE = 2e-4
"""A step may differ by this much; no indicator shows it."""

DOUBTED_SHARE = 0.05
"""A larger dividend, as a share of the close, is compared with its ex-date's move."""

LARGEST_SHARE = 0.25
"""A dividend of a larger part of the previous close must show in the close's fall."""

HARMLESS_SUM = 0.01
"""Dividends with a smaller sum do not change a row noticeably."""

ON_GRID, OFF_GRID, OFF_EVERYWHERE = 3.0, -4.0, -2.0
"""Log odds that closes are as traded, if they are multiples of the tick: also before
the last ex-date, only after it, or nowhere."""

ALMOST_ALL, FEW = 0.9, 0.5
"""Shares of closes that are multiples of the tick: traded closes, and adjusted ones."""

HUNDREDTHS_FROM = 5.0
"""Closes from here on have two decimals, lower ones three."""

SAVE_BOTH = (
    'save both closes with yf.Ticker("{symbol}").history(period="5y", '
    'auto_adjust=False).to_csv("{symbol}.csv")'
)
"""How to get a file with both closes."""


def check_adjustment(
    history: PriceHistory, symbol: str, *, subunits: bool
) -> tuple[PriceHistory, tuple[str, ...]]:
    """Return the history with right adjusted closes, and a sentence on each change.

    Rows may be in any order, be doubled or lack values. `subunits` is whether prices
    may be in pence and dividends in pounds, or the reverse.

    Raises
    ------
    BadPrices
        If dividends or splits contradict the prices, and it is unknown which are right.
    """
    whole, applied, notes = apply_missing_splits(history, symbol)

    def multipliers(day: date) -> tuple[float, ...]:
        later = float(np.prod([ratio for on, ratio in applied.items() if day < on]))
        units = (1.0, 100.0, 0.01) if subunits else (1.0,)
        return tuple(dict.fromkeys([*units, *(unit / later for unit in units)]))

    events = ex_dates(whole.frame, whole.dividends, multipliers)
    steps = right_steps(events)
    if not _close_is_traded(whole.frame, events, steps, symbol):
        return whole, notes
    wrong = [
        (event, step)
        for event, step in zip(events, steps, strict=True)
        if _is_wrong(event, step, symbol)
    ]
    if not wrong:
        return whole, notes
    frame = _replace_steps(whole.frame, wrong)
    return replace(whole, frame=frame), (*notes, _describe(wrong))


def _is_wrong(event: ExDate, right: float | None, symbol: str) -> bool:
    """Return whether the step must be replaced; raise if that is uncertain."""
    if right is None:
        if any(_fits(event, 1 - event.share(unit)) for unit in event.multipliers):
            return False
        raise _contradiction(event, symbol)
    if _fits(event, right):
        return False
    advantage = event.likelihood(event.step) - event.likelihood(right)
    # A spin-off is in the factor, not among the dividends, and the close falls by it.
    # A step of twice the dividend is wrong: the dividend was taken out two times.
    if event.step < right and advantage > CERTAIN and not _fits(event, right**2):
        return False
    needed = -CERTAIN if 1 - right > LARGEST_SHARE else CERTAIN
    # If the close on the ex-date contradicts the dividend, the dividend is uncertain.
    if 1 - right > DOUBTED_SHARE and advantage > needed:
        raise _contradiction(event, symbol)
    return True


def _fits(event: ExDate, step: float) -> bool:
    if step <= 0:
        return False
    wanted, got = float(np.log(step)), float(np.log(event.step))
    slack = RELATIVE_TOLERANCE * abs(wanted) + ABSOLUTE_TOLERANCE + event.rounding
    return abs(wanted - got) <= slack


def _contradiction(event: ExDate, symbol: str) -> BadPrices:
    return BadPrices(
        f"the adjusted closes of {symbol} contradict its dividend of {event.amount:g} "
        f"on {event.day}: they take out {1 - event.step:.2%} of a close of "
        f"{event.previous_close:g}",
        "get prices and dividends again, or correct the one that is wrong",
    )


def _replace_steps(
    frame: pd.DataFrame, wrong: Sequence[tuple[ExDate, float | None]]
) -> pd.DataFrame:
    """Return the frame with each wrong step of the factor replaced by the right one."""
    frame = frame.copy()
    for event, right in wrong:
        earlier = frame.index < pd.Timestamp(event.day)
        frame.loc[earlier, ADJUSTED_CLOSE] *= (right or 1.0) / event.step
    return frame


def _describe(wrong: Sequence[tuple[ExDate, float | None]]) -> str:
    first, right = wrong[0]
    days = f"{first.day}{more(len(wrong))}"
    return (
        f"adjusted closes computed anew for the dividend of {days}: the source took "
        f"out {max(0.0, 1 - first.step):.2%}, the dividend is "
        f"{1 - (right or 1.0):.2%} of the close"
    )


def _close_is_traded(
    frame: pd.DataFrame,
    events: Sequence[ExDate],
    steps: Sequence[float | None],
    symbol: str,
) -> bool:
    """Return whether the closes still contain the dividends, as traded.

    They do if the adjusted closes differ from them. If both are the same, closes are
    adjusted already if they are no multiples of the tick and do not fall on ex-dates.
    """
    if not events:
        return False
    rows = usable_rows(frame)
    if not np.allclose(rows[CLOSE], rows[ADJUSTED_CLOSE], rtol=1e-6):
        return True
    pairs = [(e, s) for e, s in zip(events, steps, strict=True) if s is not None]
    odds = _grid_odds(rows[CLOSE], events[-1].day)
    odds += sum(event.likelihood(step) - event.likelihood(1.0) for event, step in pairs)
    if abs(odds) >= CERTAIN:
        return odds > 0
    if sum(1 - step for _, step in pairs) < HARMLESS_SUM:
        return False
    raise BadPrices(
        f"the closes of {symbol} do not show whether its {len(events)} dividends are "
        "taken out of them, and there is no other `Adj Close`",
        SAVE_BOTH.format(symbol=symbol),
    )


def _grid_odds(closes: pd.Series, last_ex_date: date) -> float:
    """Return the log odds that closes are as traded, judged by their decimals."""
    later = closes[closes.index >= pd.Timestamp(last_ex_date)]
    earlier = closes[closes.index < pd.Timestamp(last_ex_date)]
    decimals = 2 if closes.min() >= HUNDREDTHS_FROM else 3
    if _share_on_grid(later, decimals) < ALMOST_ALL:
        return OFF_EVERYWHERE
    share = _share_on_grid(earlier, decimals)
    if share > ALMOST_ALL:
        return ON_GRID
    return OFF_GRID if share < FEW else 0.0


def _share_on_grid(closes: pd.Series, decimals: int) -> float:
    """Return the share of closes with no more decimals, except for float32 noise."""
    off = (closes - closes.round(decimals)).abs()
    return float((off <= 3e-7 * closes + 1e-9).mean())
