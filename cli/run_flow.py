"""Runs a flow in this process and ends the command with the run's exit code."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console

from cli.errors import Exit
from cli.render_progress import show_progress
from cli.tables import show_summary
from pipeline.plan import RunRequest, plan_night, plan_run
from screening.summary import RunSummary, TooFewSymbols
from status.named_server import require_named_server
from tasks.temporary_server import TemporaryServer


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
    require_named_server()
    signal.signal(signal.SIGINT, lambda *_: _exit_on_ctrl_c(server))
    failed = False
    with show_progress(f"as of {plan.as_of}") as announce:
        if server:
            announce("starting Prefect")
            server.wait_until_ready()
        announce(f"loading prices of {len(plan.symbols)} symbols")
        try:
            summary: RunSummary = flow(**arguments, **more)
        except TooFewSymbols as error:
            summary, failed = error.summary, True
    show_summary(summary, all_rows=all_rows)
    if failed:
        raise typer.Exit(Exit.RUN_FAILED)
    is_mixed = summary.failures or summary.unserved
    raise typer.Exit(Exit.SYMBOLS_FAILED if is_mixed else Exit.ALL_USABLE)


def _exit_on_ctrl_c(server: TemporaryServer | None) -> None:
    """End this process at once; what is finished is on disk already.

    Ctrl-C reaches Prefect's temporary server too, so the flow can't end in order: it
    would wait for the server's answers. The training processes end with this one.
    """
    if server:
        server.stop()
    Console(stderr=True).show_cursor()
    typer.echo(
        "\novernight: interrupted by Ctrl-C; run the same command again, it continues "
        "with what is finished.",
        err=True,
    )
    os._exit(Exit.INTERRUPTED)
