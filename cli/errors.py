"""Turns an error of a command into one sentence on stderr and an exit code.

`overnight --help` imports this module, so it imports nothing heavy.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from config.errors import LostHome, OvernightError
from config.plain_text import plain_text


class Exit(IntEnum):
    """The exit codes of a valid command; typer ends an invalid command with 2."""

    ALL_USABLE = 0
    RUN_FAILED = 1
    SYMBOLS_FAILED = 3
    INTERRUPTED = 130


@contextmanager
def one_sentence_errors(*, debug: bool) -> Iterator[None]:
    """Turn an error into one sentence and an exit code; with `debug`, raise it."""
    if debug:  # A stage's failure becomes a reason; its traceback is only logged.
        logging.basicConfig()
        logging.getLogger("pipeline").setLevel(logging.DEBUG)
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    # The command has no caller that could handle any of them.
    except (Exception, LostHome) as error:
        if debug:
            raise
        typer.echo(f"overnight: {one_line(_sentence(error))}", err=True)
        code = getattr(error, "exit_code", Exit.RUN_FAILED)
        raise typer.Exit(code) from error


def one_line(text: str) -> str:
    """Return the text on one line, without control characters."""
    return " ".join(plain_text(text).split())


def _sentence(error: BaseException) -> str:
    if isinstance(error, OvernightError | LostHome):
        return str(error)
    detail = one_line(str(error))[:200]
    return (
        f"unexpected error ({type(error).__name__}: {detail}); run again with --debug "
        "for the traceback."
    )
