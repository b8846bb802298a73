"""Prefect's own test server, and a folder of prices on real ASX sessions."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from market_data.sessions import sessions_between

# Read when Prefect is imported, so before any flow of these tests is.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

AS_OF = date(2025, 11, 10)
GOOD = ("AAA.AX", "BBB.AX", "CCC.AX")
QUICK = TrainingOverrides(
    epochs=1,
    sequence_length=30,
    period="1y",
    lstm_units=(4, 3),
    # Nothing is shrunk: a network that predicts no change would hide what it knows.
    early_stopping_patience=0,
)

RunNight = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no width and no colours of a terminal: what is printed breaks no line."""
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Give the tests a Prefect server and database of their own."""
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of prices: three good symbols, and SHORT.AX with 40 rows."""
    folder = tmp_path_factory.mktemp("market")
    for seed, symbol in enumerate((*GOOD, "SHORT.AX")):
        write_prices(folder, symbol, seed, rows=40 if symbol == "SHORT.AX" else None)
    return folder


def write_prices(folder: Path, symbol: str, seed: int, rows: int | None = None) -> None:
    """Write a random walk to `{folder}/prices/{symbol}.csv`, up to some weeks later."""
    sessions = sessions_between("XASX", date(2024, 10, 1), date(2025, 12, 5))
    generator = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, len(sessions))))
    spread = 1 + np.abs(generator.normal(0, 0.004, len(sessions)))
    table = pd.DataFrame(
        {
            "Date": sessions.date,
            "Open": close / spread**0.5,
            "High": close * spread,
            "Low": close / spread,
            "Close": close,
            "Adj Close": close * 0.97,
            "Volume": generator.integers(100_000, 900_000, len(sessions)),
        }
    )
    known = table[table["Date"] <= AS_OF] if rows else table
    path = folder / "prices" / f"{symbol}.csv"
    path.parent.mkdir(exist_ok=True)
    known.tail(rows or len(known)).to_csv(path, index=False)


@pytest.fixture(scope="session")
def run_night(prefect_server: None, market: Path) -> RunNight:  # noqa: ARG001
    """Give a function that runs a screening night and returns its Prefect state."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    def run(home: Path, *symbols: str, **changes: Any) -> Any:  # noqa: ANN401
        arguments = {
            "selection": Symbols(symbols=symbols),
            "source": "folder",
            "folder": market,
            "as_of": AS_OF,
            "parameters": QUICK,
            "home": str(home),
            "force": True,
        }
        return overnight_screening(**(arguments | changes), return_state=True)

    return run
