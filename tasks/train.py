"""Task: train a symbol's model where the policy asks for it, and log it.

What can't be trained is logged when the run ends, whichever stage it failed in.
"""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from modelling.freshness import night_model
from modelling.jobs import TrainingJob, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.training_log import append_entry, trained_entry
from screening.findings import IndicatorFindings
from tasks.night import Night
from tasks.progress import Progress
from tasks.slots import ProcessSlots


@task(task_run_name="train {symbol}", cache_policy=NO_CACHE)
def train(
    night: Night,
    symbol: str,
    indicators: IndicatorFindings,
    slots: ProcessSlots,
    progress: Progress,
) -> ModelMetadata | None:
    """Return the new model's metadata, None where the present one is to stay."""
    if not _is_due(night, symbol, indicators):
        return None
    job = TrainingJob(
        symbol=symbol,
        indicators=indicators.path,
        price_source=night.source,
        models=night.home.models,
        parameters=night.parameters,
        settings=night.settings.models,
        trained_at=night.run_at,
    )
    metadata = slots.run(
        train_symbol, job, lambda done: progress.on_epoch(symbol, done)
    )
    entry = trained_entry(metadata, night.run_at)
    append_entry(night.home.training_log, night.run_at, entry)
    return metadata


def _is_due(night: Night, symbol: str, indicators: IndicatorFindings) -> bool:
    if night.train == "stale":
        table = pd.read_parquet(indicators.path)
        _, state = night_model(night.registry(), symbol, table, night.run_at)
        return state.due
    return night.train == "always"
