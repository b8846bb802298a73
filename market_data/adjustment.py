"""Adjusted closes held against the dividends and splits that came with them.

On an ex-date the factor adjusted close / close must change by 1 - dividend / previous
close, and a named split must be in the prices. A wrong step is made anew where the
right one is certain; else the prices are refused.
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
"""Part of a dividend by which a step may differ: withheld tax, rounded amounts."""

ABSOLUTE_TOLERANCE = 2e-4
"""Difference of a step that no indicator shows."""

DOUBTED_SHARE = 0.05
"""Share of the close from which a dividend is held against the move on its ex-date."""

LARGEST_SHARE = 0.25
"""Part of the previous close above which a dividend needs the close's fall as proof."""

HARMLESS_SUM = 0.01
"""Dividends that add up to less change nothing that a row says."""

ON_GRID, OFF_GRID, OFF_EVERYWHERE = 3.0, -4.0, -2.0
"""Log odds that closes are as traded: on the tick before the last ex-date as after it,
only after it, or nowhere."""

ALMOST_ALL, FEW = 0.9, 0.5
"""Shares of closes on the tick: as traded, but for odd lots; and adjusted ones."""

HUNDREDTHS_FROM = 5.0
"""Close from which prices are in hundredths; below it in thousandths."""

SAVE_BOTH = (
    'save both closes with yf.Ticker("{symbol}").history(period="5y", '
    'auto_adjust=False).to_csv("{symbol}.csv")'
)
"""How to get a file that leaves nothing to guess."""


def check_adjustment(
    history: PriceHistory, symbol: str, *, subunits: bool
) -> tuple[PriceHistory, tuple[str, ...]]:
    """Return the history with right adjusted closes, and a sentence on each change.

    Rows may be in any order, doubled or lack values. `subunits` says whether prices
    may be in pence and dividends in pounds, or the other way round.

    Raises
    ------
    BadPrices
        If dividends or splits contradict the prices, and it is not certain which of
        them is right.
    """
    whole, lacking, said = apply_missing_splits(history, symbol)

    def multipliers(day: date) -> tuple[float, ...]:
        later = float(np.prod([ratio for on, ratio in lacking.items() if day < on]))
        units = (1.0, 100.0, 0.01) if subunits else (1.0,)
        return tuple(dict.fromkeys([*units, *(unit / later for unit in units)]))

    events = ex_dates(whole.frame, whole.dividends, multipliers)
    steps = right_steps(events)
    if not _close_is_traded(whole.frame, events, steps, symbol):
        return whole, said
    wrong = [
        (event, step)
        for event, step in zip(events, steps, strict=True)
        if _is_wrong(event, step, symbol)
    ]
    if not wrong:
        return whole, said
    frame = _stepped(whole.frame, wrong)
    return replace(whole, frame=frame), (*said, _sentence(wrong))


def _is_wrong(event: ExDate, right: float | None, symbol: str) -> bool:
    """Return whether the step must be made anew; refuse it where that is uncertain."""
    if right is None:
        if any(_fits(event, 1 - event.share(unit)) for unit in event.multipliers):
            return False
        raise _contradiction(event, symbol)
    if _fits(event, right):
        return False
    favour = event.likelihood(event.step) - event.likelihood(right)
    # A spin-off is in the factor and not among the dividends; the close falls by it.
    # A step of twice the dividend is none: it was taken out two times.
    if event.step < right and favour > CERTAIN and not _fits(event, right**2):
        return False
    needed = -CERTAIN if 1 - right > LARGEST_SHARE else CERTAIN
    # A dividend that the close on its ex-date denies is itself in doubt.
    if 1 - right > DOUBTED_SHARE and favour > needed:
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
        f"{event.previous_close:g}; get prices and dividends again, or correct the one "
        "that is wrong."
    )


def _stepped(
    frame: pd.DataFrame, wrong: Sequence[tuple[ExDate, float | None]]
) -> pd.DataFrame:
    """Return the frame with each wrong step of the factor replaced by the right one."""
    frame = frame.copy()
    for event, right in wrong:
        earlier = frame.index < pd.Timestamp(event.day)
        frame.loc[earlier, ADJUSTED_CLOSE] *= (right or 1.0) / event.step
    return frame


def _sentence(wrong: Sequence[tuple[ExDate, float | None]]) -> str:
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

    They do if the adjusted closes differ from them. Where both are the same, closes
    off the tick and without a fall on ex-dates are adjusted already.
    """
    rows = usable_rows(frame)
    if not events or not np.allclose(rows[CLOSE], rows[ADJUSTED_CLOSE], rtol=1e-6):
        return bool(events)
    pairs = [(e, s) for e, s in zip(events, steps, strict=True) if s is not None]
    odds = _grid_odds(rows[CLOSE], events[-1].day)
    odds += sum(event.likelihood(step) - event.likelihood(1.0) for event, step in pairs)
    if abs(odds) >= CERTAIN:
        return odds > 0
    if sum(1 - step for _, step in pairs) < HARMLESS_SUM:
        return False
    raise BadPrices(
        f"the closes of {symbol} do not show whether its {len(events)} dividends are "
        "taken out of them, and there is no other `Adj Close`; "
        f"{SAVE_BOTH.format(symbol=symbol)}."
    )


def _grid_odds(closes: pd.Series, last_ex_date: date) -> float:
    """Return the log odds, by decimals, that closes are as traded."""
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
    """Return the share of closes without further decimals, but for float32 noise."""
    off = (closes - closes.round(decimals)).abs()
    return float((off <= 3e-7 * closes + 1e-9).mean())
