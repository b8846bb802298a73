"""How a command speaks: to a person at a terminal, to a file, to a program.

Tables and lines fit 80 columns and hold no character that an old terminal lacks.
"""

import io
import json
import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import typer
from rich.box import Box
from rich.console import Console
from rich.markup import escape

from config.plain_text import plain_text

if TYPE_CHECKING:
    from pydantic import BaseModel

_HEAD_LINE = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)

TABLE_STYLE: dict[str, Any] = {
    "box": _HEAD_LINE,
    "padding": (0, 1, 0, 0),
    "pad_edge": False,
}
"""How tables are drawn: one line under the head, in ASCII, since a code page of Windows
lacks the usual one."""


def tolerate_narrow_encodings() -> None:
    """Let a character that the terminal's encoding lacks come out as `?`.

    A headline in another script must not end the command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def literal(text: object) -> str:
    """Return a text as it may stand in a line with markup: shown as it is.

    Brackets are no markup, and control characters are removed.
    """
    return escape(plain_text(str(text)))


def say(console: Console, text: str) -> None:
    """Print sentences (markup): broken at words for a person, whole for a file.

    A path longer than the line stays whole: it is there to be copied.
    """
    if console.is_terminal or "COLUMNS" in os.environ:
        text = "\n".join(_filled(line, console.width) for line in text.splitlines())
    console.print(text, soft_wrap=True)


def _filled(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_json(value: "BaseModel") -> None:
    """Print the value for a program, in ASCII: no terminal changes a character."""
    typer.echo(json.dumps(json.loads(value.model_dump_json()), indent=2))
