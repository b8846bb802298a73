"""What the command line was asked for, checked and made into a flow's arguments."""

import sys
from datetime import date
from typing import Any

import typer

from cli.options import (
    EvaluateOptions,
    NightOptions,
    SelectionOptions,
    SourceOptions,
    TrainOptions,
)
from config.errors import ParameterError, SelectionError, quote_value
from config.parameters import TrainingOverrides, training_parameters
from config.plain_text import plain_text
from market_data.selection import (
    Selection,
    SymbolFile,
    Symbols,
    Universe,
    find_list,
    split_symbols,
)
from storage.home import Home
from storage.settings_file import read_settings


def flow_arguments(options: TrainOptions, train: str) -> dict[str, Any]:
    """Return the arguments of a flow, its own types where text could be wrong.

    Raises
    ------
    UsageError
        For a value that can't be read; the plan of the night checks the rest.
    """
    return night_arguments(options) | {
        "train": train,
        **_parsed_parameters(options),
    }


def evaluation_arguments(options: EvaluateOptions) -> dict[str, Any]:
    """Return the arguments of the last of the nights that are run again.

    Raises
    ------
    UsageError
        As `flow_arguments`.
    """
    return {
        **_source_arguments(options),
        "as_of": parse_date("to", options.last),
        "train": "always",
        **_parsed_parameters(options),
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
        "preset": "standard",
        "parameters": TrainingOverrides(),
    }


def _source_arguments(options: SourceOptions) -> dict[str, Any]:
    """Return which symbols, from where, and the home."""
    return {
        "selection": parse_selection(options) or _asked_selection(options),
        "source": options.source,
        "folder": options.folder,
        "home": options.home,
    }


def parse_selection(options: SelectionOptions) -> Selection | None:
    """Return the one selection that was named, None where none was.

    Raises
    ------
    SelectionError
        If more than one was named, or `--symbols` holds none.
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
            "A run must take one of SYMBOL..., --universe, --symbols and --file, "
            f"got {len(named)} of them; drop all but one."
        )
    return named[0] if named else None


def _split(text: str) -> tuple[str, ...]:
    symbols = split_symbols(text)
    if not symbols:
        raise SelectionError(
            f"`symbols` must name at least one symbol, got {quote_value(text)}; "
            "e.g. CBA.AX,AAPL."
        )
    return symbols


def _asked_selection(options: SourceOptions) -> Selection:
    """Return the sample's own list, or what a person at the terminal picks."""
    if options.source == "sample":
        return Universe(universe="sample")
    universes = read_settings(Home.at(options.home).root).all_universes
    if not sys.stdin.isatty():
        raise SelectionError(
            "A run must be told its symbols, got none; name SYMBOL..., --file F or "
            f"--universe with one of {', '.join(universes)}."
        )
    names = list(universes)
    for number, name in enumerate(names, start=1):
        typer.echo(plain_text(f"{number:3}  {name:14} {' '.join(universes[name])}"))
    number = typer.prompt("Which list", type=int)
    if not 1 <= number <= len(names):
        raise SelectionError(f"The list must be 1 to {len(names)}, got {number}.")
    return find_list(names[number - 1])


def parse_date(name: str, text: str | None) -> date | None:
    """Return the date of the option `name`, None where it was not given.

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
            f"`{name}` must be a date like 2025-11-10, got {quote_value(text)}."
        ) from error


def require_date(text: str | None) -> date:
    """Return the first as-of session asked for.

    Raises
    ------
    ParameterError
        If there is none, or the text is no date.
    """
    first = parse_date("from", text)
    if first is None:
        raise ParameterError("`from` must be a date like 2025-11-10, got none.")
    return first


def _parsed_parameters(options: EvaluateOptions | TrainOptions) -> dict[str, Any]:
    """Return `preset` and `parameters` of a flow."""
    preset = options.preset or (
        "quick_test" if options.source == "sample" else "standard"
    )
    given = {
        "epochs": options.epochs,
        "sequence_length": options.sequence_length,
        "batch_size": options.batch_size,
        "validation_split": options.validation_split,
        "period": options.period,
        "dropout": options.dropout,
    }
    checked = training_parameters(preset, **given).model_dump()
    asked = {name: checked[name] for name, value in given.items() if value is not None}
    return {"preset": preset, "parameters": TrainingOverrides.model_validate(asked)}
