"""Invented symbols for benchmarks: random walks of two years on sessions of the ASX."""

from collections.abc import Iterator
from datetime import date
from itertools import islice, product
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pandas as pd

from market_data.sessions import sessions_between

AS_OF = date(2025, 11, 10)
FIRST = date(2023, 10, 1)

QUIET_PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}
"""Environment of a benchmark: no log lines, and time for the temporary server."""


def made_symbols(count: int) -> Iterator[str]:
    """Yield AAAA.AX, AAAB.AX and so on."""
    names = product(ascii_uppercase, repeat=4)
    return ("".join(letters) + ".AX" for letters in islice(names, count))


def random_walk(sessions: pd.DatetimeIndex, seed: int) -> pd.DataFrame:
    """Return one row of prices per session, in the columns of a folder's CSV."""
    generator = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, len(sessions))))
    spread = 1 + np.abs(generator.normal(0, 0.004, len(sessions)))
    return pd.DataFrame(
        {
            "Date": sessions.date,
            "Open": close / spread**0.5,
            "High": close * spread,
            "Low": close / spread,
            "Close": close,
            "Adj Close": close,
            "Volume": generator.integers(100_000, 900_000, len(sessions)),
        }
    )


def write_prices(market: Path, symbol: str, seed: int) -> None:
    """Write a random walk to `{market}/prices/{symbol}.csv`."""
    table = random_walk(sessions_between("XASX", FIRST, AS_OF), seed)
    path = market / "prices" / f"{symbol}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
