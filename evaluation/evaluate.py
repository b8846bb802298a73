"""Past nights run again and judged: `overnight evaluate`."""

import statistics
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from config.parameters import TrainingParameters
from evaluation.forecast_record import COLUMNS, record_frame, write_records
from evaluation.metrics import Metrics, compute_metrics
from evaluation.plots import pictures
from evaluation.walk_forward import WalkForwardResult, walk_forward
from modelling.model_metadata import ModelMetadata
from pipeline.plan import RunPlan
from storage.home import write_file_atomic
from storage.paths import StoragePath, read_bytes

FORECASTS, MODELS, FIGURES = "forecasts.csv", "models.csv", "figures.json"

MODEL_COLUMNS = (
    "symbol last_session training_date grade skill directional_accuracy majority_rate "
    "epochs_run shrinkage_factor loss_ratio rejected advice challenge_lost "
    "challenge_p_value"
)


class TrainedModels(BaseModel):
    """The models of all refits; skill is RMSE over that of persistence."""

    model_config = ConfigDict(frozen=True)

    trained: int
    usable: int
    kept_live: int = Field(description="Usable, but worse than the one before")
    median_skill: float | None
    median_skill_of_usable: float | None


class Evaluation(BaseModel):
    """What was asked, what came of it, and where it lies."""

    model_config = ConfigDict(frozen=True)

    first: date
    last: date
    symbols: tuple[str, ...]
    source: str
    refit_sessions: int
    parameters: TrainingParameters
    models: TrainedModels
    figures: Metrics
    failures: dict[str, str]
    notices: tuple[str, ...]
    files: tuple[str, ...]


def evaluation(
    plan: RunPlan,
    first: date,
    refit_sessions: int | None,
    cost_bps: float | None,
    on_block: Callable[[int, int], None],
) -> Evaluation:
    """Run the nights from `first` to `plan`, judge them, and write the report.

    None stands for what the settings say.

    Raises
    ------
    OvernightError
        If no session lies between the two, or the report can't be written.
    """
    settings = plan.settings.evaluation
    refit = refit_sessions or settings.refit_sessions
    cost = settings.cost_bps if cost_bps is None else cost_bps
    walked = walk_forward(plan, first, refit, on_block)
    folder = report_folder(plan, first)
    record = _written(folder, walked)
    found = compute_metrics(record, settings, cost)
    drawn = pictures(record, found, cost)
    names = (FORECASTS, MODELS, FIGURES, *drawn)
    report = Evaluation(
        first=first,
        last=plan.as_of,
        symbols=plan.symbols,
        source=plan.source,
        refit_sessions=refit,
        parameters=plan.parameters,
        models=_counted(walked.models),
        figures=found,
        failures=dict(walked.failures),
        notices=walked.notices,
        files=tuple(str(folder / name) for name in names),
    )
    for name, content in {FIGURES: _json(report), **drawn}.items():
        write_file_atomic(folder / name, partial(_fill, content))
    return report


def report_folder(plan: RunPlan, first: date) -> StoragePath:
    """Return where the report of these nights lies; a later one takes its place."""
    reports = plan.home.root / "reports" / "evaluation"
    return reports / f"{first.isoformat()}_{plan.as_of.isoformat()}"


def _written(folder: StoragePath, walked: WalkForwardResult) -> pd.DataFrame:
    """Write the rows; return them as they can be read, so that figures fit the file."""
    write_records(folder / FORECASTS, walked.rows, COLUMNS)
    write_records(
        folder / MODELS, map(_model_row, walked.models), MODEL_COLUMNS.split()
    )
    return record_frame(read_bytes(folder / FORECASTS).decode())


def _json(report: Evaluation) -> bytes:
    return report.model_dump_json(indent=2).encode()


def _fill(content: bytes, new: Path) -> None:
    new.write_bytes(content)


def _counted(models: Sequence[ModelMetadata]) -> TrainedModels:
    skills = [one.skill for one in models if one.skill is not None]
    usable = [one for one in models if one.usable]
    able = [one.skill for one in usable if one.skill is not None]
    return TrainedModels(
        trained=len(models),
        usable=len(usable),
        kept_live=sum(not one.takes_over for one in usable),
        median_skill=statistics.median(skills) if skills else None,
        median_skill_of_usable=statistics.median(able) if able else None,
    )


def _model_row(model: ModelMetadata) -> dict[str, Any]:
    contest = model.challenge
    return model.model_dump() | {
        "challenge_lost": contest.lost if contest else None,
        "challenge_p_value": contest.p_value if contest else None,
    }
