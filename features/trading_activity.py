"""How much a stock trades: the share of sessions with trades, and its turnover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from market_data.idle import idle_end
from market_data.prices import CLOSE, VOLUME

if TYPE_CHECKING:
    import pandas as pd

TRADED_SESSIONS, TURNOVER_SESSIONS = 60, 20
"""Latest sessions of the share with trades, and of the median turnover."""


@dataclass(frozen=True)
class TradingActivity:
    """How much a stock trades.

    `traded_share` is from 0 to 1; `turnover` in the stock's currency per session.
    `idle` is a sentence if the last sessions had no trade or no other price, else "".
    """

    traded_share: float
    turnover: float
    idle: str = ""


def trading_activity(
    prices: pd.DataFrame, *, is_index: bool = False
) -> TradingActivity:
    """Return the activity of the latest sessions; `prices` have no NaN.

    An index is never idle, because many sources give it no volume.
    """
    volume = prices[VOLUME]
    turnover = (prices[CLOSE] * volume).tail(TURNOVER_SESSIONS)
    traded = (volume > 0).tail(TRADED_SESSIONS)
    end = None if is_index else idle_end(prices)
    return TradingActivity(
        float(traded.mean()), float(turnover.median()), end.sentence if end else ""
    )
