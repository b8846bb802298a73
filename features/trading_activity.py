"""How much a stock trades: the share of sessions with trades, and its turnover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from market_data.prices import CLOSE, VOLUME

if TYPE_CHECKING:
    import pandas as pd

TRADED_SESSIONS, TURNOVER_SESSIONS = 60, 20
"""Latest sessions of the share with trades, and of the median turnover."""


@dataclass(frozen=True)
class TradingActivity:
    """`traded_share` is from 0 to 1; `turnover` in the stock's currency per session."""

    traded_share: float
    turnover: float


def trading_activity(prices: pd.DataFrame) -> TradingActivity:
    """Return the activity of the latest sessions; `prices` have no NaN."""
    volume = prices[VOLUME]
    turnover = (prices[CLOSE] * volume).tail(TURNOVER_SESSIONS)
    traded = (volume > 0).tail(TRADED_SESSIONS)
    return TradingActivity(float(traded.mean()), float(turnover.median()))
