"""The quality rules for leaps: prices many times above or below their neighbours.

A row with a wrong cell is dropped. A leap that stays is a split without adjustment or a
change of unit, and the prices are refused.
"""

import numpy as np
import pandas as pd

from config.errors import BadPrices
from config.settings import PriceSettings
from market_data.findings import NOTHING, Findings, cells, wrong_cells
from market_data.prices import ADJUSTED_CLOSE, CLOSE, OHLC
from market_data.quality_rows import refuse_many

PRICES = [*OHLC, ADJUSTED_CLOSE]

BACK = 0.5
"""A leap comes back if at most this part of it, in logarithms, remains."""


def drop_leaps(
    rows: pd.DataFrame, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return the rows without those in which a price leaps and comes back.

    A leap is a price more than the factor `max_move_factor` above or below all other
    prices of its row, or below or above that of the row before. Volumes may leap.

    Raises
    ------
    BadPrices
        If the last row has a leap, since it is unknown whether it stays, or if too many
        rows have one.
    """
    bad, leaps = _find_outliers(rows, settings), _leaps(rows, settings)
    if not bad.to_numpy().any() and not leaps.to_numpy().any():
        return rows, NOTHING
    _refuse_last(rows, bad, "times off the other prices of that row", settings)
    kept = rows[~bad.any(axis=1)]
    while (wrong := _find_return(kept, settings)) is not None:
        bad.loc[kept.index] |= wrong
        kept = kept[~wrong.any(axis=1)]
        refuse_many(rows, ~rows.index.isin(kept.index), settings)
    refuse_many(rows, ~rows.index.isin(kept.index), settings)
    _refuse_last(kept, _leaps(kept, settings), "times off the session before", settings)
    return kept, wrong_cells("leap", rows, bad, ", far off the prices around it")


def _find_outliers(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame:
    """Return which prices are far from all other prices of their row."""
    far = np.log(settings.max_move_factor)
    logs = np.log(rows[OHLC].to_numpy())
    lowest, second, third, highest = np.sort(logs, axis=1).T
    high = (highest - third > far)[:, None] & (logs == highest[:, None])
    low = (second - lowest > far)[:, None] & (logs == lowest[:, None])
    lone = np.column_stack([high | low, np.zeros(len(rows), dtype=bool)])
    return pd.DataFrame(lone, index=rows.index, columns=PRICES)


def _leaps(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame:
    """Return which prices are far from that of the row before."""
    logs = np.log(rows[PRICES].to_numpy())
    far = np.zeros(logs.shape, dtype=bool)
    far[1:] = np.abs(np.diff(logs, axis=0)) > np.log(settings.max_move_factor)
    return pd.DataFrame(far, index=rows.index, columns=PRICES)


def _find_return(rows: pd.DataFrame, settings: PriceSettings) -> pd.DataFrame | None:
    """Return the cells of the first row that leaps and comes back; None if none does.

    Only one row is returned, because later rows are then compared with another row. The
    first row of all is wrong if the second and the third agree and differ from it.
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
        f"{settings.max_move_factor:g} {off}; only the next session shows whether it "
        "is a wrong cell or a split",
        "correct the row, or raise `max_move_factor`",
    )


def refuse_leap(rows: pd.DataFrame, settings: PriceSettings) -> None:
    """Refuse prices with a step that only a change of unit explains."""
    closes = rows[ADJUSTED_CLOSE].to_numpy()
    factors = closes[1:] / closes[:-1]
    limit = settings.max_move_factor
    leaps = np.flatnonzero((factors > limit) | (factors < 1 / limit))
    if len(leaps):
        day, factor = rows.index[1 + leaps[0]], factors[leaps[0]]
        raise BadPrices(
            f"the close of {day.date()}, {rows[CLOSE].loc[day]:g}, is {factor:.3g} "
            f"times the previous one (accepted: {1 / limit:g} to {limit:g} times); it "
            "looks like a split without adjustment, or pence instead of pounds",
            "correct the prices, or raise `max_move_factor`",
        )
