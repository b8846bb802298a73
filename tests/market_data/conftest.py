"""Generated prices: faultless, on the sessions of an exchange."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from market_data.price_schemas import price_frame
from market_data.prices import PRICE_COLUMNS
from market_data.sessions import sessions_between


@pytest.fixture
def generated() -> Callable[..., pd.DataFrame]:
    """Return a maker of faultless prices: `generated(last, sessions, exchange)`."""
    return _generated


def _generated(
    last: date = date(2025, 6, 27), sessions: int = 80, exchange: str = "XNYS"
) -> pd.DataFrame:
    """Return moves of up to 1 % a session, and one dividend of 2 % half-way."""
    first = date(last.year - 1 - sessions // 200, 1, 1)
    days = sessions_between(exchange, first, last)[-sessions:]
    days = pd.DatetimeIndex(days.to_numpy())  # without the calendar's frequency
    moves = np.random.default_rng(7).uniform(-0.01, 0.01, len(days))
    close = 100 * np.cumprod(1 + moves)
    before_dividend = np.arange(len(days)) < len(days) // 2
    columns = {
        "open": close * 0.999,
        "high": close * 1.005,
        "low": close * 0.995,
        "close": close,
        "adjusted_close": np.where(before_dividend, close * 0.98, close),
        "volume": np.arange(len(days)) + 1000.0,
    }
    return price_frame({name: columns[name].tolist() for name in PRICE_COLUMNS}, days)
