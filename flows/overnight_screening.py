"""The flow of a night: screen the symbols, publish the CSV and the morning report."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from config.settings import SitOut
from flows.request import name_run, taking
from pipeline.plan import RunPlan, RunRequest, plan_night
from pipeline.run import screening_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all
from screening.summary import RunSummary
from tasks.archive import archive
from tasks.deliver import deliver, deliver_failure, deliver_skipped
from tasks.exclusive_home import exclusive_home
from tasks.night_artifact import show_night
from tasks.publish import final_state, publish, skip_reason
from tasks.quoted_inputs import call_quoted
from tasks.report import report
from tasks.run_log import RunLog, log_run
from tasks.stages import as_symbol_tasks, as_tasks, open_flow_run


@dataclass(frozen=True, kw_only=True)
class ScreeningRequest(RunRequest):
    """What a screening run is asked to do."""

    force: Annotated[
        bool, "Run on a holiday, and if the night is already published."
    ] = False
    only: Annotated[
        bool,
        "Write a fresh CSV and report with these symbols alone; "
        "otherwise the symbols that earlier runs of the night screened keep their "
        "rows.",
    ] = False
    sit_out: Annotated[
        SitOut | None,
        "The rule for sit-outs, `published` or `reaction`; empty: the setting.",
    ] = None


@flow(name="overnight-screening", flow_run_name=name_run(ScreeningRequest))
@taking(ScreeningRequest)
def overnight_screening(request: ScreeningRequest) -> State[RunSummary]:
    """Screen stocks overnight: download, indicators, training, forecast, blend, CSV."""
    now = datetime.now(UTC)
    with deliver_failure(request, now):
        plan = plan_night(request, now, only=request.only)
        plan = plan.with_sit_out(request.sit_out)
        with exclusive_home(plan), log_run(plan, "screening") as log:
            if not request.force:
                reason = skip_reason(plan, request.as_of, only=request.only)
                if reason:
                    log.add(f"skipped: {reason}")
                    deliver_skipped(plan)
                    return Completed(name="Skipped", message=reason)
            return _screen(plan, log, only=request.only)


def _screen(plan: RunPlan, log: RunLog, *, only: bool) -> State[RunSummary]:
    with open_flow_run(plan, "screening") as run:
        sources = open_sources(plan, run.feeds)
        stages = as_tasks(plan, screening_stages(plan, run, sources))
        found, news = screen_all(plan, stages, as_symbol_tasks(plan, run))
        notices = (*run.notices, *sources.notices, *news.notices)
        prices, ended_at = run.feeds.prices, datetime.now(UTC)
        summary = call_quoted(
            publish, plan, prices, found, notices, ended_at, only=only
        )
        summary = call_quoted(report, plan, found, summary)
        summary = call_quoted(archive, plan, summary)
        run.close(summary)
    unsent = call_quoted(deliver, plan, summary)
    if unsent:
        summary = replace(summary, notices=(*summary.notices, *unsent))
        summary = call_quoted(report, plan, found, summary)
    log.end(summary)
    show_night(plan, summary)
    return final_state(summary)
