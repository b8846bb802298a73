"""A training job on stored features, and the forecast of the model that it saved."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from config.errors import DamagedTable, TooShort
from features.indicators import FEATURES, indicator_frame
from features.windows import Floats
from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME
from modelling.forecasting import Forecast, forecast
from modelling.grading import grade, rejection
from modelling.jobs import TrainingJob, train_symbol, training_data
from modelling.model_metadata import ModelMetadata
from modelling.registry import ModelPair, Registry
from modelling.training import EpochDone, TrainedModel
from storage.tables import write_signed


def test_the_trained_model_is_registered(
    job: TrainingJob, live_model: ModelMetadata
) -> None:
    """What the job returns is what the registry holds."""
    registry = Registry(job.models, job.settings)
    assert registry.require(job.symbol) == live_model
    assert registry.symbols() == (job.symbol,)


def test_metadata_say_what_it_was_trained_on(
    live_model: ModelMetadata, indicators: pd.DataFrame, rows: Floats
) -> None:
    """Rows, sessions, source and price basis are those of the stored features."""
    assert live_model.data_points == len(rows) == len(indicators) - 25
    assert live_model.first_session == indicators.index[25].date()
    assert live_model.last_session == indicators.index[-1].date()
    assert live_model.price_source == "sample"
    assert live_model.price_basis == indicators[CLOSE].iloc[-1]
    assert live_model.features == tuple(FEATURES)


def test_a_flat_end_is_not_trained_on(
    job: TrainingJob, indicators: pd.DataFrame, tmp_path: Path
) -> None:
    """Sessions at the end without a trade are left out of the training."""
    stopped, path = indicators.copy(), tmp_path / "stopped.parquet"
    stopped.iloc[-9:] = stopped.iloc[-10]
    stopped.loc[stopped.index[-10:], [OPEN, HIGH, LOW]] = stopped[CLOSE].iloc[-1]
    stopped.loc[stopped.index[-9:], VOLUME] = 0.0
    write_signed(path, stopped, symbol=job.symbol, stage="indicators")
    used, rows = training_data(replace(job, indicators=path))
    assert used.index[-1] == indicators.index[-10]
    assert len(rows) == len(indicators) - 25 - 9


def test_metadata_say_how_it_was_trained(
    job: TrainingJob, live_model: ModelMetadata
) -> None:
    """Parameters, instant, windows and epochs are recorded as they were."""
    assert live_model.parameters == job.parameters
    assert live_model.training_date == datetime(2013, 2, 1, 9, 30, tzinfo=UTC)
    assert (live_model.epochs, live_model.epochs_run) == (2, 2)
    assert live_model.best_epoch in (1, 2)
    assert (live_model.training_windows, live_model.validation_windows) == (88, 22)
    assert live_model.below_advised_range
    assert live_model.results.training_time > 0


def test_metadata_carry_the_libraries_versions(
    backend: ModuleType, live_model: ModelMetadata
) -> None:
    """The versions of all that can change a model are recorded."""
    versions = live_model.library_versions
    assert {"keras", "numpy", "tensorflow"} <= set(versions)
    assert (versions["keras"], versions["numpy"]) == (
        backend.__version__,
        np.__version__,
    )


def test_metadata_carry_both_fingerprints(
    job: TrainingJob, live_model: ModelMetadata, rows: Floats
) -> None:
    """SHA-256 of the model file and of the training rows, computed again here."""
    model = ModelPair.of(job.models, job.symbol).model.read_bytes()
    assert live_model.model_fingerprint == hashlib.sha256(model).hexdigest()
    assert live_model.data_fingerprint == hashlib.sha256(rows.tobytes()).hexdigest()


def test_metadata_judge_by_the_settings(
    job: TrainingJob, live_model: ModelMetadata, trained: TrainedModel
) -> None:
    """Grade, ratio and rejection follow from the recorded losses and skill."""
    loss, validation = live_model.results.final_loss, live_model.results.final_val_loss
    ratio, compared = live_model.loss_ratio, live_model.loss_ratio_vs_persistence
    assert ratio == pytest.approx(validation / loss)
    assert compared == pytest.approx(trained.compared_ratio)
    skill = live_model.skill
    assert live_model.grade == grade(loss, validation, compared, skill, job.settings)
    reason = rejection(live_model.grade, ratio, compared, skill, job.settings)
    assert (live_model.rejected, live_model.usable) == (reason, reason is None)


def test_a_job_trains_as_the_plain_function_does(
    live_model: ModelMetadata, trained: TrainedModel
) -> None:
    """Through the file and the registry the model is the one `train` gives."""
    assert live_model.calibration_residuals == trained.calibration.residuals
    assert live_model.scaler == trained.scaler
    assert live_model.results.final_loss == trained.loss


@pytest.mark.usefixtures("live_model")
def test_a_job_reports_its_epochs(job_epochs: list[EpochDone]) -> None:
    """Progress comes once an epoch."""
    assert [done.epoch for done in job_epochs] == [1, 2]


def test_the_saved_model_forecasts_as_the_trained_one(
    job: TrainingJob,
    live_model: ModelMetadata,
    indicators: pd.DataFrame,
    trained_forecast: Callable[[pd.DataFrame], Forecast],
) -> None:
    """The model that is read back gives the trained network's forecast, bit for bit."""
    network = Registry(job.models, job.settings).load(live_model)
    answer = forecast(network, live_model, indicators)
    assert answer == trained_forecast(indicators)
    last = indicators[CLOSE].iloc[-1]
    assert answer.predicted_return == pytest.approx(answer.predicted_close / last - 1)
    assert all(part.any() for part in network.weights[:6])
    assert abs(answer.predicted_return) < 0.2
    assert answer.low < answer.high
    outcomes = np.array(live_model.calibration_residuals) + answer.predicted_return
    assert answer.probability_up == np.mean(outcomes > 0)


def test_another_symbols_indicators_are_refused(job: TrainingJob) -> None:
    """A training refuses a table that belongs to another symbol."""
    with pytest.raises(DamagedTable, match=r"not to BHP\.AX indicators"):
        train_symbol(replace(job, symbol="BHP.AX"))


@pytest.mark.usefixtures("backend")
def test_a_short_history_is_not_trained(
    job: TrainingJob, indicators: pd.DataFrame, tmp_path: Path
) -> None:
    """Too few sessions: an error, and nothing in the registry."""
    short, models = tmp_path / "short.parquet", tmp_path / "models"
    write_signed(short, indicators.iloc[:80], symbol=job.symbol, stage="indicators")
    with pytest.raises(TooShort, match=r"100 sessions, got 80"):
        train_symbol(replace(job, indicators=short, models=models))
    assert Registry(models, job.settings).symbols() == ()


@pytest.mark.usefixtures("backend")
def test_a_halted_price_gives_a_model_that_can_be_read_back(
    job: TrainingJob, indicators: pd.DataFrame, tmp_path: Path
) -> None:
    """A ratio without bound, of a price that stood still while training, is stored."""
    prices = indicators[[OPEN, HIGH, LOW, CLOSE, VOLUME]].copy()
    prices.iloc[20:150, :4] = 50.0
    path = tmp_path / "halted.parquet"
    table = indicator_frame(prices)
    write_signed(path, table, symbol=job.symbol, stage="indicators")
    halted = replace(job, indicators=path, models=tmp_path / "models")
    saved = train_symbol(halted)
    assert saved.loss_ratio is None
    assert Registry(halted.models, halted.settings).require(job.symbol) == saved


FLOAT_TYPE = """
from modelling.jobs import load_backend_quietly
load_backend_quietly()
import keras, os, sys
config = keras.config
print(config.floatx(), config.epsilon(), keras.backend.backend(), config.max_epochs())
print(config.dtype_policy().name, os.environ["KERAS_HOME"])
print({"matplotlib", "sklearn"} & {*sys.modules})
import matplotlib, sklearn
"""


def test_the_users_keras_settings_change_no_model(tmp_path: Path) -> None:
    """Float type, epsilon and engine are Keras' own, whatever `keras.json` says.

    Keras' import leaves out libraries that no training uses; others may import them.
    """
    settings = {"floatx": "float16", "epsilon": 1e-3, "backend": "torch"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    users = {"KERAS_HOME": str(tmp_path), "KERAS_MAX_EPOCHS": "1"}
    found = subprocess.run(
        [sys.executable, "-c", FLOAT_TYPE],
        env=os.environ | users,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == [
        "float32 1e-07 tensorflow None",
        f"float32 {tmp_path}",
        "set()",
    ]
