"""The edge of every command: an error becomes one sentence on stderr and an exit code.

Imports nothing heavy: `overnight --help` loads this module.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from config.errors import OvernightError
from config.plain_text import plain_text


class Exit(IntEnum):
    """How a run that was asked for rightly ended; wrong use is 2, as typer has it."""

    ALL_USABLE = 0
    RUN_FAILED = 1
    SYMBOLS_FAILED = 3
    INTERRUPTED = 130


@contextmanager
def one_sentence_errors(*, debug: bool) -> Iterator[None]:
    """Turn an error into one sentence on stderr and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except Exception as error:  # The edge: nobody above it can answer.
        if debug:
            raise
        typer.echo(f"overnight: {one_line(_sentence(error))}", err=True)
        code = getattr(error, "exit_code", Exit.RUN_FAILED)
        raise typer.Exit(code) from error


def one_line(text: str) -> str:
    """Return the text without line ends and what a terminal would run, as in paths."""
    return " ".join(plain_text(text).split())


def _sentence(error: Exception) -> str:
    if isinstance(error, OvernightError):
        return str(error)
    said = " ".join(str(error).split())[:200]
    return (
        f"the run must end by itself, got {type(error).__name__}: {said}; "
        "run again with --debug for the whole story."
    )
