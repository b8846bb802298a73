"""The command `overnight`: a table of commands, whose modules are imported when called.

`overnight --help` and bare `overnight` import neither TensorFlow nor Prefect.
"""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from cli.errors import Exit, one_line, one_sentence_errors
from cli.interruption import end_children, end_on_signals
from cli.options import Debug, Home, Json
from cli.output import tolerate_narrow_encodings
from config.errors import OvernightError
from flows.server_settings import PATIENT_CLIENT
from flows.telemetry import turn_telemetry_off
from storage.interruption import on_interruption

COMMANDS = {
    "screen": "Screen stocks and write the CSV.",
    "update": "Update the last night before the opening by what New York did since.",
    "train": "Train one LSTM per symbol; ask for a stock list if none is named.",
    "status": "Show each symbol's model: grade, skill, age, stale or not.",
    "events": "Show coming events, their risk, haircuts and sit-outs.",
    "evaluate": "Run past nights again and compute hits, errors, coverage, returns.",
    "check-leaks": "Check features, votes, models and nights for data of the future.",
    "deploy": "Start Prefect's UI with all schedules and a worker on this machine.",
    "report": "Print where a night's morning report is; --open shows it.",
    "deliver": "Send the last night's message and report again, or a test message.",
    "holdings": "Show what you hold: value, call, next event and the loss to expect.",
    "explain": "Show a call term by term, and what would change it.",
    "track-record": "Show how past calls turned out, or the calls of one symbol.",
    "clean": "Remove models, prices and events of symbols no longer screened.",
    "doctor": "Check this machine, the home and all services; say what to repair.",
}
"""The first line of each command's docstring; `cli/commands/` has a module for each."""

MODEL_COMMANDS = {
    "fetch": "Download FinBERT, about 440 MB; later nights read headlines with it.",
    "status": "Show whether FinBERT is on this machine and reads news correctly.",
}
"""The same for the commands of `overnight model`."""

HELP = {"help_option_names": ["-h", "--help"]}
"""The names of the option that shows a command's help."""

RUNS = {"screen", "train", "update"}
"""Modules of commands that run a flow in this process."""

COMPUTE = RUNS | {"check_leaks", "deliver", "evaluate", "events"}
"""Modules of commands that may write temporary files."""

CONTINUES = "; run the same command again, it continues with what is finished"


class LazyCommand(TyperCommand):
    """A command that is imported when it is called or its own help is asked for."""

    def __init__(self, name: str, module: str, help_line: str) -> None:
        """Keep the name of the module in `cli/commands/`, and of its function."""
        super().__init__(name, help=help_line)
        self.module = module

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Any = None,  # noqa: ANN401  typer's own types
        **extra: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Import the command and let it parse its own arguments."""
        debug = "--debug" in args
        with one_sentence_errors(debug=debug):
            if self.module in RUNS:
                quiet_prefect(debug=debug)
                if not (debug or sys.stderr.isatty()):
                    quiet_libraries()
            command = self.load()
        return command.make_context(info_name, args, parent, **extra)

    def load(self) -> Any:  # noqa: ANN401
        """Import the command's module and return its command, with all options."""
        module = import_module(f"cli.commands.{self.module}")
        single = typer.Typer(add_completion=False)
        single.command(self.name, context_settings=HELP)(getattr(module, self.module))
        return typer.main.get_command(single)


class CommandGroup(TyperGroup):
    """The commands of `overnight`."""

    table: ClassVar[Mapping[str, str]] = COMMANDS
    prefix: ClassVar[str] = ""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  typer's own types
        """Add the commands of the table, none of them imported."""
        super().__init__(**attributes)
        for name, help_line in self.table.items():
            module = self.prefix + name.replace("-", "_")
            self.add_command(LazyCommand(name, module, help_line))


class ModelGroup(CommandGroup):
    """The commands of `overnight model`."""

    table = MODEL_COMMANDS
    prefix = "model_"


app = typer.Typer(
    name="overnight",
    cls=CommandGroup,
    context_settings=HELP,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)
app.add_typer(
    typer.Typer(
        cls=ModelGroup,
        help="The language model that reads headlines.",
        context_settings=HELP,
        no_args_is_help=True,
    ),
    name="model",
)


def main() -> None:
    """Run the command; print a wrong option or command as one sentence too."""
    tolerate_narrow_encodings()
    name = sys.argv[1].replace("-", "_") if sys.argv[1:] else ""
    end_on_signals(CONTINUES if name in RUNS else "")
    try:
        with _temporary_files(name), on_interruption(end_children):
            code = app(standalone_mode=False)
    except TyperException as error:
        problem = one_line(error.format_message()).rstrip(".")
        typer.echo(f"overnight: {problem}; see `overnight --help`.", err=True)
        code = error.exit_code
    except OvernightError as error:  # The command has not begun.
        typer.echo(f"overnight: {one_line(str(error))}", err=True)
        code = Exit.RUN_FAILED
    except typer.Abort:
        code = Exit.RUN_FAILED
    sys.exit(code)


def _temporary_files(name: str) -> AbstractContextManager[object]:
    if name not in COMPUTE:
        return nullcontext()
    from storage.temporary_files import own_temporary_folder  # noqa: PLC0415  slow

    return own_temporary_folder()


def print_version(asked: bool) -> None:  # noqa: FBT001  as typer calls it
    """Print name and version, and exit, if that was asked for."""
    if asked:
        from importlib.metadata import version  # noqa: PLC0415  only here

        typer.echo(f"overnight {version('event-risk-guard')}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        callback=print_version,
        is_eager=True,
        help="Print the version and exit.",
    ),
]


@app.callback()
def overnight(
    context: typer.Context,
    home: Home = ".",
    json: Json = False,  # noqa: FBT002  typer's way to write a flag
    debug: Debug = False,  # noqa: FBT002  as above
    _version: Version = False,  # noqa: FBT002  as above
) -> None:
    """Overnight stock screening; without a command: the home's state and next steps.

    For example: overnight --home ~/overnight
    """
    turn_telemetry_off()
    if context.invoked_subcommand is None:
        with one_sentence_errors(debug=debug):
            module = import_module("cli.commands.home_status")
            module.home_status(home, as_json=json)
        return
    for name in ("home", "json", "debug"):
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            command = context.invoked_subcommand
            raise typer.BadParameter(f"write --{name} after `{command}`")


def quiet_libraries() -> None:
    """Keep the warnings of libraries out of a file, unless the user asked for them.

    Prefect's console handler prints those of every library's log. It sets its handler
    when it is imported.
    """
    os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")
    if not sys.warnoptions:
        os.environ["PYTHONWARNINGS"] = "ignore"
        logging.captureWarnings(capture=True)
        logging.getLogger("py.warnings").propagate = False


def quiet_prefect(*, debug: bool) -> None:
    """Set Prefect's environment for a run in this process, unless the user has set it.

    Prefect reads these variables when it is imported. Its log would be printed between
    the progress and the table.
    """
    level = "INFO" if debug else "CRITICAL"
    for name, value in {
        "PREFECT_LOGGING_LEVEL": level,
        "PREFECT_LOGGING_SERVER_LEVEL": level,
        **PATIENT_CLIENT,
        # After Ctrl-C Python's resource tracker prints a long warning.
        "PYTHONWARNINGS": "ignore:resource_tracker",
    }.items():
        os.environ.setdefault(name, value)
