"""Leaps: prices many times those around them, in one cell, one row or from a day on.

A row with a wrong cell is left out. A leap that stays is a split nobody adjusted for or
another unit, and is refused.
"""

import numpy as np
import pandas as pd

from config.errors import BadPrices
from config.settings import PriceSettings
from market_data.findings import Findings, cells, wrong_cells
from market_data.prices import ADJUSTED_CLOSE, CLOSE, OHLC
from market_data.quality_rows import refuse_many

PRICES = [*OHLC, ADJUSTED_CLOSE]

BACK = 0.5
"""Part of a leap, in logarithms, within which the next price must be of the first."""


def drop_leaps(
    rows: pd.DataFrame, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return the rows without those in which a price leaps and comes back at once.

    A leap is a price more than `max_move_factor` above or below each other price of
    its row, or that of the row before. Volumes are not judged: they do leap.

    Raises
    ------
    BadPrices
        For a leap in the last row: nothing can tell whether it stays. And for too many
        of them.
    """
    bad = _lone_cells(rows, settings)
    _refuse_last(rows, bad, "times off the other prices of that row", settings)
    kept = rows[~bad.any(axis=1)]
    while (wrong := _comes_back(kept, settings)) is not None:
        bad.loc[kept.index] |= wrong
        kept = kept[~wrong.any(axis=1)]
        refuse_many(rows, ~rows.index.isin(kept.index), settings)
    refuse_many(rows, ~rows.index.isin(kept.index), settings)
    _refuse_last(kept, _leaps(kept, settings), "times off the session before", settings)
    return kept, wrong_cells("leap", rows, bad, ", far off the prices around it")


def _lone_cells(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame:
    """Return which prices lie far off each other price of their own row."""
    far = np.log(settings.max_move_factor)
    logs = np.log(rows[OHLC].to_numpy())
    lowest, second, third, highest = np.sort(logs, axis=1).T
    high = (highest - third > far)[:, None] & (logs == highest[:, None])
    low = (second - lowest > far)[:, None] & (logs == lowest[:, None])
    lone = pd.DataFrame(high | low, index=rows.index, columns=OHLC)
    return lone.reindex(columns=PRICES, fill_value=False)


def _leaps(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame:
    """Return which prices lie far off that of the row before."""
    steps = rows[PRICES].apply(np.log).diff()
    return steps.abs().gt(np.log(settings.max_move_factor))


def _comes_back(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame | None:
    """Return the cells of the first row that leaps and comes back; None without one.

    One row only: with it left out, later ones compare with another row. The first row
    of all is wrong where the second and the third agree against it.
    """
    leaps = _leaps(rows, settings)
    if not leaps.any(axis=None):
        return None
    logs = rows[PRICES].apply(np.log)
    step, after = logs.diff(), logs.diff().shift(-1)
    back = leaps & (step + after).abs().lt(BACK * step.abs())
    opening = leaps.shift(-1) & (after.shift(-1).abs() < BACK * after.abs())
    back.iloc[:1] = opening.iloc[:1].fillna(value=False).astype(bool)
    hit = back.any(axis=1).to_numpy()
    if not hit.any():
        return None
    back.iloc[np.arange(len(rows)) != hit.argmax()] = False
    return back


def _refuse_last(
    rows: pd.DataFrame, wrong: pd.DataFrame, off: str, settings: PriceSettings
) -> None:
    if rows.empty or not wrong.iloc[-1].any():
        return
    day = rows.index[-1]
    raise BadPrices(
        f"the last row, {day.date()}, has {cells(rows, wrong, day)}, over "
        f"{settings.max_move_factor:g} {off}; only the next session can tell a "
        "wrong cell from a split; correct the row, or raise `max_move_factor`."
    )


def refuse_leap(rows: pd.DataFrame, settings: PriceSettings) -> None:
    """Refuse a step that only another unit makes: no call can be computed across it."""
    closes = rows[ADJUSTED_CLOSE]
    factors = (closes / closes.shift()).iloc[1:]
    most = settings.max_move_factor
    leaps = factors[(factors > most) | (factors < 1 / most)]
    if not leaps.empty:
        day, factor = leaps.index[0], leaps.iloc[0]
        raise BadPrices(
            f"a close must be {1 / most:g} to {most:g} times the last one, got "
            f"{factor:.3g} times on {day.date()}, close {rows[CLOSE].loc[day]:g}; "
            "correct what looks like a split nobody adjusted for, or pence for pounds, "
            "or raise `max_move_factor`."
        )
