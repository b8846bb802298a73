"""Task: what a symbol's live model says of the next session."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from config.errors import SymbolError
from config.places import read_whole
from modelling.forecasting import Forecast
from modelling.freshness import ModelState, night_model
from modelling.jobs import ForecastJob, forecast_symbol
from screening.findings import IndicatorFindings, ModelFindings
from tasks.carried import run_at
from tasks.indicators import indicator_table, on_whole_indicators
from tasks.night import Night
from tasks.receipts import Receipts, taken_over
from tasks.slots import Slots


@dataclass(frozen=True)
class Told:
    """A forecast, and the fingerprints of the model and the indicators it rests on."""

    model: str
    indicators: str
    forecast: Forecast


@task(task_run_name="forecast {symbol} {night.as_of}", cache_policy=NO_CACHE)
def forecast(  # noqa: PLR0913, PLR0917  what it needs, and what it waits for
    night: Night,
    symbol: str,
    indicators: IndicatorFindings,
    slots: Slots,
    receipts: Receipts,
    trained: object,  # noqa: ARG001  Prefect waits for it
) -> ModelFindings | State[ModelFindings]:
    """Return the model's state and, where it may speak, its forecast.

    `trained` is waited for and not read: the registry knows what training left there.
    """
    table = indicator_table(night, symbol, indicators)
    metadata, state = night_model(night.registry(), symbol, table, night.run_at)
    findings = ModelFindings(state, metadata, None)
    if metadata is None or not state.may_speak:
        return findings
    inputs = metadata.model_fingerprint, _fingerprint(indicators)
    earlier = receipts.finished("forecast", symbol, Told)
    if earlier and (earlier.model, earlier.indicators) == inputs:
        return taken_over(replace(findings, forecast=earlier.forecast))
    job = ForecastJob(symbol, indicators.path, night.home.models, night.settings.models)
    told = forecast_of(
        findings,
        lambda: on_whole_indicators(
            night,
            symbol,
            indicators,
            lambda: run_at(night.home, slots, forecast_symbol, job),
        ),
    )
    if told.forecast:
        receipts.keep("forecast", symbol, Told(*inputs, told.forecast))
    return told


def forecast_of(findings: ModelFindings, ask: Callable[[], Forecast]) -> ModelFindings:
    """Return the findings with the model's answer, or with why it has none."""
    try:
        return replace(findings, forecast=ask())
    except SymbolError as error:
        silent = ModelState("missing", findings.state.age_days, str(error))
        return ModelFindings(silent, findings.metadata, None)


def _fingerprint(indicators: IndicatorFindings) -> str:
    return hashlib.sha256(read_whole(indicators.path)).hexdigest()
