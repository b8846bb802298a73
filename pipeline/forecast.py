"""Stage: forecast the next session with a symbol's model."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from config.errors import SymbolError
from modelling.forecasting import Forecast
from modelling.freshness import ModelState, night_model
from modelling.jobs import ForecastJob, forecast_symbol
from modelling.model_metadata import ModelMetadata
from pipeline.checkpoints import Checkpoints
from pipeline.indicators import indicator_table, retry_if_damaged
from pipeline.plan import RunPlan
from screening.findings import IndicatorFindings, ModelFindings
from storage.paths import read_bytes
from workers.process_pool import WorkerPool


@dataclass(frozen=True)
class StoredForecast:
    """A forecast, with the fingerprints of its model and of its indicators."""

    model: str
    indicators: str
    forecast: Forecast


Forecaster = Callable[[ModelMetadata, IndicatorFindings], Forecast]
"""Computes a model's forecast from the symbol's indicators."""


def forecast(
    plan: RunPlan, forecaster: Forecaster, symbol: str, indicators: IndicatorFindings
) -> ModelFindings:
    """Return the model's state and, if it is usable, its forecast."""
    table = indicator_table(plan, symbol, indicators)
    metadata, state = night_model(plan.registry(), symbol, table, plan.run_at)
    if metadata is None or not state.usable:
        return ModelFindings(state, metadata, None)
    try:
        return ModelFindings(state, metadata, forecaster(metadata, indicators))
    except SymbolError as error:
        missing = ModelState("missing", state.age_days, str(error))
        return ModelFindings(missing, metadata, None)


def pool_forecaster(
    plan: RunPlan, pool: WorkerPool, checkpoints: Checkpoints
) -> Forecaster:
    """Return a forecaster that uses the worker processes, once per night and model."""

    def forecast_once(
        metadata: ModelMetadata, indicators: IndicatorFindings
    ) -> Forecast:
        symbol = metadata.symbol
        inputs = metadata.model_fingerprint, _fingerprint(indicators)
        earlier = checkpoints.read("forecast", symbol, StoredForecast)
        if earlier and (earlier.model, earlier.indicators) == inputs:
            checkpoints.note_resumed("forecast", symbol)
            return earlier.forecast
        models, settings = plan.home.models, plan.settings.models
        job = ForecastJob(symbol, indicators.path, models, settings)
        found = retry_if_damaged(
            plan, symbol, indicators, lambda: pool.run(forecast_symbol, job)
        )
        checkpoints.write("forecast", symbol, StoredForecast(*inputs, found))
        return found

    return forecast_once


def _fingerprint(indicators: IndicatorFindings) -> str:
    return hashlib.sha256(read_bytes(indicators.path)).hexdigest()
