"""Parses the options of a command and makes the arguments of a run from them."""

import shlex
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import typer
from pydantic import TypeAdapter, ValidationError

from cli.options import (
    EvaluateOptions,
    NightOptions,
    ParameterOptions,
    SelectionOptions,
    SourceOptions,
    TrainOptions,
)
from config.errors import OvernightError, ParameterError, SelectionError, quote_value
from config.parameters import LayerUnits, TrainingOverrides, training_parameters
from config.plain_text import plain_text
from config.settings import SitOut
from market_data.selection import (
    Selection,
    SymbolFile,
    Symbols,
    Universe,
    find_list,
    read_selection,
    split_symbols,
)
from storage.home import Home
from storage.settings_file import read_settings

if TYPE_CHECKING:
    from market_data.sources import SourceName

FILE_ENDINGS = (".txt", ".csv", ".json")


def flow_arguments(options: TrainOptions, train: str) -> dict[str, Any]:
    """Return the arguments of a flow, parsed.

    Raises
    ------
    UsageError
        If a value can't be parsed; `plan_run` checks the rest.
    """
    return night_arguments(options) | {
        "train": train,
        **_parse_parameters(options, options.source),
    }


def evaluation_arguments(options: EvaluateOptions) -> dict[str, Any]:
    """Return the arguments of the last night of an evaluation.

    Raises
    ------
    UsageError
        As `flow_arguments`.
    """
    return {
        **_source_arguments(options),
        "as_of": parse_date("to", options.last),
        "train": "always",
        **_parse_parameters(options, options.source),
    }


def night_arguments(options: NightOptions) -> dict[str, Any]:
    """Return the arguments of a night that trains nothing.

    Raises
    ------
    UsageError
        As `flow_arguments`.
    """
    return {
        **_source_arguments(options),
        "as_of": parse_date("as_of", options.as_of),
        "train": "never",
    }


def _source_arguments(options: SourceOptions) -> dict[str, Any]:
    """Return the arguments that name the symbols, the price source and the home."""
    return {
        "selection": parse_selection(options) or _default_selection(options),
        "source": options.source,
        "folder": options.folder,
        "home": options.home,
    }


def parse_selection(options: SelectionOptions) -> Selection | None:
    """Return the selection that the options name, None if they name no selection.

    Raises
    ------
    SelectionError
        If they name several selections, or `--symbols` is empty.
    """
    named: list[Selection] = []
    if options.symbol:
        named.append(Symbols(symbols=tuple(options.symbol)))
    if options.symbols is not None:
        named.append(Symbols(symbols=_split(options.symbols)))
    if options.universe is not None:
        named.append(find_list(options.universe))
    if options.file is not None:
        named.append(SymbolFile(file=options.file))
    if len(named) > 1:
        raise SelectionError(
            "only one of SYMBOL..., --universe, --symbols and --file can select the "
            f"symbols, got {len(named)} of them",
            "drop all but one",
        )
    return named[0] if named else None


def _split(text: str) -> tuple[str, ...]:
    symbols = split_symbols(text)
    if not symbols:
        raise SelectionError(
            f"`symbols` must name at least one symbol, got {quote_value(text)}",
            "write e.g. CBA.AX,AAPL",
        )
    return symbols


def _default_selection(options: SourceOptions) -> Selection:
    """Return the sample's own list, else ask at the terminal for a list."""
    if options.source == "sample":
        return Universe(universe="sample")
    universes = read_settings(Home.at(options.home).root).all_universes
    if not sys.stdin.isatty():
        raise SelectionError(
            "no symbols are selected",
            "name SYMBOL..., --file F or --universe with one of "
            f"{', '.join(map(shlex.quote, universes))}",
        )
    names = list(universes)
    for number, name in enumerate(names, start=1):
        typer.echo(plain_text(f"{number:3}  {name:14} {' '.join(universes[name])}"))
    while True:
        answer = typer.prompt("Number or name of a list, symbols, or a file")
        try:
            selection = _selection_of(answer.strip().strip('"'), names)
            read_selection(selection, universes)
        except OvernightError as error:
            typer.echo(error.sentence, err=True)
        else:
            return selection


def _selection_of(answer: str, names: list[str]) -> Selection:
    """Return the selection of an answer: list, file, or symbols.

    Raises
    ------
    SelectionError
        If the answer is a number that no list has.
    """
    if answer in names:
        return find_list(answer)
    if answer.isdecimal():
        if not 1 <= int(answer) <= len(names):
            raise SelectionError(f"the list must be 1 to {len(names)}, got {answer}")
        return find_list(names[int(answer) - 1])
    if answer.lower().endswith(FILE_ENDINGS):
        return SymbolFile(file=Path(answer))
    return Symbols(symbols=_split(answer))


def parse_date(name: str, text: str | None) -> date | None:
    """Return the date of the option `name`, None if it was not given.

    Raises
    ------
    ParameterError
        If the text is no date.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(
            f"`{name}` must be a date like 2025-11-10, got {quote_value(text)}"
        ) from error


def parse_source(text: str | None) -> "SourceName | None":
    """Return the price source, None if it was not given.

    Raises
    ------
    ParameterError
        If there is no such source.
    """
    from market_data.sources import SourceName  # noqa: PLC0415  loads pandas

    names = get_args(SourceName)
    if text is not None and text not in names:
        raise ParameterError(
            f"`source` must be one of {', '.join(names)}, got {quote_value(text)}",
            "pass one of them",
        )
    return cast("SourceName | None", text)


def parse_sit_out(text: str | None) -> SitOut | None:
    """Return the rule for sit-outs, None if it was not given.

    Raises
    ------
    ParameterError
        If there is no such rule.
    """
    if text is None:
        return None
    for rule in get_args(SitOut):
        if text == rule:
            return cast("SitOut", rule)
    raise ParameterError(
        f"`sit_out` must be published or reaction, got {quote_value(text)}",
        "pass one of them",
    )


def _parse_parameters(options: ParameterOptions, source: str) -> dict[str, Any]:
    """Return `preset` and `parameters` of a flow."""
    preset = options.preset or ("quick_test" if source == "sample" else "standard")
    given = {
        name: value
        for name in TrainingOverrides.model_fields
        if (value := getattr(options, name)) is not None
    }
    if options.lstm_units is not None:
        given["lstm_units"] = _parse_units(options.lstm_units)
    checked = training_parameters(preset, **given).model_dump(include=set(given))
    return {"preset": preset, "parameters": TrainingOverrides.model_validate(checked)}


def _parse_units(text: str) -> tuple[int, int]:
    try:
        return TypeAdapter(LayerUnits).validate_python(tuple(text.split(",")))
    except ValidationError as error:
        raise ParameterError(
            "`lstm_units` must be two numbers of units from 1 to 512, got "
            f"{quote_value(text)}",
            "write e.g. 100,50",
        ) from error
