"""The options of the commands, each written once; plain text until `request` reads it.

Imports nothing heavy: `overnight --help` loads this module.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer


def _option(metavar: str, text: str, *names: str) -> Any:  # noqa: ANN401  typer's own type
    return typer.Option(*names, metavar=metavar, help=text)


HOME = typer.Option(
    envvar="OVERNIGHT_HOME",
    metavar="DIR",
    help="Folder, or s3://bucket/folder, of data, models, reports and settings.",
)


@dataclass(frozen=True)
class SelectionOptions:
    """Which symbols, and the home they live in."""

    symbol: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYMBOL]...", help="Symbols: CBA.AX AAPL BP.L"),
    ] = None
    universe: Annotated[str | None, _option("NAME", "A stock list by name.")] = None
    symbols: Annotated[str | None, _option("A,B", "Symbols by comma.")] = None
    file: Annotated[Path | None, _option("F", "A .txt, .csv or .json of symbols.")] = (
        None
    )
    home: Annotated[str, HOME] = "."


@dataclass(frozen=True)
class SourceOptions(SelectionOptions):
    """A selection's options, and where prices come from."""

    source: Annotated[str, _option("NAME", "yahoo, folder or sample.")] = "yahoo"
    folder: Annotated[Path | None, _option("DIR", "Folder of the source folder.")] = (
        None
    )


@dataclass(frozen=True)
class NightOptions(SourceOptions):
    """Where prices come from, and up to when."""

    as_of: Annotated[str | None, _option("DATE", "Use nothing dated later.")] = None


@dataclass(frozen=True)
class ParameterOptions:
    """How a model is trained."""

    preset: Annotated[
        str | None, _option("NAME", "standard, quick_test, high_accuracy, low_memory.")
    ] = None
    epochs: Annotated[str | None, _option("N", "1-100 passes.")] = None
    sequence_length: Annotated[str | None, _option("N", "30-120 sessions.")] = None
    batch_size: Annotated[str | None, _option("N", "16-64 windows.")] = None
    validation_split: Annotated[str | None, _option("X", "0.1-0.3.")] = None
    period: Annotated[str | None, _option("P", "1y to 5y of history.")] = None
    dropout: Annotated[str | None, _option("X", "0-0.5.")] = None
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False


@dataclass(frozen=True)
class TrainOptions(ParameterOptions, NightOptions):
    """A night's options, and how a model is trained."""


@dataclass(frozen=True)
class EvaluateOptions(ParameterOptions, SourceOptions):
    """Which past nights are run again, and how they are judged."""

    first: Annotated[
        str | None, _option("DATE", "First as-of session; needed.", "--from")
    ] = None
    last: Annotated[
        str | None, _option("DATE", "Last as-of session; empty: the latest.", "--to")
    ] = None
    refit_sessions: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Sessions between refits.")
    ] = None
    cost_bps: Annotated[
        float | None,
        typer.Option(metavar="X", min=0, help="Cost of turnover, 1/100 of 1 %."),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False


@dataclass(frozen=True)
class ScreenOptions(TrainOptions):
    """A training's options, and which models a night trains."""

    train: Annotated[str, _option("WHICH", "stale, always or never.")] = "stale"
    only: Annotated[
        bool,
        typer.Option(
            "--only", help="Drop the rows that earlier runs of this night wrote."
        ),
    ] = False


@dataclass(frozen=True)
class EventOptions(NightOptions):
    """A night's options, and the form of the answer."""

    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False


@dataclass(frozen=True)
class ModelOptions:
    """The home whose settings name the language model, and the form of the answer."""

    home: Annotated[str, HOME] = "."
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False


@dataclass(frozen=True)
class HomeOptions:
    """The home that is looked at, and the form of the answer."""

    home: Annotated[str, HOME] = "."
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False


@dataclass(frozen=True)
class ReportOptions:
    """Which night's report, and whether to open it."""

    night: Annotated[
        str | None, typer.Argument(metavar="[DATE]", help="As-of date; else the last.")
    ] = None
    open: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = (
        False
    )
    home: Annotated[str, HOME] = "."


@dataclass(frozen=True)
class ExplainOptions:
    """Whose call of which night, and the form of the answer."""

    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="E.g. CBA.AX.")]
    as_of: Annotated[
        str | None, _option("DATE", "The night of that date; else the last.")
    ] = None
    home: Annotated[str, HOME] = "."
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False


@dataclass(frozen=True)
class DoctorOptions:
    """What is looked at: the home, the source of prices; and the form of the answer."""

    home: Annotated[str, HOME] = "."
    source: Annotated[str, _option("NAME", "yahoo, folder or sample.")] = "yahoo"
    folder: Annotated[Path | None, _option("DIR", "Folder of the source folder.")] = (
        None
    )
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False


@dataclass(frozen=True)
class DeployOptions:
    """Where runs put what they make, and where the UI is to be found."""

    home: Annotated[str, HOME] = "."
    port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="The UI's port.")
    ] = 4200
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False


@dataclass(frozen=True)
class LeakOptions:
    """The form of the answer."""

    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False


@dataclass(frozen=True)
class StatusOptions(SelectionOptions):
    """A selection's options, and the form of the answer."""

    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False


def taking[Options](
    kind: type[Options],
) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Return a decorator: typer sees `kind`'s fields, the command gets one value."""

    def decorate(command: Callable[[Options], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(**words: Any) -> None:  # noqa: ANN401
            command(kind(**words))

        hints = get_type_hints(kind, include_extras=True)
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        called.__annotations__ = {name: hints[name] for name in names}
        called.__signature__ = inspect.signature(kind)  # type: ignore[attr-defined]
        return called

    return decorate
