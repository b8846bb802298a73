"""The flow of a night: prices and news in, the screening CSV and its report out."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from config.parameters import PresetName, TrainingOverrides
from flows.run_name import run_name
from market_data.selection import Selection, Universe
from market_data.sources import SourceName
from pipeline.plan import AsOf, RunPlan, TrainPolicy, plan_run
from pipeline.run import screening_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all
from screening.summary import RunSummary
from tasks.publish import final_state, publish, skip_reason
from tasks.report import report
from tasks.stages import as_symbol_tasks, as_tasks, open_flow_run
from tasks.turn import exclusive_home


@flow(name="overnight-screening", flow_run_name=run_name)
def overnight_screening(
    selection: Selection = Universe(universe="asx_priority"),
    source: SourceName = "yahoo",
    folder: Path | None = None,
    as_of: AsOf | None = None,
    train: TrainPolicy = "stale",
    preset: PresetName = "standard",
    parameters: TrainingOverrides = TrainingOverrides(),
    home: str | None = None,
    force: bool = False,  # noqa: FBT001, FBT002  a tick box of the form
    only: bool = False,  # noqa: FBT001, FBT002  another
) -> State[RunSummary]:
    """Screen stocks overnight: download, indicators, training, forecast, blend, CSV.

    Args:
        selection: Which symbols: a stock list by name, symbols, a file, or a list of
            your own.
        source: Where prices come from.
        folder: The folder source's folder; it holds `prices/`.
        as_of: Use nothing dated later; empty: today.
        train: Which models to train: missing and stale ones, all, or none.
        preset: How models are trained, unless a parameter says otherwise.
        parameters: What differs from the preset.
        home: A folder, or s3://bucket/folder, of data, models and reports; empty:
            OVERNIGHT_HOME.
        force: Run on a holiday, and where the night is already published.
        only: Write a fresh CSV and report with these symbols alone; otherwise the
            symbols that earlier runs of the night screened keep their rows.
    """
    plan = plan_run(
        selection,
        source=source,
        folder=folder,
        as_of=as_of,
        train=train,
        preset=preset,
        parameters=parameters,
        home=home,
        now=datetime.now(UTC),
    )
    with exclusive_home(plan):
        why = "" if force else skip_reason(plan, as_of, only=only)
        if why:
            return Completed(name="Skipped", message=why)
        return _screen(plan, only=only)


def _screen(plan: RunPlan, *, only: bool) -> State[RunSummary]:
    with open_flow_run(plan, "screening") as run:
        sources = open_sources(plan, run.feeds)
        stages = as_tasks(plan, screening_stages(plan, run, sources))
        found, news = screen_all(plan, stages, as_symbol_tasks(plan, run))
        notices = (*run.notices, *sources.notices, *news.notices)
        published = publish(plan, found, notices, datetime.now(UTC), only=only)
        summary = report(plan, found, published)
        run.close(summary)
    return final_state(summary, plan.settings.run.min_coverage)
