"""The votes after one more session are those of the whole history computed again."""

import numpy as np
import pandas as pd
import pytest

from features.indicators import indicator_frame
from features.next_session import NextSession
from features.votes import technical, trend
from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME


def history(seed: int, sessions: int) -> pd.DataFrame:
    """Return a random walk of flat bars."""
    moves = np.random.default_rng(seed).normal(0, 0.015, sessions)
    close = 40 * np.exp(np.cumsum(moves))
    columns = dict.fromkeys((OPEN, HIGH, LOW, CLOSE), close)
    days = pd.bdate_range("2024-01-01", periods=sessions)
    return pd.DataFrame({**columns, VOLUME: 1e5}, index=days)


@pytest.mark.parametrize(("seed", "sessions"), [(1, 60), (2, 120), (3, 500)])
@pytest.mark.parametrize("change", [-0.3, -0.02, 0.0, 0.004, 0.25])
def test_one_session_more_has_the_indicators_of_the_whole_history(
    seed: int, sessions: int, change: float
) -> None:
    """Each indicator and both components agree with a full computation to 1e-9."""
    prices = history(seed, sessions)
    close = float(prices[CLOSE].iloc[-1]) * (1 + change)
    day = prices.index[-1] + pd.Timedelta(days=1)
    flat = pd.DataFrame([[close] * 4 + [1e5]], [day], prices.columns)
    longer = indicator_frame(pd.concat([prices, flat]))
    session = NextSession.after(indicator_frame(prices))
    found = session.indicators_at(close)
    for name, value in found.items():
        assert value == pytest.approx(longer[name].iloc[-1], rel=1e-9, abs=1e-9), name
    components = session.components(found)
    for name, vote in {"trend": trend(longer), "technical": technical(longer)}.items():
        assert components[name].direction == pytest.approx(vote.direction, abs=1e-9)
        assert components[name].confidence == vote.confidence
