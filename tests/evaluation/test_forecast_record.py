"""Forecast records written and read, realized returns, and the plots."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.forecast_record import (
    COLUMNS,
    realized_return,
    record_forecast,
    record_frame,
)
from evaluation.metrics import compute_metrics
from evaluation.plots import draw_plots
from market_data.price_schemas import price_frame
from market_data.prices import PRICE_COLUMNS
from modelling.forecasting import Forecast
from screening.table import write_csv
from storage.paths import read_bytes


def closes(*adjusted: float) -> pd.DataFrame:
    """Return raw prices whose adjusted closes are these, from 2025-01-06 on."""
    columns = {name: list(adjusted) for name in PRICE_COLUMNS}
    return price_frame(columns, pd.bdate_range("2025-01-06", periods=len(adjusted)))


def test_a_realized_return_is_of_adjusted_closes() -> None:
    """It runs from the as-of session to the forecast session."""
    frame = closes(10, 11, 9.9)
    answer = realized_return(frame, date(2025, 1, 7), date(2025, 1, 8))
    assert answer == pytest.approx(-0.1)


@pytest.mark.parametrize("frame", [closes(10, 11), closes(10, 11, float("nan"))])
def test_a_session_that_has_no_close_has_no_return(frame: pd.DataFrame) -> None:
    """An unknown return is None, never 0."""
    assert realized_return(frame, date(2025, 1, 7), date(2025, 1, 8)) is None


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """Numbers keep all their digits, and an unknown number is NaN."""
    row = {"symbol": "AAA.AX", "score": 0.1 + 0.2, "prediction": "BUY", "reason": "=1"}
    unguarded = {"score": -0.4, "prediction": "SELL"}
    forecasts = {"ridge": Forecast(10.1, 1 / 3, -0.02, 0.03, 0.6)}
    written = record_forecast(row, unguarded, -1 / 7, forecasts)
    assert tuple(written) == COLUMNS
    write_csv(tmp_path / "record.csv", [written], COLUMNS)
    (back,) = record_frame(read_bytes(tmp_path / "record.csv").decode()).to_dict(
        "records"
    )
    assert (back["symbol"], back["prediction"]) == ("AAA.AX", "BUY")
    assert (back["score"], back["realized_return"]) == (0.1 + 0.2, -1 / 7)
    assert back["prediction_without_guard"] == "SELL"
    assert (back["ridge_return"], back["ridge_probability_up"]) == (1 / 3, 0.6)
    assert pd.isna(back["lightgbm_return"])


def test_the_plots_are_png_files(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """The same record gives the same bytes of three files."""
    found = compute_metrics(record, settings, 10.0)
    drawn = draw_plots(record, found, 10.0)
    assert set(drawn) == {"reliability.png", "coverage.png", "returns.png"}
    assert all(file.startswith(b"\x89PNG") for file in drawn.values())
    assert draw_plots(record, found, 10.0) == drawn


def test_a_record_without_a_model_can_be_drawn(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """If every model was rejected, the plot of the coverage is empty."""
    names = [name for name in record if "predicted" in str(name)]
    no_lstm = record.assign(**dict.fromkeys(map(str, names), float("nan")))
    no_lstm["probability_up"] = float("nan")
    assert draw_plots(no_lstm, compute_metrics(no_lstm, settings, 10.0), 10.0)[
        "coverage.png"
    ]
