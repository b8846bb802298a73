"""Which symbols a run takes: a universe, symbols, or a file; exactly one of them."""

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
from storage.paths import read_bytes

SymbolText = Annotated[str, Field(json_schema_extra={"pattern": FORM_PATTERN})]
"""What a person typed as a symbol; a server refuses by the pattern what can be none."""

LONGEST_PATH_SHOWN = 200

TABLE_SUFFIXES = (".csv", ".tsv")

MOST_NAMED = 5
"""Lines of a file that a notice names one by one."""

LARGEST_FILE_BYTES = 5_000_000
"""More than any list of symbols has; a wrong file, or a device, is not read whole."""


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
    """Symbols one by one."""

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
    """The symbols of a run, and sentences on what of a file was left out."""

    symbols: tuple[str, ...]
    notices: tuple[str, ...] = ()


def find_list(name: str) -> Universe | OwnList:
    """Return the list of that name: a built-in one, else one of the user's own."""
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
        For an unknown universe, an unreadable file or a text that is no symbol; a
        file's message names the line.
    """
    return read_selection(selection, universes).symbols


def read_selection(
    selection: Selection, universes: Mapping[str, tuple[str, ...]]
) -> SelectedSymbols:
    """Return what `select_symbols` does, with what of a file was left out.

    Raises
    ------
    SelectionError
        As `select_symbols`.
    """
    notices: tuple[str, ...] = ()
    match selection:
        case Universe(universe=name) | OwnList(own_list=name):
            named = [(one, f"universe {name}: ") for one in _universe(name, universes)]
        case Symbols(symbols=texts):
            named = [(text, "") for text in texts]
        case SymbolFile(file=path):
            named, notices = _from_file(path)
    return SelectedSymbols(tuple(dict.fromkeys(_parse_all(named))), notices)


def split_symbols(text: str) -> tuple[str, ...]:
    """Return the comma-separated parts of `text` that hold something."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _universe(name: str, universes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if name not in universes:
        raise SelectionError(
            f"`universe` must be one of {', '.join(universes)}, got {quote_value(name)}."
        )
    return universes[name]


def _parse_all(named: Iterable[tuple[str, str]]) -> Iterable[str]:
    for text, place in named:
        try:
            yield parse_symbol(text)
        except SelectionError as error:
            raise SelectionError(f"{place}{error}") from error


def _from_file(path: Path) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Return (text, place) pairs, the place opening an error, and what is left out."""
    try:
        text = _decoded(read_bytes(path, LARGEST_FILE_BYTES))
    except (OSError, ValueError) as error:
        raise SelectionError(
            f"`file` must be a readable UTF-8 text, got "
            f"{str(path)[:LONGEST_PATH_SHOWN]!r}: "
            f"{getattr(error, 'strerror', None) or error}."
        ) from error
    notices: tuple[str, ...] = ()
    if path.suffix.lower() == ".json":
        found = _json_entries(path, text)
    else:
        found, notices = _listed_entries(path, text)
    if not found:
        raise SelectionError(
            f"`file` must hold at least one symbol, got none in {path}; "
            f"{'; '.join(notices) or 'write one symbol per line'}."
        )
    return found, notices


def _decoded(content: bytes) -> str:
    """Return the text; spreadsheets save UTF-16 with a byte-order mark."""
    return content.decode(detect_encoding(content) or "utf-8")


def _listed_entries(
    path: Path, text: str
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    entries = read_watchlist(text, is_table=path.suffix.lower() in TABLE_SUFFIXES)
    used = [
        (entry.text, f"{path.name} line {entry.line}: ")
        for entry in entries
        if not entry.left_out
    ]
    lost = [entry for entry in entries if entry.left_out]
    if not lost:
        return used, ()
    said = [
        f"line {entry.line} {quote_value(entry.text)} ({entry.left_out})"
        for entry in lost[:MOST_NAMED]
    ]
    more = f", and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else ""
    return used, (f"{path.name}: left out {', '.join(said)}{more}",)


def _json_entries(path: Path, text: str) -> list[tuple[str, str]]:
    try:
        value = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        raise SelectionError(
            f"`file` must hold valid JSON, got {path}: {error}."
        ) from error
    entries = value.get("symbols") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise SelectionError(
            f"`file` must hold a JSON list, or an object with a `symbols` list, "
            f"got {type(value).__name__} in {path}."
        )
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str):
            raise SelectionError(
                f"{path.name} entry {number} must be a symbol in quotes, "
                f"got {quote_value(entry)}."
            )
    return [
        (entry, f"{path.name} entry {number}: ")
        for number, entry in enumerate(entries, start=1)
    ]
