"""A screening night without Prefect's flow: plain stages, then CSV, report and state.

A flow's runs and their server cost more time than the night. The files are the same.
"""

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from pipeline.plan import RunPlan, RunRequest, plan_night
from pipeline.progress import Progress
from pipeline.run import open_run, screening_stages, training_stages
from pipeline.sources import open_sources
from pipeline.symbol import screen_all, train_symbol
from workers.process_pool import WorkerPool

ONE_PROCESS = "[run]\ntraining_processes = 1\n"
"""An `overnight.toml`: each training process imports TensorFlow, which takes 7 s."""

_starts = [datetime(2025, 1, 1, tzinfo=UTC)]


def plain_night(request: RunRequest, pool: WorkerPool, *, only: bool = False) -> Any:  # noqa: ANN401
    """Run a night and return its Prefect state; no server is asked for anything.

    `pool` trains: its process is used by many nights, and imports TensorFlow once.
    Each night of a process starts in a second of its own, as nights of the flow do.
    """
    from prefect.logging import disable_run_logger  # noqa: PLC0415

    from tasks.exclusive_home import exclusive_home  # noqa: PLC0415
    from tasks.publish import final_state  # noqa: PLC0415

    _starts.append(max(datetime.now(UTC), _starts[-1] + timedelta(seconds=1)))
    plan = plan_night(request, _starts[-1], only=only)
    with ExitStack() as stack:
        for one in (
            disable_run_logger(),
            no_server().model_copy(),
            exclusive_home(plan),
        ):
            stack.enter_context(one)
        summary = screened(plan, pool, only=only)
    return final_state(summary)


@cache
def no_server() -> Any:  # noqa: ANN401
    """Return Prefect's settings without a server; made once: it takes 40 ms."""
    from prefect.context import get_settings_context  # noqa: PLC0415
    from prefect.settings import (  # noqa: PLC0415
        PREFECT_API_URL,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
        temporary_settings,
    )

    alone = {PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False}
    with temporary_settings(alone, restore_defaults={PREFECT_API_URL}):
        return get_settings_context()


def screened(plan: RunPlan, pool: WorkerPool, *, only: bool) -> Any:  # noqa: ANN401
    """Screen and publish the night of a plan, as the flow does; return its summary."""
    from tasks.archive import archive  # noqa: PLC0415
    from tasks.publish import publish  # noqa: PLC0415
    from tasks.report import report  # noqa: PLC0415

    with open_run(plan, "screening", lambda: None, Progress(plan.symbols)) as opened:
        run = replace(opened, pool=pool)
        sources = open_sources(plan, run.feeds)
        found, news = screen_all(plan, screening_stages(plan, run, sources))
        notices = (*run.notices, *sources.notices, *news.notices)
        prices, ended_at = run.feeds.prices, datetime.now(UTC)
        published = publish.fn(plan, prices, found, notices, ended_at, only=only)
        summary = archive.fn(plan, report.fn(plan, found, published))
        run.close(summary)
    return summary


def train_only(request: RunRequest, pool: WorkerPool, flow: str) -> None:
    """Train, and leave the home as a run of the flow that ended with failures.

    The flow's next run downloads again, because such a run keeps no prices. It finds
    the models, so it starts no training process.
    """
    plan = plan_night(request, datetime.now(UTC))
    with open_run(plan, flow, lambda: None, Progress(plan.symbols)) as opened:
        run = replace(opened, pool=pool)
        for symbol in plan.symbols:
            train_symbol(plan, training_stages(plan, run), symbol)
        run.checkpoints.drop("download")
