"""How a command prints: for a person at a terminal, into a file, or for a program.

Tables and lines fit 80 columns and use ASCII only, which every terminal can show.
"""

import io
import json
import os
import sys
import textwrap
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

import typer
from rich.box import Box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.plain_text import plain_text

if TYPE_CHECKING:
    from pydantic import BaseModel

TABLE_STYLE: dict[str, Any] = {
    "box": Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True),
    "padding": (0, 1, 0, 0),
    "pad_edge": False,
}
"""The style of all tables: one line under the headings, in ASCII, since code pages of
Windows lack the usual line."""


def new_table(*headings: str, left: Container[str], title: str | None = None) -> Table:
    """Return an empty table; columns that `left` does not name are right-aligned."""
    table = Table(title=title, **TABLE_STYLE)
    for heading in headings:
        table.add_column(heading, justify="left" if heading in left else "right")
    return table


def tolerate_narrow_encodings() -> None:
    """Print `?` for a character that the terminal's encoding lacks.

    A headline in another script would otherwise end the command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


CALL_COLOURS = {"BUY": "green", "SELL": "red"}


def coloured_call(call: str) -> str:
    """Return the call with markup: green or red where there is a terminal."""
    colour = CALL_COLOURS.get(call)
    return f"[{colour}]{call}[/]" if colour else literal(call)


def show_step(text: str) -> None:
    """Print on stderr what a command is doing, if a person watches it."""
    if sys.stderr.isatty():
        typer.echo(f"{text} ...", err=True)


def show_note(text: str) -> None:
    """Print a note on stderr, so that stdout stays for programs; "" is no note."""
    if text:
        typer.echo(f"overnight: note: {plain_text(text)}", err=True)


def literal(text: object) -> str:
    """Return the text for a line with markup, which is printed as it is."""
    return escape(plain_text(str(text)))


def say(console: Console, text: str) -> None:
    """Print sentences with markup, wrapped at words for a person, unwrapped to a file.

    A path longer than the line is not broken, so that it can be copied.
    """
    if console.is_terminal or "COLUMNS" in os.environ:
        text = "\n".join(_wrap(line, console.width) for line in text.splitlines())
    console.print(text, soft_wrap=True)


def _wrap(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_result[Result: "BaseModel"](
    result: Result, render: Callable[[Result], None], *, as_json: bool
) -> None:
    """Print the result as JSON for a program, else with `render` for a person."""
    if as_json:
        print_json(result)
    else:
        render(result)


def print_json(value: "BaseModel") -> None:
    """Print the value as ASCII JSON, which no terminal changes."""
    typer.echo(json.dumps(json.loads(value.model_dump_json()), indent=2))
