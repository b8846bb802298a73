"""Stage: forecast the next session with a symbol's model."""

from config.errors import SymbolError
from modelling.forecasting import forecast as forecast_next
from modelling.freshness import ModelState, night_model
from pipeline.indicators import indicator_table
from pipeline.plan import RunPlan
from screening.findings import IndicatorFindings, ModelFindings


def forecast(
    plan: RunPlan, symbol: str, indicators: IndicatorFindings
) -> ModelFindings:
    """Return the model's state and, if it is usable, its forecast."""
    table, registry = indicator_table(plan, symbol, indicators), plan.registry()
    metadata, state = night_model(registry, symbol, table, plan.run_at)
    if metadata is None or not state.usable:
        return ModelFindings(state, metadata, None)
    try:
        found = forecast_next(registry.load(metadata), metadata, table)
    except SymbolError as error:
        missing = ModelState("missing", state.age_days, str(error))
        return ModelFindings(missing, metadata, None)
    return ModelFindings(state, metadata, found)
