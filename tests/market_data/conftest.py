"""Generated prices, and the replay of Yahoo where this checkout has one."""

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np
import pandas as pd
import pytest

from market_data.prices import PRICE_COLUMNS, price_frame
from market_data.sessions import calendar, sessions_between
from market_data.symbols import EXCHANGES

SHARED = Path(__file__).parents[2].parent / "shared"
REPLAY_NOW = "2025-06-27"


class Replay(Protocol):
    """What the tests use of a running replay."""

    url: str
    ca: str

    def reset(self) -> None:
        """Forget faults and counters."""

    def set_now(self, now: str) -> None:
        """Set the day that the replay takes for today."""

    def close(self) -> None:
        """Stop serving."""


@pytest.fixture(scope="session", autouse=True)
def _calendars() -> None:
    # exchange_calendars 4.13 builds a calendar with `Series.values` on aware times,
    # which pandas 3.1 deprecates; built once here, the calendars are cached.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Series.values returning")
        for exchange in EXCHANGES.values():
            calendar(exchange.code)


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


@pytest.fixture(scope="module")
def replay_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Start the replay and lead this process' requests to it until the module ends."""
    if not (SHARED / "yahoo_replay").is_dir():
        pytest.skip(f"the Yahoo replay is not there: {SHARED / 'yahoo_replay'}")
    server: Replay = _equipment("yahoo_replay").start(
        SHARED / "market", now=REPLAY_NOW, tls_dir=tmp_path_factory.mktemp("tls")
    )
    cache = str(tmp_path_factory.mktemp("yfinance"))
    led = _equipment("use_replay").use_replay(server.url, server.ca, cache_dir=cache)
    yield server
    led.undo()
    server.close()


@pytest.fixture
def replay(replay_server: Replay, tmp_path: Path) -> Iterator[Replay]:
    """Return the replay without faults or counts, and the client without memory."""
    replay_server.reset()
    replay_server.set_now(REPLAY_NOW)
    _equipment("use_replay").reset_yfinance(str(tmp_path / "py-yfinance"))
    yield replay_server
    replay_server.reset()


def _equipment(name: str) -> ModuleType:
    """Import a module of the read-only replay folder, leaving no trace of it there."""
    path, written = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(SHARED / "yahoo_replay"))
    sys.dont_write_bytecode = True
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
