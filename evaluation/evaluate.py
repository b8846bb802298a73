"""Runs past nights again, computes their metrics and writes the report.

This is `overnight evaluate`.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from pydantic import BaseModel, Field

from config.parameters import TrainingParameters
from evaluation.forecast_record import COLUMNS, record_frame
from evaluation.metrics import Metrics, compute_metrics
from evaluation.plots import draw_plots
from evaluation.scorecard.plots import draw_scorecard
from evaluation.scorecard.run import scorecard_of
from evaluation.scorecard.scorecard import GuardScorecard
from evaluation.walk_forward import WalkForwardResult, walk_forward
from modelling.model_metadata import ModelMetadata
from pipeline.plan import RunPlan
from screening.table import write_csv
from storage.home import write_atomic
from storage.paths import StoragePath, read_bytes
from workers.process_pool import WorkerPool

FORECASTS, MODELS, FIGURES = "forecasts.csv", "models.csv", "figures.json"

MODEL_COLUMNS = (
    *("symbol", "last_session", "training_date", "grade", "skill"),
    *("directional_accuracy", "majority_rate", "epochs_run", "shrinkage_factor"),
    *("loss_ratio", "loss_ratio_vs_persistence", "rejected", "advice"),
    *("challenge_lost", "challenge_p_value"),
)


class TrainedModels(BaseModel, frozen=True):
    """Counts and skill of the models of all refits.

    Skill is RMSE / RMSE of persistence: below 1 is better than "no change".
    """

    trained: int
    usable: int
    kept_live: int = Field(
        description="Usable models that did not replace an earlier, better model"
    )
    median_skill: float | None
    median_skill_of_usable: float | None


class Evaluation(BaseModel, frozen=True):
    """The report: the request, the metrics, what failed, and the files written.

    `guard` is None if no stock has prices for it.
    """

    first: date
    last: date
    symbols: tuple[str, ...]
    source: str
    refit_sessions: int
    parameters: TrainingParameters
    models: TrainedModels
    figures: Metrics
    guard: GuardScorecard | None
    failures: dict[str, str]
    notices: tuple[str, ...]
    files: tuple[str, ...]


def run_evaluation(  # noqa: PLR0913, PLR0917  what the command asks for, and a pool
    plan: RunPlan,
    first: date,
    refit_sessions: int | None,
    cost_bps: float | None,
    on_block: Callable[[int, int], None],
    pool: WorkerPool | None = None,
) -> Evaluation:
    """Run the nights from `first` to the plan's session, and write the report.

    `cost_bps` is in 1/100 of 1 %; it and `refit_sessions` default to the settings.
    `on_block` is called with refits done and refits planned. `pool` is passed on to
    `walk_forward`.

    Raises
    ------
    OvernightError
        If no session lies between the two dates, or the report can't be written.
    """
    settings = plan.settings.evaluation
    refit = refit_sessions or settings.refit_sessions
    cost = settings.cost_bps if cost_bps is None else cost_bps
    result = walk_forward(plan, first, refit, on_block, pool)
    folder = plan.home.evaluations / f"{first}_{plan.as_of}"
    record = _write_csv_files(folder, result)
    metrics = compute_metrics(record, settings, cost)
    guard = scorecard_of(plan, first, record)
    plots = draw_plots(record, metrics, cost) | draw_scorecard(guard)
    report = Evaluation(
        first=first,
        last=plan.as_of,
        symbols=plan.symbols,
        source=plan.source,
        refit_sessions=refit,
        parameters=plan.parameters,
        models=_summarize_models(result.models),
        figures=metrics,
        guard=guard,
        failures=dict(result.failures),
        notices=result.notices,
        files=tuple(str(folder / n) for n in (FORECASTS, MODELS, FIGURES, *plots)),
    )
    _write_files(folder, {FIGURES: report.model_dump_json(indent=2), **plots})
    return report


def _write_files(folder: StoragePath, contents: Mapping[str, str | bytes]) -> None:
    for name, content in contents.items():
        write_atomic(folder / name, content)


def _write_csv_files(folder: StoragePath, result: WalkForwardResult) -> pd.DataFrame:
    """Write forecasts and models; return the forecasts as read from the file.

    So the metrics are exactly those of the file.
    """
    write_csv(folder / FORECASTS, result.rows, COLUMNS)
    write_csv(folder / MODELS, map(_model_row, result.models), MODEL_COLUMNS)
    return record_frame(read_bytes(folder / FORECASTS).decode())


def _summarize_models(models: Sequence[ModelMetadata]) -> TrainedModels:
    usable = [model for model in models if model.usable]
    return TrainedModels(
        trained=len(models),
        usable=len(usable),
        kept_live=sum(not model.takes_over for model in usable),
        median_skill=_median_skill(models),
        median_skill_of_usable=_median_skill(usable),
    )


def _median_skill(models: Sequence[ModelMetadata]) -> float | None:
    skills = [model.skill for model in models if model.skill is not None]
    return statistics.median(skills) if skills else None


def _model_row(model: ModelMetadata) -> dict[str, Any]:
    challenge = model.challenge
    return model.model_dump() | {
        "challenge_lost": challenge.lost if challenge else None,
        "challenge_p_value": challenge.p_value if challenge else None,
    }
