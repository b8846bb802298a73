"""The job of a training process: read stored features, train, write the model.

Jobs and answers are small and picklable; tables and networks stay in the process.
"""

import contextlib
import hashlib
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from config.errors import SymbolError, TooShort
from config.parameters import TrainingParameters
from config.quick_imports import quick_imports
from config.settings import ModelSettings
from features.indicators import FEATURES
from features.windows import CLOSE_COLUMN, Floats, feature_rows
from market_data.idle import idle_end
from market_data.symbols import is_index
from modelling.challenge import challenge
from modelling.freshness import is_expired
from modelling.grading import advice, grade, rejection
from modelling.keras_network import write_network
from modelling.model_metadata import Challenge, ModelMetadata, TrainingResults
from modelling.registry import Registry
from modelling.training import EpochDone, TrainedModel, train
from storage.paths import StoragePath
from storage.store_requests import Guard, guarded
from storage.tables import read_signed

TRIAL_WINDOWS = 4
"""The trial training of `doctor` has this many windows' lengths of rows."""

UNUSED_BY_TRAINING = ("matplotlib", "sklearn")
"""Keras imports these if they are there, which takes a process more than a second."""

LIBRARIES = ("keras", "numpy", "pandas", "pandas-ta", "tensorflow")


@dataclass(frozen=True)
class TrainingJob:
    """One symbol to train: the path of its features, and how to train.

    `guard` is the run's right to write into a home in S3.
    """

    symbol: str
    indicators: StoragePath
    price_source: str
    models: StoragePath
    parameters: TrainingParameters
    settings: ModelSettings
    trained_at: datetime
    guard: Guard | None = None


def train_symbol(
    job: TrainingJob, on_epoch: Callable[[EpochDone], None] = lambda _: None
) -> ModelMetadata:
    """Train, grade and register one model; return its metadata.

    Raises
    ------
    SymbolError
        If the symbol can't be trained (`TooShort`, `BadPrices`, `TrainingFailed`).
    StorageError
        If the model can't be written.
    LostHome
        If another run has taken over the home.
    """
    indicators, rows = training_data(job)
    load_backend_quietly()
    start = time.perf_counter()
    model = train(rows, job.parameters, on_epoch)
    seconds = time.perf_counter() - start
    sessions = indicators.index[-len(rows) :]
    metadata = _describe(job, model, rows, sessions, seconds)
    registry = Registry(job.models, job.settings)
    comparison = _compare_with_live(registry, metadata, indicators)
    metadata = metadata.model_copy(update={"challenge": comparison})
    write = partial(write_network, model.network, job.parameters)
    with guarded(job.guard):
        return registry.save(metadata, write)


def training_data(job: TrainingJob) -> tuple[pd.DataFrame, Floats]:
    """Return the symbol's stored indicators and their feature rows.

    Sessions at the end in which the stock did not trade are left out.

    Raises
    ------
    SymbolError
        If there are too few sessions, or the last one lacks a feature.
    """
    indicators = _traded_part(job.symbol, _stored_indicators(job))
    _require_sessions(indicators, job.settings.min_sessions)
    return indicators, feature_rows(indicators)


def _stored_indicators(job: TrainingJob) -> pd.DataFrame:
    """Return the table; checked, because it may have been written minutes ago."""
    return read_signed(job.indicators, symbol=job.symbol, stage="indicators")


def _compare_with_live(
    registry: Registry, new: ModelMetadata, indicators: pd.DataFrame
) -> Challenge | None:
    """Return the comparison of the new model with the live one, None without one.

    A rejected or expired live model is not compared, and neither is one that was
    trained on later sessions: then the new one only serves a replay.
    """
    live, as_of = registry.live(new.symbol), new.last_session
    if not new.usable or live is None or not live.usable or live.last_session > as_of:
        return None
    if is_expired(live, as_of, new.training_date, registry.settings):
        return None
    residuals = np.asarray(new.calibration_residuals)
    try:
        network = registry.load(live)
        return challenge(live, network, indicators, residuals, registry.settings)
    except SymbolError:
        return None  # A live model that does not load is replaced.


def try_backend(
    parameters: TrainingParameters,
    _on_epoch: Callable[[EpochDone], None] = lambda _: None,
) -> str:
    """Return which TensorFlow trains, and whether with XLA, after one training.

    Raises
    ------
    Exception
        Any error of the installation.
    """
    load_backend_quietly()
    from modelling.fit import has_xla  # noqa: PLC0415

    sessions = parameters.sequence_length * TRIAL_WINDOWS
    generator = np.random.default_rng(parameters.seed)
    train(generator.uniform(size=(sessions, len(FEATURES))), parameters)
    compiled = "with XLA" if has_xla() else "without XLA, which is slower"
    return f"TensorFlow {version('tensorflow')} trains {compiled}"


def data_fingerprint(symbol: str, indicators: pd.DataFrame) -> str:
    """Return the fingerprint in the metadata of a model trained on these indicators."""
    return _fingerprint(feature_rows(_traded_part(symbol, indicators)))


def _traded_part(symbol: str, indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without the sessions at the end in which the stock was still."""
    end = None if is_index(symbol) else idle_end(indicators)
    return indicators.iloc[: -end.sessions] if end else indicators


def _fingerprint(rows: Floats) -> str:
    return hashlib.sha256(rows.tobytes()).hexdigest()


def _require_sessions(indicators: pd.DataFrame, minimum: int) -> None:
    if len(indicators) < minimum:
        raise TooShort(
            f"training needs {minimum} sessions, got {len(indicators)}",
            "use a longer `period`, or wait until the symbol has traded for longer",
        )


def _describe(
    job: TrainingJob,
    model: TrainedModel,
    rows: Floats,
    sessions: pd.Index,
    seconds: float,
) -> ModelMetadata:
    """Return the metadata of a model, without its file's fingerprint."""
    facts = {
        "symbol": job.symbol,
        "training_date": job.trained_at,
        "price_source": job.price_source,
        "parameters": job.parameters,
        "sequence_length": job.parameters.sequence_length,
        "epochs": job.parameters.epochs,
        "below_advised_range": job.parameters.below_advised_range,
        "library_versions": library_versions(),
    }
    return ModelMetadata.model_validate(
        facts
        | _data_facts(rows, sessions)
        | _fit_facts(model, seconds)
        | _verdict(model, job)
    )


@cache
def library_versions() -> Mapping[str, str]:
    """Return the versions of the installed libraries, read once: it takes 8 ms."""
    found: dict[str, str] = {}
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _data_facts(rows: Floats, sessions: pd.Index) -> dict[str, Any]:
    return {
        "data_points": len(rows),
        "features": tuple(FEATURES),
        "first_session": sessions[0].date(),
        "last_session": sessions[-1].date(),
        "price_basis": float(rows[-1, CLOSE_COLUMN]),
        "data_fingerprint": _fingerprint(rows),
    }


def _fit_facts(model: TrainedModel, seconds: float) -> dict[str, Any]:
    return {
        "results": TrainingResults(
            final_loss=model.loss,
            final_val_loss=model.validation_loss,
            training_time=seconds,
        ),
        "loss_ratio": _finite(model.loss_ratio),
        "loss_ratio_vs_persistence": _finite(model.compared_ratio),
        "epochs_run": model.epochs.run,
        "best_epoch": model.epochs.best,
        "shrinkage_factor": model.shrinkage_factor,
        "training_windows": model.training_windows,
        "validation_windows": model.validation_windows,
        "scaler_minimum": model.scaler.minimum,
        "scaler_maximum": model.scaler.maximum,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _verdict(model: TrainedModel, job: TrainingJob) -> dict[str, Any]:
    record = model.calibration
    model_grade = grade(
        model.loss,
        model.validation_loss,
        model.compared_ratio,
        record.skill,
        job.settings,
    )
    return {
        "calibration_residuals": record.residuals,
        "skill": record.skill,
        "directional_accuracy": record.directional_accuracy,
        "majority_rate": record.majority_rate,
        "grade": model_grade,
        "rejected": rejection(
            model_grade,
            model.loss_ratio,
            model.compared_ratio,
            record.skill,
            job.settings,
        ),
        "advice": advice(model_grade, job.parameters, model.epochs),
    }


@lru_cache(maxsize=1)
def load_backend_quietly() -> None:
    """Import TensorFlow and Keras once, without printing their lines.

    They are about GPUs, and about the first compilation of a process.
    """
    absent = _without(*UNUSED_BY_TRAINING)
    with _hidden_stderr(), _own_keras_settings(), absent, quick_imports():
        import keras  # noqa: F401, PLC0415

        from modelling.fit import has_xla  # noqa: PLC0415

        has_xla()


@contextlib.contextmanager
def _without(*libraries: str) -> Iterator[None]:
    """Let imports of libraries that are not loaded fail, as if they were not there."""
    absent = [name for name in libraries if name not in sys.modules]
    sys.modules |= dict.fromkeys(absent)  # type: ignore[arg-type]  # None: not there
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


@contextlib.contextmanager
def _own_keras_settings() -> Iterator[None]:
    """Hide the user's `keras.json` and `KERAS_` variables from an import of Keras.

    They could change the float type, epsilon or the engine of every model. Keras writes
    a `keras.json` of its own values into an empty folder.
    """
    users = {name: os.environ.pop(name) for name in [*os.environ] if _is_keras(name)}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"KERAS_HOME": folder, "KERAS_BACKEND": "tensorflow"}
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]
            os.environ |= users


def _is_keras(name: str) -> bool:
    return name.startswith("KERAS_")


@contextlib.contextmanager
def _hidden_stderr() -> Iterator[None]:
    # TensorFlow's C++ writes to the file descriptor, not to Python's sys.stderr.
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
