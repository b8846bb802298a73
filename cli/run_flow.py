"""Runs a flow in this process and ends the command with the run's exit code."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import typer

from cli.errors import Exit
from cli.interruption import call_in_thread
from cli.render_progress import show_progress
from cli.tables import show_summary
from pipeline.plan import RunRequest, plan_night, plan_run
from screening.summary import RunSummary, TooFewSymbols
from tasks.temporary_server import TemporaryServer, without_heartbeats


def run_flow(
    server: TemporaryServer | None,
    flow: Callable[..., Any],  # A Prefect flow: called, it returns its RunSummary.
    arguments: dict[str, Any],
    *,
    all_rows: bool = False,
    **more: Any,  # noqa: ANN401  as `flow` takes them
) -> None:
    """Check the request, run the flow, print its summary and exit.

    The plan and the flow both take `arguments`; the flow alone takes `more`. A
    temporary server that is still starting is waited for. `all_rows` shows the whole
    table.

    Raises
    ------
    OvernightError
        If the request is wrong or the whole run fails.
    """
    request, now = RunRequest(**arguments), datetime.now(UTC)
    is_night = "only" in more
    plan = (
        plan_night(request, now, only=more["only"])
        if is_night
        else plan_run(request, now)
    )
    failed = False
    with show_progress(f"as of {plan.as_of}") as announce:
        if server:
            announce("starting Prefect")
            server.wait_until_ready()
        announce(f"loading prices of {len(plan.symbols)} symbols")
        try:
            run = partial(flow, **arguments, **more)
            with without_heartbeats():
                summary: RunSummary = call_in_thread(run)
        except TooFewSymbols as error:
            summary, failed = error.summary, True
    show_summary(summary, all_rows=all_rows)
    if failed:
        raise typer.Exit(Exit.RUN_FAILED)
    is_mixed = summary.failures or summary.unserved
    raise typer.Exit(Exit.SYMBOLS_FAILED if is_mixed else Exit.ALL_USABLE)
