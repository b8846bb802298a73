"""The command `overnight`: words in, a flow run, a table and an exit code out.

Light at import: TensorFlow, Prefect and pandas are loaded by the command that needs
them, so that `--help` answers at once.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.exceptions import TyperException

from cli.doctor_command import doctor
from cli.errors import Exit, one_line, one_sentence_errors
from cli.options import (
    HOME,
    DeployOptions,
    EvaluateOptions,
    EventOptions,
    LeakOptions,
    ModelOptions,
    ScreenOptions,
    StatusOptions,
    TrainOptions,
    taking,
)
from cli.output import print_json, tolerate_narrow_encodings
from cli.reading_commands import explain, report, show_home_status, track_record
from flows.telemetry import turn_telemetry_off

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from screening.summary import RunSummary
    from tasks.temporary_server import TemporaryServer

app = typer.Typer(
    name="overnight",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(
    help="The language model that reads headlines.", no_args_is_help=True
)
app.add_typer(model_app, name="model")
app.command()(doctor)


def main() -> None:
    """Run the command; words that no option takes are refused in one sentence too."""
    tolerate_narrow_encodings()
    try:
        code = app(standalone_mode=False)
    except TyperException as error:
        said = one_line(error.format_message()).rstrip(".")
        typer.echo(f"overnight: {said}; see `overnight --help`.", err=True)
        code = error.exit_code
    except typer.Abort:
        code = Exit.RUN_FAILED
    sys.exit(code)


@app.callback()
def overnight(
    context: typer.Context,
    home: Annotated[str, HOME] = ".",
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,  # noqa: FBT002
) -> None:
    """Overnight stock screening; alone: where things stand and what to do next.

    For example: overnight --home ~/overnight
    """
    turn_telemetry_off()
    if context.invoked_subcommand is None:
        show_home_status(home, as_json=json)
        return
    for name in ("home", "json"):
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            command = context.invoked_subcommand
            raise typer.BadParameter(f"--{name} must stand behind {command}")


@app.command()
@taking(ScreenOptions)
def screen(options: ScreenOptions) -> None:
    """Screen stocks and write the CSV.

    For example: overnight screen --source sample
    """
    with one_sentence_errors(debug=options.debug):
        more = {"force": True, "only": options.only}
        _run("overnight_screening", options, options.train, **more)


@app.command()
@taking(TrainOptions)
def train(options: TrainOptions) -> None:
    """Train one LSTM a symbol; asks for a list when nothing is named.

    For example: overnight train CBA.AX --preset high_accuracy
    """
    with one_sentence_errors(debug=options.debug):
        _run("lstm_training", options, "always")


@app.command()
@taking(StatusOptions)
def status(options: StatusOptions) -> None:
    """Show each symbol's model: grade, skill, age, stale or not.

    For example: overnight status --universe asx_priority
    """
    with one_sentence_errors(debug=False):
        from cli.request import parse_selection  # noqa: PLC0415
        from cli.tables import show_statuses  # noqa: PLC0415
        from status.model_status import statuses  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415

        Home.existing(options.home)
        found = statuses(parse_selection(options), options.home, datetime.now(UTC))
        if options.json:
            print_json(found)
        else:
            show_statuses(found)


@app.command()
@taking(EventOptions)
def events(options: EventOptions) -> None:
    """Show coming events, the risk they carry, haircuts and sit-outs.

    Events of your own go into event_calendar.csv in the home folder.

    For example: overnight events CBA.AX --as-of 2025-11-10
    """
    with one_sentence_errors(debug=options.debug):
        from cli.request import night_arguments  # noqa: PLC0415
        from cli.tables import show_events  # noqa: PLC0415
        from pipeline.plan import plan_run  # noqa: PLC0415
        from status.event_report import event_report  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415

        Home.existing(options.home)
        now = datetime.now(UTC)
        report = event_report(plan_run(**night_arguments(options), now=now))
        if options.json:
            print_json(report)
        else:
            show_events(report)


@app.command()
@taking(EvaluateOptions)
def evaluate(options: EvaluateOptions) -> None:
    """Run past nights again and judge them: hits, errors, coverage, returns, cost.

    For example: overnight evaluate --source sample --from 2013-02-01
    """
    with one_sentence_errors(debug=options.debug):
        from cli.render_evaluation import print_progress, show_evaluation  # noqa: PLC0415
        from cli.request import evaluation_arguments, require_date  # noqa: PLC0415
        from evaluation.evaluate import run_evaluation  # noqa: PLC0415
        from pipeline.plan import plan_run  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415

        Home.existing(options.home)
        first = require_date(options.first)
        now = datetime.now(UTC)
        plan = plan_run(**evaluation_arguments(options), now=now)
        choices = (options.refit_sessions, options.cost_bps)
        found = run_evaluation(plan, first, *choices, print_progress)
        if options.json:
            print_json(found)
        else:
            show_evaluation(found)


@app.command("check-leaks")
@taking(LeakOptions)
def check_leaks(options: LeakOptions) -> None:
    """Look for knowledge of the future in features, votes, models and nights.

    Exit code 1 where some is found. Needs no network.

    For example: overnight check-leaks
    """
    with one_sentence_errors(debug=options.debug):
        from evaluation.lookahead.check_leaks import build_report, leak_checks  # noqa: PLC0415

        found = []
        for check in leak_checks(datetime.now(UTC)):
            found.append(check)
            if not options.json:
                mark = "ok  " if check.passed else "LEAK"
                typer.echo(f"{mark}  {check.stage}: {check.detail}")
        report = build_report(found)
        if options.json:
            print_json(report)
        raise typer.Exit(Exit.ALL_USABLE if report.passed else Exit.RUN_FAILED)


@app.command()
@taking(DeployOptions)
def deploy(options: DeployOptions) -> None:
    """Start Prefect's UI with all schedules, and a worker, on this machine.

    A failed or missed night is posted to the webhook in OVERNIGHT_NOTICE_URL.

    For example: overnight deploy --port 4200
    """
    with one_sentence_errors(debug=options.debug):
        from flows.operation import operate  # noqa: PLC0415

        for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # Windows lacks SIGHUP.
            signal.signal(getattr(signal, name), lambda *_: sys.exit(Exit.INTERRUPTED))
        # A shell's `&` has SIGINT ignored; Prefect's worker needs it to end.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            operate(options.home, options.port, typer.echo)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None


app.command()(report)
app.command()(explain)
app.command()(track_record)


@model_app.command("fetch")
@taking(ModelOptions)
def fetch_model(options: ModelOptions) -> None:
    """Fetch FinBERT, about 440 MB, once; nights then read headlines with it.

    For example: overnight model fetch
    """
    _show_language_model(options, fetch=True)


@model_app.command("status")
@taking(ModelOptions)
def model_status(options: ModelOptions) -> None:
    """Show whether FinBERT is on this machine and tells good news from bad.

    For example: overnight model status
    """
    _show_language_model(options, fetch=False)


def _show_language_model(options: ModelOptions, *, fetch: bool) -> None:
    """Print where the model is and what it says of a plain pair; exit 1 if unusable."""
    with one_sentence_errors(debug=False):
        from cli.tables import show_language_model  # noqa: PLC0415
        from status.language_model import language_model  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415
        from storage.settings_file import read_settings  # noqa: PLC0415

        settings = read_settings(Home.existing(options.home).root).sentiment
        found = language_model(settings, fetch=fetch)
        if options.json:
            print_json(found)
        else:
            show_language_model(found)
        raise typer.Exit(Exit.ALL_USABLE if found.usable else Exit.RUN_FAILED)


def _run(name: str, options: TrainOptions, train_policy: str, **more: Any) -> None:  # noqa: ANN401
    """LeakCheck the request, run the flow in this process, show its end, exit with it.

    `more` are arguments of that flow alone.
    """
    _quiet_prefect(debug=options.debug)
    from cli.render_progress import show_progress  # noqa: PLC0415
    from cli.request import flow_arguments  # noqa: PLC0415
    from cli.tables import show_summary  # noqa: PLC0415
    from pipeline.plan import plan_run  # noqa: PLC0415
    from status.named_server import require_named_server  # noqa: PLC0415
    from tasks.temporary_server import temporary_server  # noqa: PLC0415

    arguments = flow_arguments(options, train_policy)
    plan = plan_run(**arguments, now=datetime.now(UTC))
    require_named_server()
    title = f"{len(plan.symbols)} symbols as of {plan.as_of}"
    with temporary_server() as server, show_progress(title):
        signal.signal(signal.SIGINT, lambda *_: _interrupted(server))
        state: State[RunSummary] = _flow(name)(**arguments, **more, return_state=True)
        outcome = _summary_of(state)
    show_summary(outcome)
    raise typer.Exit(
        Exit.RUN_FAILED
        if state.is_failed()
        else Exit.SYMBOLS_FAILED
        if outcome.failures
        else Exit.ALL_USABLE
    )


def _summary_of(state: "State[RunSummary]") -> "RunSummary":
    """Return the run's summary, also of one that has failed for too few symbols."""
    from screening.summary import TooFewSymbols  # noqa: PLC0415

    found = state.result(raise_on_failure=False)
    if isinstance(found, TooFewSymbols):
        return found.summary
    if isinstance(found, BaseException):
        raise found
    return found


def _interrupted(server: "TemporaryServer | None") -> None:
    """End at once on Ctrl-C: what is finished is on disk, whole, and is not lost.

    Ctrl-C reaches Prefect's temporary server too; leaving the flow in good order would
    wait for its answers. The model processes end with this one.
    """
    if server:
        server.stop()
    Console(stderr=True).show_cursor()
    typer.echo(
        "\novernight: the run must end by itself, got Ctrl-C; run it again to go on.",
        err=True,
    )
    os._exit(Exit.INTERRUPTED)


def _flow(name: str) -> Callable[..., Any]:
    """Return the flow of that name; its module has the same one."""
    from importlib import import_module  # noqa: PLC0415

    flow: Callable[..., Any] = getattr(import_module(f"flows.{name}"), name)
    return flow


def _quiet_prefect(*, debug: bool) -> None:
    """Set what an embedded run needs of Prefect, where the user's environment doesn't.

    Prefect reads these when it is imported, so this comes before any of our tasks is;
    its own log lines would stand between the person and the table.
    """
    level = "INFO" if debug else "CRITICAL"
    for name, value in {
        "PREFECT_LOGGING_LEVEL": level,
        "PREFECT_LOGGING_SERVER_LEVEL": level,
        # The default of 20 s is too short for a first start on a busy machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        # Requests wait longer each time: five hold out for 50 s of a server's restart,
        # six for 100 s.
        "PREFECT_CLIENT_MAX_RETRIES": "6",
        # After Ctrl-C the helper that cleans up behind the processes says so at length.
        "PYTHONWARNINGS": "ignore:resource_tracker",
    }.items():
        os.environ.setdefault(name, value)
