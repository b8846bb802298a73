"""Task: what a symbol's live model says of the next session."""

from dataclasses import replace

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import SymbolError
from modelling.freshness import ModelState, night_model
from modelling.jobs import ForecastJob, forecast_symbol
from screening.findings import IndicatorFindings, ModelFindings
from tasks.night import Night
from tasks.slots import ProcessSlots


@task(task_run_name="forecast {symbol}", cache_policy=NO_CACHE)
def forecast(
    night: Night,
    symbol: str,
    indicators: IndicatorFindings,
    slots: ProcessSlots,
    trained: object,  # noqa: ARG001  Prefect waits for it
) -> ModelFindings:
    """Return the model's state and, where it may speak, its forecast.

    `trained` is waited for and not read: the registry knows what training left there.
    """
    table = pd.read_parquet(indicators.path)
    metadata, state = night_model(night.registry(), symbol, table, night.run_at)
    findings = ModelFindings(state, metadata, None)
    if not state.may_speak:
        return findings
    job = ForecastJob(symbol, indicators.path, night.home.models, night.settings.models)
    try:
        return replace(findings, forecast=slots.run(forecast_symbol, job))
    except SymbolError as error:
        state = ModelState("missing", state.age_days, str(error))
        return ModelFindings(state, metadata, None)
