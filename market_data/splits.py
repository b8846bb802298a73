"""Applies the splits that a source names and that its prices lack."""

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
"""Log ratio from which an ordinary daily move cannot be taken for the split."""

SMALLEST_SPLIT = np.log(1.05)
"""Log ratio below which a split looks like an ordinary daily move."""

UNAPPLIED = (0.65, 1.35)
"""Range of the close's log move over the split's log ratio if the split is missing."""

SURELY_UNAPPLIED = (0.8, 1.2)
"""The same range for a small split."""

NEIGHBOURS = 3
"""Rows on each side of a split whose medians are compared, so that one wrong row does
not matter."""


def apply_missing_splits(
    history: PriceHistory, symbol: str
) -> tuple[PriceHistory, dict[date, float], tuple[str, ...]]:
    """Return the history with all its splits applied, those applied here, and notes.

    There is one sentence for each split that the prices lacked.

    Raises
    ------
    BadPrices
        If the close moves neither by about 1 nor by about the split's ratio.
    """
    frame, notes, applied = history.frame, [], {}
    for day, ratio in sorted(history.splits.items()):
        rows = usable_rows(frame)
        before = int(rows.index.searchsorted(pd.Timestamp(day)))
        if not 0 < before < len(rows) or abs(np.log(ratio)) < SMALLEST_SPLIT:
            continue
        columns = [
            name
            for name in (CLOSE, ADJUSTED_CLOSE)
            if _is_missing(rows[name], before, ratio, symbol)
        ]
        if columns:
            first = rows.index[_find_move(rows[columns[0]], before, ratio)]
            frame = _apply_split(frame, first, ratio, columns)
            notes.append(_sentence(first.date(), ratio))
        if CLOSE in columns:
            applied[day] = ratio
    return replace(history, frame=frame), applied, tuple(notes)


def _is_missing(closes: pd.Series, before: int, ratio: float, symbol: str) -> bool:
    """Return whether the closes move by the ratio at the row after `before` rows."""
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
            f"changes by the factor {later / earlier:.3g}",
            "get the prices again",
        )
    return False


def _find_move(closes: pd.Series, before: int, ratio: float) -> int:
    """Return the row near the split at which the closes move by its ratio."""
    first = max(1, before - NEIGHBOURS + 1)
    moves = np.log(closes).diff().iloc[first : before + NEIGHBOURS]
    return first + int((moves + np.log(ratio)).abs().to_numpy().argmin())


def _apply_split(
    frame: pd.DataFrame, first: pd.Timestamp, ratio: float, columns: list[str]
) -> pd.DataFrame:
    """Return the frame with the split applied to the rows before `first`."""
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
