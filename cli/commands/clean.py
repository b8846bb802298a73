"""The command `overnight clean`."""

import sys
from datetime import UTC, datetime

import typer

from cli.options import CleanOptions, command
from config.errors import ParameterError
from status.unused_symbols import UNUSED_DAYS, find_unused, remove_unused
from storage.home import Home
from storage.lock import one_run_at_a_time


@command(CleanOptions)
def clean(options: CleanOptions) -> None:
    """Remove models, prices and events of symbols no longer screened.

    These are symbols that no list and no holding names, and that no night of the last
    year screened. CSVs, pages and records stay.

    For example: overnight clean --home ~/overnight
    """
    home, now = Home.existing(options.home), datetime.now(UTC)
    with one_run_at_a_time(home):
        found = find_unused(home, now)
    for unused in found:
        kilobytes = max(1, round(unused.size / 1000))
        typer.echo(f"{unused.symbol:10} files: {len(unused.files):4} kB: {kilobytes}")
    if not found:
        typer.echo(
            f"every symbol with files is listed, held, or was screened in the "
            f"last {UNUSED_DAYS} days; nothing to remove"
        )
        return
    if not options.yes:
        _confirm()
    typer.echo(f"files removed: {remove_unused(home, found, now)}")


def _confirm() -> None:
    """Ask at the terminal; end the command unless the answer is yes."""
    if not sys.stdin.isatty():
        raise ParameterError(
            "nothing was removed: no terminal can be asked", "add --yes to remove"
        )
    if not typer.confirm("Remove these files?"):
        typer.echo("nothing was removed")
        raise typer.Exit
