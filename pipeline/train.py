"""Stage: train a symbol's model if it is due, and log it.

Failed trainings are logged when the run ends, whichever stage failed.
"""

import pandas as pd

from modelling.freshness import night_model
from modelling.jobs import TrainingJob, data_fingerprint, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.training_log import append_entry, is_logged, training_entry
from pipeline.checkpoints import Checkpoints
from pipeline.indicators import indicator_table, on_whole_indicators
from pipeline.plan import RunPlan
from pipeline.progress import Progress
from screening.findings import IndicatorFindings
from workers.process_pool import WorkerPool


def train(  # noqa: PLR0913, PLR0917  all that a training touches
    plan: RunPlan,
    symbol: str,
    indicators: IndicatorFindings,
    pool: WorkerPool,
    checkpoints: Checkpoints,
    progress: Progress,
) -> ModelMetadata | None:
    """Return the new model's metadata, None if the present model stays."""
    table = indicator_table(plan, symbol, indicators)
    earlier = _trained_before(plan, symbol, table, checkpoints)
    if earlier:
        _log(plan, earlier)
        checkpoints.note_resumed("train", symbol)
        return earlier
    if not _is_due(plan, symbol, table):
        return None
    job = _job(plan, symbol, indicators)
    try:
        metadata = on_whole_indicators(
            plan,
            symbol,
            indicators,
            lambda: pool.run(
                train_symbol, job, lambda done: progress.on_epoch(symbol, done)
            ),
        )
    finally:
        progress.trained(symbol)
    _log(plan, metadata)
    return metadata


def _job(plan: RunPlan, symbol: str, indicators: IndicatorFindings) -> TrainingJob:
    return TrainingJob(
        symbol=symbol,
        indicators=indicators.path,
        price_source=plan.source,
        models=plan.home.models,
        parameters=plan.parameters,
        settings=plan.settings.models,
        trained_at=plan.run_at,
    )


def _trained_before(
    plan: RunPlan, symbol: str, table: pd.DataFrame, checkpoints: Checkpoints
) -> ModelMetadata | None:
    """Return what an earlier run of this night has trained.

    The stored model is its own checkpoint: the process that trains writes both at once.
    """
    if checkpoints.begun_at == plan.run_at:
        return None
    for metadata in plan.registry().trained_since(symbol, checkpoints.begun_at):
        same = metadata.parameters == plan.parameters
        if same and metadata.data_fingerprint == data_fingerprint(table):
            return metadata
    return None


def _log(plan: RunPlan, metadata: ModelMetadata) -> None:
    """Append the model's line to the log of its day, unless a killed run has."""
    folder, at = plan.home.training_log, metadata.training_date
    if at == plan.run_at or not is_logged(folder, at, metadata.symbol):
        append_entry(folder, at, training_entry(metadata, at))


def _is_due(plan: RunPlan, symbol: str, table: pd.DataFrame) -> bool:
    if plan.train == "stale":
        _, state = night_model(plan.registry(), symbol, table, plan.run_at)
        return state.due
    return plan.train == "always"
