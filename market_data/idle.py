"""The sessions at the end of a history in which a stock did not trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market_data.prices import CLOSE, HIGH, LOW, OHLC, VOLUME

if TYPE_CHECKING:
    import pandas as pd

MIN_IDLE = 2
"""Sessions without a trade at the end from which nobody can act on a call."""


MIN_STILL = 20
"""Sessions with trades at one price from which the row is degraded.

Below, shares of a few cents do this in honest data: 25 of 377 ASX files of 2025-06-27.
"""


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
    minimum = MIN_STILL if is_fund(rows) else MIN_IDLE
    volume, bars = rows[VOLUME].to_numpy(), rows[OHLC].to_numpy()
    no_trade = (volume == 0) & (volume > 0).any()
    before = np.concatenate([[np.nan], rows[CLOSE].to_numpy()[:-1]])
    still = no_trade | (bars == before[:, None]).all(axis=1)
    for idle in (no_trade, still):
        count = _count_at_end(idle)
        if count >= minimum:
            last = rows.index[-count - 1].date() if count < len(rows) else None
            return IdleEnd(count, last, bool((volume[-count:] > 0).any()))
    return None


def is_fund(rows: pd.DataFrame) -> bool:
    """Return whether no session has a volume or a range: one value per day."""
    volume, high, low = rows[[VOLUME, HIGH, LOW]].to_numpy().T
    return bool(((volume == 0) & (high == low)).all())


def _count_at_end(flags: NDArray[np.bool_]) -> int:
    """Return how many values at the end are True without a False between."""
    return int(np.argmin(np.append(flags[::-1], False)))
