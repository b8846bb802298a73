"""The command `overnight model status`."""

import typer

from cli.errors import Exit
from cli.options import HomeOptions, command
from cli.output import print_result
from cli.tables import show_language_model
from status.language_model import language_model
from storage.home import Home
from storage.settings_file import read_settings


@command(HomeOptions)
def model_status(options: HomeOptions) -> None:
    """Show whether FinBERT is on this machine and reads news correctly.

    For example: overnight model status
    """
    print_language_model(options, fetch=False)


def print_language_model(options: HomeOptions, *, fetch: bool) -> None:
    """Print the status of the language model; exit with 1 if it is not usable."""
    settings = read_settings(Home.existing(options.home).root).sentiment
    found = language_model(settings, fetch=fetch)
    print_result(found, show_language_model, as_json=options.json)
    raise typer.Exit(Exit.ALL_USABLE if found.usable else Exit.RUN_FAILED)
