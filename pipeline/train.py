"""Stage: train a symbol's model if it is due, and log the training.

Failed trainings are logged at the end of the run (`tasks/publish.py`).
"""

from functools import partial

import pandas as pd

from modelling.freshness import is_due
from modelling.jobs import TrainingJob, data_fingerprint, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.training_log import append_entry, is_logged, training_entry
from pipeline.checkpoints import Checkpoints
from pipeline.indicators import indicator_table, retry_if_damaged
from pipeline.plan import RunPlan
from pipeline.progress import Progress
from screening.findings import IndicatorFindings
from storage.store_requests import guard_of
from workers.process_pool import WorkerPool


def train(  # noqa: PLR0913, PLR0917  all that a training uses
    plan: RunPlan,
    symbol: str,
    indicators: IndicatorFindings,
    pool: WorkerPool,
    checkpoints: Checkpoints,
    progress: Progress,
) -> ModelMetadata | None:
    """Return the new model's metadata, or None if the present model stays."""
    table = indicator_table(plan, symbol, indicators)
    earlier = _trained_before(plan, symbol, table, checkpoints)
    if earlier:
        _log(plan, earlier)
        checkpoints.note_resumed("train", symbol)
        return earlier
    if not _is_due(plan, symbol, table, idle=bool(indicators.activity.idle)):
        return None
    job = training_job(plan, symbol, indicators)
    on_epoch = partial(progress.on_epoch, symbol)
    try:
        metadata = retry_if_damaged(
            plan, symbol, indicators, lambda: pool.run(train_symbol, job, on_epoch)
        )
    finally:
        progress.end_training(symbol)
    _log(plan, metadata)
    return metadata


def training_job(
    plan: RunPlan, symbol: str, indicators: IndicatorFindings
) -> TrainingJob:
    """Return the job that trains the symbol's model as the plan says."""
    return TrainingJob(
        symbol=symbol,
        indicators=indicators.path,
        price_source=plan.source,
        models=plan.home.models,
        parameters=plan.parameters,
        settings=plan.settings.models,
        trained_at=plan.run_at,
        guard=guard_of(plan.home.models),
    )


def _trained_before(
    plan: RunPlan, symbol: str, table: pd.DataFrame, checkpoints: Checkpoints
) -> ModelMetadata | None:
    """Return the model that an earlier, unfinished run of this night has trained.

    No checkpoint is needed: the stored model holds all that identifies the training.
    """
    if checkpoints.begun_at == plan.run_at:
        return None
    for metadata in plan.registry().trained_since(symbol, checkpoints.begun_at):
        is_same = metadata.parameters == plan.parameters
        if is_same and metadata.data_fingerprint == data_fingerprint(symbol, table):
            return metadata
    return None


def _log(plan: RunPlan, metadata: ModelMetadata) -> None:
    """Append the model to the log of its day, unless a killed run has logged it."""
    folder, at = plan.home.training_log, metadata.training_date
    if at == plan.run_at or not is_logged(folder, at, metadata.symbol):
        append_entry(folder, at, training_entry(metadata, at))


def _is_due(plan: RunPlan, symbol: str, table: pd.DataFrame, *, idle: bool) -> bool:
    """Return whether the run trains the symbol.

    A stock that does not trade now keeps its model: nothing new can be learned.
    """
    if plan.train == "stale":
        if idle:
            return False
        return is_due(plan.registry(), symbol, table, plan.run_at)
    return plan.train == "always"
