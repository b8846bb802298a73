"""Tiny parameters, a seeded history, one trained model and metadata on demand."""

import importlib
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from saved_models import START

from config.parameters import TrainingParameters, training_parameters
from config.settings import ModelSettings
from features.indicators import FEATURES, indicator_frame
from features.windows import Floats, feature_rows
from market_data.prices import CLOSE, HIGH, LOW, OPEN, SESSION, VOLUME
from modelling.forecasting import Forecast, forecast
from modelling.jobs import TrainingJob, load_backend_quietly, train_symbol
from modelling.keras_network import start_network, write_network
from modelling.model_metadata import ModelMetadata, TrainingResults
from modelling.network import Network
from modelling.registry import ModelPair, Registry
from modelling.training import EpochDone, TrainedModel, train
from storage.tables import write_signed

# One thread: small sums in one order, and no fight for the machine's cores.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

SYMBOL = "CBA.AX"
TRAINED_AT = datetime(2013, 2, 1, 9, 30, tzinfo=UTC)

Describe = Callable[..., ModelMetadata]
Save = Callable[..., ModelMetadata]


@pytest.fixture(scope="session")
def backend() -> ModuleType:
    """Return Keras; importing it takes seconds, so only who asks for it waits."""
    load_backend_quietly()
    return importlib.import_module("keras")


@pytest.fixture(scope="session")
def tiny() -> TrainingParameters:
    """Return parameters that train in a second or two."""
    return training_parameters(epochs=2, sequence_length=30, lstm_units=(4, 3))


@pytest.fixture(scope="session")
def indicators() -> pd.DataFrame:
    """Return 165 sessions of a geometric random walk, 140 with all features."""
    generator = np.random.default_rng(42)
    close = 60 * np.exp(np.cumsum(generator.normal(0, 0.012, 165)))
    index = pd.bdate_range("2012-06-01", periods=165, name=SESSION, unit="ns")
    return indicator_frame(
        pd.DataFrame(
            {
                OPEN: close * generator.uniform(0.99, 1.01, 165),
                HIGH: close * 1.01,
                LOW: close * 0.99,
                CLOSE: close,
                VOLUME: generator.uniform(1e5, 1e6, 165),
            },
            index=index,
        )
    )


@pytest.fixture(scope="session")
def rows(indicators: pd.DataFrame) -> Floats:
    """Return the history's 140 feature rows."""
    return feature_rows(indicators)


@pytest.fixture(scope="session")
def epochs_seen() -> list[EpochDone]:
    """Return the list that the training of `trained` reports to."""
    return []


@pytest.fixture(scope="session")
def trained(
    backend: ModuleType,  # noqa: ARG001  imported before its first use is timed
    rows: Floats,
    tiny: TrainingParameters,
    epochs_seen: list[EpochDone],
) -> TrainedModel:
    """Return a model trained for two epochs."""
    return train(rows, tiny, epochs_seen.append)


@pytest.fixture(scope="session")
def untrained(
    backend: ModuleType,  # noqa: ARG001  imported before its first use is timed
    tiny: TrainingParameters,
) -> Network:
    """Return a network that was never trained."""
    return start_network(tiny)


@pytest.fixture(scope="session")
def random_network(untrained: Network) -> Network:
    """Return a network with random weights everywhere, the dense unit included."""
    generator = np.random.default_rng(5)
    return Network(
        tuple(
            generator.normal(0, 0.4, part.shape).astype(np.float32)
            for part in untrained.weights
        )
    )


@pytest.fixture(scope="session")
def job(
    tmp_path_factory: pytest.TempPathFactory,
    indicators: pd.DataFrame,
    tiny: TrainingParameters,
) -> TrainingJob:
    """Return a job whose indicators lie in a file and whose registry is empty."""
    folder: Path = tmp_path_factory.mktemp("home")
    path = folder / "indicators.parquet"
    write_signed(path, indicators, symbol=SYMBOL, stage="indicators")
    return TrainingJob(
        symbol=SYMBOL,
        indicators=path,
        price_source="sample",
        models=folder / "models",
        parameters=tiny,
        settings=ModelSettings(),
        trained_at=TRAINED_AT,
    )


@pytest.fixture(scope="session")
def job_epochs() -> list[EpochDone]:
    """Return the list that the job's training reports to."""
    return []


@pytest.fixture(scope="session")
def live_model(
    backend: ModuleType,  # noqa: ARG001  imported before its first use is timed
    job: TrainingJob,
    job_epochs: list[EpochDone],
) -> ModelMetadata:
    """Return the metadata of the model that the job trained; it is live now."""
    return train_symbol(job, job_epochs.append)


@pytest.fixture(scope="session")
def describe(indicators: pd.DataFrame, tiny: TrainingParameters) -> Describe:
    """Return a maker of metadata that fits the history, with any field changed."""
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "training_date": TRAINED_AT,
        "data_points": 140,
        "features": tuple(FEATURES),
        "sequence_length": tiny.sequence_length,
        "epochs": tiny.epochs,
        "results": TrainingResults(
            final_loss=0.005, final_val_loss=0.006, training_time=1.5
        ),
        "loss_ratio": 1.2,
        "epochs_run": 2,
        "below_advised_range": True,
        "training_windows": 88,
        "validation_windows": 22,
        "first_session": date(2012, 7, 6),
        "last_session": indicators.index[-1].date(),
        "price_source": "sample",
        "price_basis": float(indicators[CLOSE].iloc[-1]),
        "scaler_minimum": tuple(indicators[FEATURES].min()),
        "scaler_maximum": tuple(indicators[FEATURES].max()),
        "calibration_residuals": (-0.02, -0.01, 0.01, 0.02, 0.03),
        "skill": 0.99,
        "directional_accuracy": 0.5,
        "majority_rate": 0.55,
        "grade": "excellent",
        "rejected": None,
        "advice": None,
        "parameters": tiny,
        "library_versions": {"keras": "3"},
        "data_fingerprint": "0" * 64,
        "model_fingerprint": "0" * 64,
    }
    return lambda **changes: ModelMetadata.model_validate(values | changes)


@pytest.fixture(scope="session")
def trained_forecast(
    trained: TrainedModel, describe: Describe
) -> Callable[[pd.DataFrame], Forecast]:
    """Return the trained network's forecast for any table of indicators."""
    metadata = describe(
        scaler_minimum=trained.scaler.minimum,
        scaler_maximum=trained.scaler.maximum,
        calibration_residuals=trained.calibration.residuals,
    )
    return lambda indicators: forecast(trained.network, metadata, indicators)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return an empty registry that keeps three earlier pairs."""
    return Registry(tmp_path / "models", ModelSettings())


@pytest.fixture
def save(
    registry: Registry,
    untrained: Network,
    describe: Describe,
    tiny: TrainingParameters,
) -> Save:
    """Return a function that saves a real network as trained on a given day."""

    def save_one(
        day: int = 0, symbol: str = "CBA.AX", rejected: str | None = None
    ) -> ModelMetadata:
        metadata = describe(
            symbol=symbol,
            rejected=rejected,
            training_date=START + timedelta(days=day),
        )
        return registry.save(metadata, partial(write_network, untrained, tiny))

    return save_one


@pytest.fixture
def live(registry: Registry) -> ModelPair:
    """Return where the live pair of CBA.AX lies."""
    return ModelPair.of(registry.folder, "CBA.AX")
