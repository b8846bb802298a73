"""Task: train a symbol's model where the policy asks for it, and log it.

What can't be trained is logged when the run ends, whichever stage it failed in.
"""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from modelling.freshness import night_model
from modelling.jobs import TrainingJob, data_fingerprint, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.training_log import append_entry, is_logged, trained_entry
from screening.findings import IndicatorFindings
from tasks.carried import run_at
from tasks.indicators import indicator_table, on_whole_indicators
from tasks.night import Night
from tasks.progress import Progress
from tasks.receipts import Receipts, taken_over
from tasks.slots import Slots


@task(task_run_name="train {symbol} {night.as_of}", cache_policy=NO_CACHE)
def train(  # noqa: PLR0913, PLR0917  all that a training touches
    night: Night,
    symbol: str,
    indicators: IndicatorFindings,
    slots: Slots,
    receipts: Receipts,
    progress: Progress,
) -> ModelMetadata | State[ModelMetadata] | None:
    """Return the new model's metadata, None where the present one is to stay."""
    table = indicator_table(night, symbol, indicators)
    earlier = _trained_before(night, symbol, table, receipts)
    if earlier:
        _log(night, earlier)
        return taken_over(earlier)
    if not _is_due(night, symbol, table):
        return None
    job = _job(night, symbol, indicators)
    try:
        metadata = on_whole_indicators(
            night,
            symbol,
            indicators,
            lambda: run_at(
                night.home,
                slots,
                train_symbol,
                job,
                lambda done: progress.on_epoch(symbol, done),
            ),
        )
    finally:
        progress.trained(symbol)
    _log(night, metadata)
    return metadata


def _job(night: Night, symbol: str, indicators: IndicatorFindings) -> TrainingJob:
    return TrainingJob(
        symbol=symbol,
        indicators=indicators.path,
        price_source=night.source,
        models=night.home.models,
        parameters=night.parameters,
        settings=night.settings.models,
        trained_at=night.run_at,
    )


def _trained_before(
    night: Night, symbol: str, table: pd.DataFrame, receipts: Receipts
) -> ModelMetadata | None:
    """Return what an earlier run of this night has trained: the model is the receipt.

    Written by the process that trains, in the moment in which the model is there, it
    can't be lost between the two.
    """
    if receipts.begun_at == night.run_at:
        return None
    for metadata in night.registry().trained_since(symbol, receipts.begun_at):
        same = metadata.parameters == night.parameters
        if same and metadata.data_fingerprint == data_fingerprint(table):
            return metadata
    return None


def _log(night: Night, metadata: ModelMetadata) -> None:
    """Append the model's line to the log of its day, unless a killed run has."""
    folder, at = night.home.training_log, metadata.training_date
    if at == night.run_at or not is_logged(folder, at, metadata.symbol):
        append_entry(folder, at, trained_entry(metadata, at))


def _is_due(night: Night, symbol: str, table: pd.DataFrame) -> bool:
    if night.train == "stale":
        _, state = night_model(night.registry(), symbol, table, night.run_at)
        return state.due
    return night.train == "always"
