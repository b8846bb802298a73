"""The trend and technical components: votes on the last session's indicators."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from features.component import Component
from features.indicators import (
    MACD,
    MACD_SIGNAL,
    MINIMUM_ROWS,
    PERCENT_B,
    RSI,
    SMA_20,
    SMA_50,
)
from market_data.prices import CLOSE

SLOPE_SESSIONS = 5
"""Sessions over which the slope of SMA 20 is taken."""


def trend(indicators: pd.DataFrame) -> Component:
    """Return the mean of four votes of +1 or -1; its absolute value is the confidence.

    The votes: close above SMA 20, close above SMA 50, SMA 20 above SMA 50, and SMA 20
    above its value 5 sessions before. A tie votes 0. The component is missing if an
    average is NaN.
    """
    before = indicators[SMA_20].shift(SLOPE_SESSIONS).iloc[-1]
    found = trend_votes(indicators.iloc[-1], before)
    if found.present:
        return found
    return Component.missing(
        f"trend needs {MINIMUM_ROWS} sessions, got {len(indicators)}"
    )


def trend_votes(last: Mapping[str, float] | pd.Series, sma_before: float) -> Component:
    """Return the `trend` of a session's indicators.

    `sma_before` is SMA 20 `SLOPE_SESSIONS` sessions before.
    """
    votes = np.array(
        [
            _above(last[CLOSE], last[SMA_20]),
            _above(last[CLOSE], last[SMA_50]),
            _above(last[SMA_20], last[SMA_50]),
            _above(last[SMA_20], sma_before),
        ]
    )
    if not np.isfinite(votes).all():
        return Component.missing("an average is not known")
    direction = float(votes.mean())
    return Component(direction, abs(direction))


def technical(indicators: pd.DataFrame) -> Component:
    """Return the mean of three votes in [-1, 1]: RSI, MACD, Bollinger.

    Confidence is the share of the non-zero votes with the mean's sign, 0 if all votes
    are zero. The component is missing if an indicator is NaN: a price that never moves
    has no RSI and no bands.
    """
    return technical_votes(indicators.iloc[-1])


def technical_votes(last: Mapping[str, float] | pd.Series) -> Component:
    """Return the `technical` of a session's indicators."""
    undefined = [
        name
        for name in (RSI, MACD, MACD_SIGNAL, PERCENT_B)
        if not np.isfinite(last[name])
    ]
    if undefined:
        return Component.missing(f"technical needs {', '.join(undefined)}, undefined")
    votes = [
        rsi_vote(last[RSI]),
        float(np.sign(last[MACD] - last[MACD_SIGNAL])),
        float(np.clip(1 - 2 * last[PERCENT_B], -1, 1)),
    ]
    direction = float(np.mean(votes))
    return Component(direction, _agreement(votes, direction))


def _above(value: float, other: float) -> float:
    """Return +1 if above, -1 if below, 0 if equal up to rounding."""
    return 0.0 if math.isclose(value, other) else float(np.sign(value - other))


def rsi_vote(rsi: float) -> float:
    """Return the vote of the RSI: a low one votes for a rise, a high one against it."""
    if rsi < 30:
        return 1.0
    if rsi < 40:
        return 0.5
    if rsi > 70:
        return -1.0
    return -0.5 if rsi > 60 else 0.0


def _agreement(votes: Sequence[float], direction: float) -> float:
    """Return the share of the non-zero votes with the direction's sign."""
    agreeing = [vote * direction > 0 for vote in votes if vote != 0]
    return sum(agreeing) / len(agreeing) if agreeing else 0.0
