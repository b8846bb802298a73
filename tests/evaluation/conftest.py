"""A seeded forecast record of six symbols, and random price histories."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.forecast_record import COLUMNS, TEXTS
from market_data.prices import CLOSE, HIGH, LOW, OPEN, SESSION, VOLUME

SYMBOLS = ("AAA.AX", "BBB.AX", "CCC.AX", "DDD.AX", "EEE.AX", "FFF.AX")


@pytest.fixture(scope="session")
def settings() -> EvaluationSettings:
    """Return the settings with fewer bootstrap draws."""
    return EvaluationSettings(bootstrap_draws=300)


@pytest.fixture(scope="session")
def record() -> pd.DataFrame:
    """Return 30 days of six symbols, with random components and unrelated returns."""
    generator = np.random.default_rng(3)
    days = [day.date().isoformat() for day in pd.bdate_range("2025-01-02", periods=30)]
    rows = [(symbol, day) for day in days for symbol in SYMBOLS]
    frame = pd.DataFrame(rows, columns=["symbol", "forecast_session"])
    count = len(frame)
    for name in COLUMNS:
        if name not in TEXTS:
            frame[name] = generator.normal(0, 0.01, count)
    for name in [name for name in COLUMNS if name.endswith("probability_up")]:
        frame[name] = generator.uniform(0, 1, count)
    frame["predicted_return_low"] = -0.013
    frame["predicted_return_high"] = 0.013
    frame["trend_direction"] = generator.choice([-1.0, -0.5, 0.0, 0.5, 1.0], count)
    frame["finbert_direction"] = frame["finbert_confidence"] = np.nan
    for name in ("prediction", "prediction_without_guard"):
        frame[name] = generator.choice(["BUY", "HOLD", "SELL"], count)
    frame["position_scale"] = generator.choice([0.0, 0.55, 0.8, 1.0], count)
    return frame.assign(data_status="ok")


@pytest.fixture(scope="session")
def walk() -> Callable[[int, int], pd.DataFrame]:
    """Return a function from number of rows and seed to a random walk."""

    def make(rows: int, seed: int) -> pd.DataFrame:
        generator = np.random.default_rng(seed)
        close = 80 * np.exp(np.cumsum(generator.normal(0.0002, 0.015, rows)))
        spread = 1 + generator.uniform(0.001, 0.02, (2, rows))
        columns = {
            OPEN: close * generator.uniform(0.99, 1.01, rows),
            HIGH: close * spread[0],
            LOW: close / spread[1],
            CLOSE: close,
            VOLUME: generator.integers(100_000, 5_000_000, rows).astype(float),
        }
        first = date(2012, 4, 2)
        index = pd.bdate_range(first, periods=rows, name=SESSION, unit="ns")
        return pd.DataFrame(columns, index=index)

    return make
