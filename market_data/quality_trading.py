"""The quality rules for stocks that do not trade, and for feeds that stand still.

An index has no such rules: many sources give it no volume.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.errors import StalePrices
from market_data.findings import NOTHING, Defect, Findings, more, name_days
from market_data.idle import MIN_STILL, idle_end, is_fund
from market_data.prices import HIGH, LOW, OHLC, VOLUME

RECENT_REPEATS = 20
"""A repeated row degrades the row of the night if it is among this many last ones."""


def find_idle_end(rows: pd.DataFrame) -> Findings:
    """Return a defect if the stock has stopped trading, or has no volume at all.

    A fund's prices have no volume and no range; they are no defect.
    """
    found, end, first = NOTHING, idle_end(rows), rows.index[0].date()
    if rows[VOLUME].eq(0).all() and not is_fund(rows):
        no_volume = Defect("no_volume", first, "the volume of all sessions is 0")
        found = Findings((no_volume,))
    if end is None or (end.any_volume and end.sessions < MIN_STILL):
        return found
    return found + Findings((Defect("no_trade", end.last or first, end.sentence),))


def find_repeats(rows: pd.DataFrame) -> Findings:
    """Return the rows that repeat an earlier session's prices and non-zero volume.

    A bar with one price is no repeat, because shares of a few cents have such bars on
    many days. A recent repeat is a defect, an older one a note.

    Raises
    ------
    StalePrices
        If the last row is a repeat: the feed may have stopped before it.
    """
    moved = rows[VOLUME].gt(0) & rows[HIGH].gt(rows[LOW])
    repeated = _repeated(rows) & moved.to_numpy()
    if not repeated.any():
        return NOTHING
    repeats = rows[repeated]
    recent = repeats.index >= rows.index[-RECENT_REPEATS:][0]
    if repeats.index[-1] == rows.index[-1]:
        raise _stands_still(rows, repeats.index[recent])
    finding = "has the same prices and volume as an earlier session"
    found = name_days("repeat", repeats.index[recent], finding)
    old = repeats.index[~recent]
    if len(old):
        note = f"{old[0].date()}{more(len(old))} {finding}"
        found += Findings(notes=(note,))
    return found


def _repeated(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows have the prices and the volume of an earlier row."""
    if not rows[VOLUME].duplicated().any():
        return np.zeros(len(rows), dtype=bool)
    return rows[[*OHLC, VOLUME]].duplicated().to_numpy()


def _stands_still(rows: pd.DataFrame, days: pd.DatetimeIndex) -> StalePrices:
    """Return the error that names the repeats and the session which they repeat."""
    bars = rows[[*OHLC, VOLUME]]
    same = bars.eq(bars.loc[days[-1]]).all(axis=1)
    original = rows.index[same][0].date()
    named = ", ".join(str(day.date()) for day in days)
    return StalePrices(
        f"{named} {'has' if len(days) == 1 else 'have'} the same prices and volume as "
        f"the session of {original}; the feed may have stopped there",
        f"fetch the symbol again, or screen with --as-of {original}",
    )
