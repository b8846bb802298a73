"""The votes after one more session at any close, without computing the history again.

All indicators of the votes are averages whose next value follows from their present
one: a search over hundreds of closes takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.component import Component
from features.indicators import MACD, MACD_SIGNAL, PERCENT_B, RSI, SMA_20, SMA_50
from features.votes import SLOPE_SESSIONS, technical_votes, trend_votes
from market_data.prices import CLOSE

if TYPE_CHECKING:
    import pandas as pd

FAST, SLOW, SIGNAL, RSI_SESSIONS, BAND_SESSIONS = 12, 26, 9, 14, 20


@dataclass(frozen=True)
class NextSession:
    """The averages of a history, from which those of the next session follow.

    `closes` are the last 50 and the averages are those of the last session.
    """

    closes: tuple[float, ...]
    fast: float
    slow: float
    signal: float
    gain: float
    loss: float
    sma_before: float

    @classmethod
    def after(cls, indicators: pd.DataFrame) -> NextSession:
        """Return the averages of `indicator_frame`; at least 55 rows."""
        close = indicators[CLOSE]
        moves = close.diff().dropna()
        gain, loss = (
            side.clip(lower=0).ewm(alpha=1 / RSI_SESSIONS, adjust=False).mean()
            for side in (moves, -moves)
        )
        return cls(
            closes=tuple(close.iloc[-50:].tolist()),
            fast=_average(close, FAST),
            slow=_average(close, SLOW),
            signal=float(indicators[MACD_SIGNAL].iloc[-1]),
            gain=float(gain.iloc[-1]),
            loss=float(loss.iloc[-1]),
            sma_before=float(indicators[SMA_20].iloc[-SLOPE_SESSIONS]),
        )

    def indicators_at(self, close: float) -> dict[str, float]:
        """Return the last session's indicators that the votes use."""
        last_50 = np.array([*self.closes[1:], close])
        last_20 = last_50[-BAND_SESSIONS:]
        macd = _step(self.fast, close, FAST) - _step(self.slow, close, SLOW)
        move = close - self.closes[-1]
        gain, loss = (
            average + (max(0.0, side) - average) / RSI_SESSIONS
            for average, side in ((self.gain, move), (self.loss, -move))
        )
        width = 4 * float(last_20.std(ddof=1))
        lower = float(last_20.mean()) - width / 2
        return {
            CLOSE: close,
            SMA_20: float(last_20.mean()),
            SMA_50: float(last_50.mean()),
            RSI: 100 * gain / (gain + loss) if gain + loss else np.nan,
            MACD: macd,
            MACD_SIGNAL: _step(self.signal, macd, SIGNAL),
            PERCENT_B: (close - lower) / width if width > close * 1e-12 else np.nan,
        }

    def components(self, last: Mapping[str, float]) -> dict[str, Component]:
        """Return `trend` and `technical` of the answer of `indicators_at`."""
        return {
            "trend": trend_votes(last, self.sma_before),
            "technical": technical_votes(last),
        }


def _average(values: pd.Series, length: int) -> float:
    """Return the exponential average, which begins with a plain one as pandas-ta's."""
    rest = values.iloc[length - 1 :].copy()
    rest.iloc[0] = values.iloc[:length].mean()
    return float(rest.ewm(span=length, adjust=False).mean().iloc[-1])


def _step(average: float, value: float, length: int) -> float:
    return average + (value - average) * 2 / (length + 1)
