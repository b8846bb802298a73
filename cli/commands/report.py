"""The command `overnight report`."""

import webbrowser

import typer

from cli.options import ReportOptions, command
from cli.output import show_note
from cli.request import parse_date
from status.published import (
    find_published_report,
    find_unreadable_note,
    page_address,
)
from storage.home import Home


@command(ReportOptions)
def report(options: ReportOptions) -> None:
    """Print where a night's morning report is; --open shows it.

    For example: overnight report 2025-11-10 --open
    """
    home = Home.existing(options.home)
    show_note("" if options.night else find_unreadable_note(home))
    found = find_published_report(home, parse_date("night", options.night))
    typer.echo(str(found))
    if options.open:
        webbrowser.open(page_address(found))
