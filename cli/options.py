"""The options of the commands, each written once, and the decorator that reads them.

Most values stay text until `cli/request.py` parses them. `overnight --help` imports
this module, so it imports nothing heavy.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from cli.completion import complete_list, complete_symbol
from cli.errors import one_sentence_errors
from config.universes import UNIVERSES


def _option(
    metavar: str,
    text: str,
    *names: str,
    low: float | None = None,
    high: float | None = None,
    complete: Callable[[typer.Context, str], list[str]] | None = None,
) -> Any:  # noqa: ANN401  typer's own type
    return typer.Option(
        *names, metavar=metavar, help=text, min=low, max=high, autocompletion=complete
    )


def _flag(name: str, text: str) -> Any:  # noqa: ANN401  typer's own type
    return typer.Option(f"--{name}", help=text)


Text = str | None

LISTS = f"A stock list: {', '.join(UNIVERSES)}, or your own."

Home = Annotated[
    str,
    typer.Option(
        envvar="OVERNIGHT_HOME",
        metavar="DIR",
        help="Folder, or s3://bucket/folder, of data, models, reports and settings.",
    ),
]
Json = Annotated[bool, _flag("json", "Print JSON for a program.")]
Debug = Annotated[bool, _flag("debug", "Show the traceback of an error.")]
Source = Annotated[str, _option("NAME", "Price source: yahoo, folder or sample.")]
Folder = Annotated[
    Path | None, _option("DIR", "The folder of --source folder; it holds prices/.")
]

SHARED = ("home", "json", "debug")
"""Options of nearly every command; `--help` lists them last."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The option that every command takes."""

    debug: Debug = False


@dataclass(frozen=True, kw_only=True)
class JsonOptions(Options):
    """The options of a command that prints an answer."""

    json: Json = False


@dataclass(frozen=True, kw_only=True)
class HomeOptions(JsonOptions):
    """The options of a command that reads a home."""

    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(HomeOptions):
    """The home and the price source that `doctor` checks."""

    source: Source = "yahoo"
    folder: Folder = None


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(HomeOptions):
    """The symbol and the night that `explain` reads."""

    symbol: Annotated[
        str,
        typer.Argument(
            metavar="SYMBOL", help="E.g. CBA.AX.", autocompletion=complete_symbol
        ),
    ]
    as_of: Annotated[
        Text, _option("DATE", "As-of date of the night; default: the last.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class HoldingsOptions(HomeOptions):
    """The night on which `holdings` shows what is held."""

    as_of: Annotated[
        Text, _option("DATE", "As-of date of the night; default: the last.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class RecordOptions(HomeOptions):
    """The symbol whose calls `track-record` lists."""

    symbol: Annotated[
        Text, typer.Argument(metavar="[SYMBOL]", help="List the calls of this symbol.")
    ] = None
    all: Annotated[bool, _flag("all", "List all calls, not only the last 20.")] = False


@dataclass(frozen=True, kw_only=True)
class ReportOptions(Options):
    """The night whose report is printed, and whether the browser opens it."""

    night: Annotated[
        Text,
        typer.Argument(
            metavar="[DATE]", help="As-of date of the night; default: the last."
        ),
    ] = None
    open: Annotated[bool, _flag("open", "Open the report in the browser.")] = False
    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class DeliverOptions(Options):
    """The home whose last message is sent, or a test message."""

    test: Annotated[bool, _flag("test", "Send a test message instead.")] = False
    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class UpdateOptions(Options):
    """The night that is updated before the opening."""

    as_of: Annotated[
        Text, _option("DATE", "As-of date of the night; default: the last.")
    ] = None
    replay: Annotated[
        bool, _flag("replay", "Also after the opening; never counted as live.")
    ] = False
    source: Annotated[
        Text, _option("NAME", "yahoo, folder or sample; default: the night's.")
    ] = None
    folder: Folder = None
    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class CleanOptions(Options):
    """The home whose unused files are removed, and whether that is confirmed."""

    yes: Annotated[bool, _flag("yes", "Remove without asking.")] = False
    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class DeployOptions(Options):
    """The home of the scheduled runs, and the port of Prefect's UI."""

    home: Home = "."
    port: Annotated[int, _option("N", "Port of the UI.", low=1, high=65535)] = 4200


@dataclass(frozen=True, kw_only=True)
class SelectionOptions(Options):
    """The selected symbols, and the home."""

    symbol: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SYMBOL]...",
            help="Symbols: CBA.AX AAPL BP.L",
            autocompletion=complete_symbol,
        ),
    ] = None
    universe: Annotated[
        Text,
        _option(
            "NAME",
            LISTS,
            "--universe",
            "--list",
            complete=complete_list,
        ),
    ] = None
    symbols: Annotated[Text, _option("A,B", "Symbols, e.g. CBA.AX,AAPL")] = None
    file: Annotated[
        Path | None, _option("F", "A .txt, .csv or .json file of symbols.")
    ] = None
    home: Home = "."


@dataclass(frozen=True, kw_only=True)
class StatusOptions(SelectionOptions, JsonOptions):
    """The symbols whose models `status` shows."""


@dataclass(frozen=True, kw_only=True)
class SourceOptions(SelectionOptions):
    """The selected symbols, and where their prices come from."""

    source: Source = "yahoo"
    folder: Folder = None


@dataclass(frozen=True, kw_only=True)
class NightOptions(SourceOptions):
    """The options of one night."""

    as_of: Annotated[
        Text,
        _option(
            "DATE", "Use no data after this date, e.g. 2025-11-10; default: today."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class EventOptions(NightOptions, JsonOptions):
    """The night whose events are shown."""


@dataclass(frozen=True, kw_only=True)
class ParameterOptions(Options):
    """How a model is trained; text, None if the preset's value is used."""

    preset: Annotated[
        Text,
        _option(
            "NAME",
            "standard, quick_test, high_accuracy or low_memory; default: standard, "
            "for the sample quick_test.",
        ),
    ] = None
    epochs: Annotated[
        Text, _option("N", "Passes over the data, 1-100; standard: 50.")
    ] = None
    sequence_length: Annotated[
        Text, _option("N", "Sessions in one window, 30-120; standard: 60.")
    ] = None
    batch_size: Annotated[
        Text, _option("N", "Windows in one gradient step, 16-64; standard: 32.")
    ] = None
    validation_split: Annotated[
        Text, _option("X", "Share of windows for validation, 0.1-0.3; standard: 0.2.")
    ] = None
    period: Annotated[Text, _option("P", "History used, 1y to 5y; standard: 2y.")] = (
        None
    )
    lstm_units: Annotated[
        Text, _option("N,N", "Units of the two layers, 1-512 each; standard: 100,50.")
    ] = None
    dropout: Annotated[
        Text, _option("X", "Share of units left out per step, 0-0.5; standard: 0.2.")
    ] = None
    learning_rate: Annotated[
        Text, _option("X", "Step size, above 0 and at most 1; standard: 0.001.")
    ] = None
    early_stopping_patience: Annotated[
        Text,
        _option(
            "N",
            "Stop after N epochs without gain, 0: never; standard: 10.",
            "--patience",
        ),
    ] = None
    seed: Annotated[Text, _option("N", "Seed of random numbers; standard: 42.")] = None


@dataclass(frozen=True, kw_only=True)
class TrainOptions(ParameterOptions, NightOptions):
    """The options of one night, and how its models are trained."""

    all: Annotated[
        bool, _flag("all", "Print all rows; else the first and last ten.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class ScreenOptions(TrainOptions):
    """The options of a training, and which models a night trains."""

    train: Annotated[
        str,
        _option("WHICH", "Models to train: stale (or missing), always or never."),
    ] = "stale"
    only: Annotated[
        bool, _flag("only", "Drop the rows that earlier runs of this night wrote.")
    ] = False
    sit_out: Annotated[
        Text, _option("RULE", "published or reaction; default: the setting.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ParameterOptions, SourceOptions, JsonOptions):
    """The past nights that are evaluated, and how."""

    guard: Annotated[
        bool, _flag("guard", "Judge the sit-outs only; no model is trained.")
    ] = False

    update: Annotated[
        bool, _flag("update", "Judge the updates before the opening only.")
    ] = False
    first: Annotated[Text, _option("DATE", "First as-of date; required.", "--from")] = (
        None
    )
    last: Annotated[
        Text, _option("DATE", "Last as-of date; default: the latest.", "--to")
    ] = None
    refit_sessions: Annotated[
        int | None, _option("N", "Sessions between two trainings.", low=1)
    ] = None
    cost_bps: Annotated[
        float | None, _option("X", "Cost of turnover in units of 0.01 %.", low=0)
    ] = None


def command[Kind: Options](
    kind: type[Kind],
) -> Callable[[Callable[[Kind], None]], Callable[..., None]]:
    """Return a decorator that makes a command of a function of the options `kind`.

    Typer sees the fields of `kind` as parameters. An error of the function becomes one
    sentence and an exit code.
    """

    def decorate(function: Callable[[Kind], None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(**values: Any) -> None:  # noqa: ANN401
            options = kind(**values)
            with one_sentence_errors(debug=options.debug):
                function(options)

        parameters = inspect.signature(kind).parameters.values()
        ordered = sorted(parameters, key=lambda parameter: parameter.name in SHARED)
        run.__annotations__ = get_type_hints(kind, include_extras=True)
        run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
        return run

    return decorate
