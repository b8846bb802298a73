"""Stage: train a symbol's model if it is due, and log it.

Failed trainings are logged when the run ends, whichever stage failed.
"""

import pandas as pd

from modelling.freshness import night_model
from modelling.jobs import TrainingJob, data_fingerprint, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.training_log import append_entry, is_logged, trained_entry
from pipeline.checkpoints import Checkpoints
from pipeline.indicators import indicator_table, on_whole_indicators
from pipeline.plan import Night
from pipeline.progress import Progress
from screening.findings import IndicatorFindings
from workers.process_pool import Slots


def train(  # noqa: PLR0913, PLR0917  all that a training touches
    night: Night,
    symbol: str,
    indicators: IndicatorFindings,
    slots: Slots,
    checkpoints: Checkpoints,
    progress: Progress,
) -> ModelMetadata | None:
    """Return the new model's metadata, None if the present model stays."""
    table = indicator_table(night, symbol, indicators)
    earlier = _trained_before(night, symbol, table, checkpoints)
    if earlier:
        _log(night, earlier)
        checkpoints.note_resumed("train", symbol)
        return earlier
    if not _is_due(night, symbol, table):
        return None
    job = _job(night, symbol, indicators)
    try:
        metadata = on_whole_indicators(
            night,
            symbol,
            indicators,
            lambda: slots.run(
                train_symbol, job, lambda done: progress.on_epoch(symbol, done)
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
    night: Night, symbol: str, table: pd.DataFrame, checkpoints: Checkpoints
) -> ModelMetadata | None:
    """Return what an earlier run of this night has trained.

    The stored model is its own checkpoint: the process that trains writes both at once.
    """
    if checkpoints.begun_at == night.run_at:
        return None
    for metadata in night.registry().trained_since(symbol, checkpoints.begun_at):
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
