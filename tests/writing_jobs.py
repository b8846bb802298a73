"""A process that writes all a night writes, again and again, until it is killed.

`writing_jobs.py FOLDER` forks one for each round it reads from its standard input: the
libraries are loaded once for all of them, also those that only a second round needs.
"""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from config.errors import Unreachable
from config.parameters import training_parameters
from config.settings import ModelSettings, PriceSettings
from features.indicators import FEATURES
from market_data.price_schemas import price_frame
from market_data.prices import PRICE_COLUMNS, PriceHistory
from market_data.store import PriceStore
from modelling.model_metadata import ModelMetadata, TrainingResults
from modelling.registry import Registry
from modelling.training_log import append_entry
from screening.table import write_csv
from storage.home import Home

SYMBOL = "CBA.AX"
FIRST, LAST = date(2025, 1, 2), date(2025, 6, 27)
ROWS = 30
AT = datetime(2025, 6, 27, 9, tzinfo=UTC)


@dataclass
class Counting:
    """A source whose prices are all `number`; without a number it has no prices."""

    number: int | None
    name: ClassVar[str] = "counting"
    remote: ClassVar[bool] = True

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return sessions up to `last`, each price the number."""
        if self.number is None:
            raise Unreachable(f"a source must answer for {symbol}, got silence.")
        days = pd.bdate_range(first, last)
        column = np.full(len(days), float(self.number)).tolist()
        frame = price_frame(dict.fromkeys(PRICE_COLUMNS, column), days)
        return PriceHistory(frame, "AUD", self.name)


def write_all(home: Home, number: int) -> None:
    """Write a price file, a model with its metadata, a CSV and a line of the log."""
    store_of(home, number).history(SYMBOL, FIRST - timedelta(days=number), LAST)
    content = f"{number}".encode() * 20_000
    registry_of(home).save(described(number), lambda path: path.write_bytes(content))
    write_csv(csv_of(home), [{"symbol": number, "reason": "x" * 500}] * ROWS)
    append_entry(home.training_log, AT, {"round": number, "reason": "x" * 500})


def write_for_ever(home: Home, begin: int) -> None:
    """Write round after round, from `begin` on."""
    number = begin
    while True:
        write_all(home, number)
        number += 1


def main(folder: str) -> None:
    """Write rounds 0 and 1; for each round read, tell a child that goes on from it."""
    home = Home(Path(folder))
    write_all(home, 0)
    write_all(home, 1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            write_for_ever(home, int(line))
        print(child, flush=True)  # noqa: T201  read by the test
        os.waitpid(child, 0)


def store_of(home: Home, number: int | None = None) -> PriceStore:
    """Return the price store, its source silent unless a number is given."""
    return PriceStore(home.prices, Counting(number), PriceSettings())


def registry_of(home: Home) -> Registry:
    """Return the home's models."""
    return Registry(home.models, ModelSettings())


def csv_of(home: Home) -> Any:  # noqa: ANN401  a place of any kind
    """Return the path of the CSV."""
    return home.screening_csv / "2025-06-27_screening_results.csv"


def described(number: int) -> ModelMetadata:
    """Return metadata of a model that knows the more the higher its number."""
    parameters = training_parameters(epochs=1, sequence_length=30)
    return ModelMetadata(
        symbol=SYMBOL,
        training_date=AT + timedelta(seconds=number),
        data_points=number,
        features=tuple(FEATURES),
        sequence_length=30,
        epochs=1,
        results=TrainingResults(final_loss=0.1, final_val_loss=0.1, training_time=1),
        loss_ratio=1,
        epochs_run=1,
        below_advised_range=True,
        training_windows=1,
        validation_windows=1,
        first_session=FIRST,
        last_session=LAST,
        price_source="counting",
        price_basis=1,
        scaler_minimum=(0.0,) * 8,
        scaler_maximum=(1.0,) * 8,
        calibration_residuals=(0.0, 0.1),
        skill=1,
        directional_accuracy=0.5,
        majority_rate=0.5,
        grade="good",
        rejected=None,
        advice=None,
        parameters=parameters,
        library_versions={},
        data_fingerprint="0",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
