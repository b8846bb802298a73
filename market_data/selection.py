"""The symbols of a run: a universe, typed symbols, a file or an own list."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from config.errors import SelectionError, quote_value
from config.plain_text import detect_encoding
from config.universes import UNIVERSES
from market_data.symbols import FORM_PATTERN, parse_symbol
from market_data.watchlists import read_watchlist
from storage.paths import expand_user, read_bytes

SymbolText = Annotated[str, Field(json_schema_extra={"pattern": FORM_PATTERN})]
"""Text typed as a symbol; Prefect's server refuses text that the pattern excludes."""

MAX_PATH_SHOWN = 200

TABLE_SUFFIXES = (".csv", ".tsv")

MAX_NAMED = 5
"""A notice names this many lines of a file and counts the others."""

MAX_FILE_BYTES = 5_000_000
"""A larger file is refused: no list of symbols is that large."""


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


ListName = Literal[
    "asx_priority",
    "australian",
    "us_tech",
    "us_mega",
    "uk_ftse",
    "top10",
    "sample",
]
"""The names of `config.universes`, as choices of a form."""


class Universe(_Choice):
    """A stock list that comes with the product."""

    universe: Annotated[ListName, Field(description="Name of the stock list")]


class Symbols(_Choice):
    """Symbols that are typed."""

    symbols: Annotated[
        tuple[SymbolText, ...],
        Field(description="Yahoo-style tickers, e.g. CBA.AX", min_length=1),
    ]


class SymbolFile(_Choice):
    """A file of symbols."""

    model_config = ConfigDict(title="File")

    file: Annotated[
        Path,
        Field(description=".txt, .csv or .json of symbols, on the worker's machine"),
    ]


class OwnList(_Choice):
    """A stock list of the user's own, from `overnight.toml` in the home."""

    model_config = ConfigDict(title="Own list")

    own_list: Annotated[str, Field(description="Its name there")]


Selection = Universe | Symbols | SymbolFile | OwnList


@dataclass(frozen=True)
class SelectedSymbols:
    """The symbols of a run, and notices of the lines of a file that were left out."""

    symbols: tuple[str, ...]
    notices: tuple[str, ...] = ()


def find_list(name: str) -> Universe | OwnList:
    """Return the built-in list of that name; if there is none, the user's own."""
    if name in UNIVERSES:
        return Universe(universe=cast("ListName", name))
    return OwnList(own_list=name)


def select_symbols(
    selection: Selection, universes: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the symbols asked for, in order, without duplicates.

    Raises
    ------
    SelectionError
        For an unknown universe, an unreadable file or text that is not a symbol; the
        message names the line of a file.
    """
    return read_selection(selection, universes).symbols


def read_selection(
    selection: Selection, universes: Mapping[str, tuple[str, ...]]
) -> SelectedSymbols:
    """Return the symbols as `select_symbols`, with notices of lines left out.

    Raises
    ------
    SelectionError
        As `select_symbols`.
    """
    notices: tuple[str, ...] = ()
    match selection:
        case Universe(universe=name) | OwnList(own_list=name):
            named = [
                (text, f"universe {name}: ") for text in _universe(name, universes)
            ]
        case Symbols(symbols=texts):
            named = [(text, "") for text in texts]
        case SymbolFile(file=path):
            named, notices = _from_file(path)
    return SelectedSymbols(tuple(dict.fromkeys(_parse_all(named))), notices)


def split_symbols(text: str) -> tuple[str, ...]:
    """Return the comma-separated parts of `text` that are not empty."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _universe(name: str, universes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if name not in universes:
        raise SelectionError(
            f"`universe` must be one of {', '.join(universes)}, got {quote_value(name)}"
        )
    return universes[name]


def _parse_all(named: Iterable[tuple[str, str]]) -> Iterable[str]:
    for text, place in named:
        try:
            yield parse_symbol(text)
        except SelectionError as error:
            raise SelectionError(f"{place}{error.problem}", error.fix) from error


def _from_file(path: Path) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Return (text, place) pairs and notices; error messages begin with the place."""
    path = expand_user(path)
    try:
        text = _decode(read_bytes(path, MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        raise SelectionError(
            f"{str(path)[:MAX_PATH_SHOWN]!r} cannot be read as text "
            f"({getattr(error, 'strerror', None) or error})",
            "pass a UTF-8 file with --file",
        ) from error
    notices: tuple[str, ...] = ()
    if path.suffix.lower() == ".json":
        found = _json_entries(path, text)
    else:
        found, notices = _list_entries(path, text)
    if not found:
        raise SelectionError(
            "; ".join([f"there is no symbol in {path}", *notices]),
            "write one symbol per line",
        )
    return found, notices


def _decode(content: bytes) -> str:
    """Return the text; spreadsheets save UTF-16 with a byte-order mark."""
    return content.decode(detect_encoding(content) or "utf-8")


def _list_entries(
    path: Path, text: str
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    entries = read_watchlist(text, is_table=path.suffix.lower() in TABLE_SUFFIXES)
    used = [
        (entry.text, f"{path.name} line {entry.line}: ")
        for entry in entries
        if not entry.left_out
    ]
    omitted = [entry for entry in entries if entry.left_out]
    if not omitted:
        return used, ()
    named = [
        f"line {entry.line} {quote_value(entry.text)} ({entry.left_out})"
        for entry in omitted[:MAX_NAMED]
    ]
    more = f", and {len(omitted) - MAX_NAMED} more" if len(omitted) > MAX_NAMED else ""
    return used, (f"{path.name}: left out {', '.join(named)}{more}",)


def _json_entries(path: Path, text: str) -> list[tuple[str, str]]:
    try:
        value = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        raise SelectionError(
            f"{path} is not valid JSON ({error})", "correct the file"
        ) from error
    entries = value.get("symbols") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise SelectionError(
            f"{path} must hold a JSON list, or an object with a `symbols` list, got "
            f"{type(value).__name__}",
            "correct the file",
        )
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            raise SelectionError(
                f"{path.name} entry {number} must be a symbol in quotes, got "
                f"{quote_value(entry)}",
                "correct the file",
            )
    return [
        (entry, f"{path.name} entry {number}: ")
        for number, entry in enumerate(entries, start=1)
    ]
