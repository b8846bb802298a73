"""The quality rules for stocks that do not trade, and for feeds that stand still.

An index has no such rules: many sources give it no volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from config.errors import StalePrices
from market_data.findings import NOTHING, Defect, Findings, more, name_days
from market_data.prices import CLOSE, HIGH, LOW, OHLC, VOLUME

if TYPE_CHECKING:
    import pandas as pd

MIN_IDLE = 2
"""Sessions without a trade at the end from which nobody can act on a call."""

MIN_STILL = 20
"""Sessions with trades at one price from which the row is degraded.

Below, shares of a few cents do this in honest data: 25 of 377 ASX files of 2025-06-27.
"""

RECENT_REPEATS = 20
"""A repeated row degrades the row of the night if it is among this many last ones."""


@dataclass(frozen=True)
class IdleEnd:
    """The sessions at the end of a history without a trade or a new price.

    `last` is the last session before them, None if there is none. `any_volume` means
    that the stock traded in them, but always at the close before.
    """

    sessions: int
    last: date | None
    any_volume: bool

    @property
    def sentence(self) -> str:
        """Return `no trade since 2025-10-09, 22 sessions`."""
        what = "no other price" if self.any_volume else "no trade"
        since = f"since {self.last}" if self.last else "in the whole history"
        return f"{what} {since}, {self.sessions} sessions"


def idle_end(rows: pd.DataFrame) -> IdleEnd | None:
    """Return the idle sessions at the end, None below `MIN_IDLE`; no NaN.

    A session is idle if its volume is 0, or if open, high, low and close equal the
    close before. Where every volume is 0, the source has no volumes, and only the
    prices count. A fund's price may rest for days: it is idle from `MIN_STILL` on.
    """
    minimum = MIN_STILL if _is_fund(rows) else MIN_IDLE
    no_trade = _untraded(rows)
    still = no_trade | rows[OHLC].eq(rows[CLOSE].shift(), axis=0).all(axis=1)
    for idle in (no_trade, still):
        count = _count_at_end(idle)
        if count >= minimum:
            volumes = rows[VOLUME].iloc[-count:]
            last = rows.index[-count - 1].date() if count < len(rows) else None
            return IdleEnd(count, last, bool(volumes.gt(0).any()))
    return None


def _is_fund(rows: pd.DataFrame) -> bool:
    """Return whether no session has a volume or a range: one value per day."""
    return bool((rows[VOLUME].eq(0) & rows[HIGH].eq(rows[LOW])).all())


def _untraded(rows: pd.DataFrame) -> pd.Series:
    volume = rows[VOLUME]
    return volume.eq(0) & bool(volume.gt(0).any())


def _count_at_end(flags: pd.Series) -> int:
    """Return how many values at the end are True without a False between."""
    return int(np.argmin(np.append(flags.to_numpy(dtype=bool)[::-1], False)))


def find_idle_end(rows: pd.DataFrame) -> Findings:
    """Return a defect if the stock has stopped trading, or has no volume at all.

    A fund's prices have no volume and no range; they are no defect.
    """
    found, end, first = NOTHING, idle_end(rows), rows.index[0].date()
    if rows[VOLUME].eq(0).all() and not _is_fund(rows):
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
    bars = rows[[*OHLC, VOLUME]]
    moved = rows[VOLUME].gt(0) & rows[HIGH].gt(rows[LOW])
    repeats = rows[bars.duplicated() & moved]
    if repeats.empty:
        return NOTHING
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
