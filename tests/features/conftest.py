"""A seeded price path and its indicators, shared by the feature tests."""

import numpy as np
import pandas as pd
import pytest

from features.indicators import indicator_frame
from market_data.prices import CLOSE, HIGH, LOW, OPEN, SESSION, VOLUME

SESSIONS = 220


@pytest.fixture(scope="session")
def prices() -> pd.DataFrame:
    """Return a geometric random walk of 220 sessions."""
    generator = np.random.default_rng(20_130_301)
    close = 80 * np.exp(np.cumsum(generator.normal(0.0002, 0.015, SESSIONS)))
    spread = 1 + generator.uniform(0.001, 0.02, (2, SESSIONS))
    return pd.DataFrame(
        {
            OPEN: close * generator.uniform(0.99, 1.01, SESSIONS),
            HIGH: close * spread[0],
            LOW: close / spread[1],
            CLOSE: close,
            VOLUME: generator.integers(100_000, 5_000_000, SESSIONS).astype(float),
        },
        index=pd.bdate_range("2012-04-02", periods=SESSIONS, name=SESSION, unit="ns"),
    )


@pytest.fixture(scope="session")
def indicators(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the path's indicators."""
    return indicator_frame(prices)
