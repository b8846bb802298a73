"""Prices held against the splits that the same source names."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from config.errors import BadPrices
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    OHLC,
    VOLUME,
    PriceHistory,
    usable_rows,
)

LARGE_SPLIT = np.log(1.5)
"""Log ratio from which a day's news is not mistaken for the split."""

SMALLEST_SPLIT = np.log(1.05)
"""Log ratio below which a split can't be told from a day's news."""

UNAPPLIED = (0.65, 1.35)
"""Leap of the close in parts of the split's ratio, if the split is not in it."""

SURELY_UNAPPLIED = (0.8, 1.2)
"""The same for a small split."""

NEIGHBOURS = 3
"""Rows on each side of a split: their medians pass over a single wrong row."""


def without_unapplied_splits(
    history: PriceHistory, symbol: str
) -> tuple[PriceHistory, dict[date, float], tuple[str, ...]]:
    """Return the history in shares of its last row.

    With it: the splits that the prices lacked, and a sentence on each.

    Raises
    ------
    BadPrices
        If the close leaps by neither nothing nor the split's ratio.
    """
    frame, said, lacking = history.frame, [], {}
    for day, ratio in sorted(history.splits.items()):
        rows = usable_rows(frame)
        before = int(rows.index.searchsorted(pd.Timestamp(day)))
        if not 0 < before < len(rows) or abs(np.log(ratio)) < SMALLEST_SPLIT:
            continue
        columns = [
            name
            for name in (CLOSE, ADJUSTED_CLOSE)
            if _lacks(rows[name], before, ratio, symbol)
        ]
        if columns:
            first = rows.index[_leap(rows[columns[0]], before, ratio)]
            frame = _in_new_shares(frame, first, ratio, columns)
            said.append(_sentence(first.date(), ratio))
        if CLOSE in columns:
            lacking[day] = ratio
    return replace(history, frame=frame), lacking, tuple(said)


def _lacks(closes: pd.Series, before: int, ratio: float, symbol: str) -> bool:
    """Return whether the closes leap by the ratio at the row after `before` rows."""
    earlier = closes.iloc[max(0, before - NEIGHBOURS) : before].median()
    later = closes.iloc[before : before + NEIGHBOURS].median()
    size = float(np.log(ratio))
    part = -float(np.log(later / earlier)) / size
    if abs(size) < LARGE_SPLIT:
        usual = float(np.log(closes).diff().abs().median())
        low, high = SURELY_UNAPPLIED
        return low < part < high and abs(size) > 6 * usual
    low, high = UNAPPLIED
    if low < part < high:
        return True
    if abs(part) > 1 - low and abs(size) > np.log(2):
        raise BadPrices(
            f"the prices of {symbol} contradict the split of "
            f"{closes.index[before].date()}: it has the ratio {ratio:g}, and the close "
            f"changes by the factor {later / earlier:.3g}; get the prices again."
        )
    return False


def _leap(closes: pd.Series, before: int, ratio: float) -> int:
    """Return the row near the split at which the closes leap."""
    first = max(1, before - NEIGHBOURS + 1)
    moves = np.log(closes).diff().iloc[first : before + NEIGHBOURS]
    return first + int((moves + np.log(ratio)).abs().to_numpy().argmin())


def _in_new_shares(
    frame: pd.DataFrame, first: pd.Timestamp, ratio: float, columns: list[str]
) -> pd.DataFrame:
    """Return the frame with the rows before `first` in the shares after the split."""
    frame = frame.copy()
    earlier = frame.index < first
    prices = [*OHLC, *columns] if CLOSE in columns else columns
    frame.loc[earlier, list(dict.fromkeys(prices))] /= ratio
    if CLOSE in columns:
        frame.loc[earlier, VOLUME] *= ratio
    return frame


def _sentence(first: date, ratio: float) -> str:
    return (
        f"prices before {first} divided by {ratio:g}: the source names this split and "
        "did not apply it"
    )
