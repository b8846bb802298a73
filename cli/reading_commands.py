"""Commands that only read what nights have left: they need no lock and no server."""

import webbrowser
from datetime import UTC, datetime

import typer

from cli.errors import one_sentence_errors
from cli.options import ExplainOptions, HomeOptions, ReportOptions, taking
from cli.output import print_json


def show_home_status(home: str, *, as_json: bool) -> None:
    """Print where the home stands and what to do next: `overnight` alone."""
    with one_sentence_errors(debug=False):
        from cli.render_home_status import print_home_status  # noqa: PLC0415
        from status.home_status import standing  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415

        Home.existing(home)
        found = standing(home, datetime.now(UTC))
        if as_json:
            print_json(found)
        else:
            print_home_status(found)


@taking(HomeOptions)
def track_record(options: HomeOptions) -> None:
    """Show how past calls fared: hit rates, mean returns, by call, component and haircut.

    Live calls count; replayed nights stand apart, since their outcome was known.

    For example: overnight track-record --home ~/overnight
    """
    with one_sentence_errors(debug=False):
        from cli.render_record import show_records  # noqa: PLC0415
        from screening.track_record.ledger import Ledger  # noqa: PLC0415
        from screening.track_record.track_record import track_records  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415
        from storage.settings_file import read_settings  # noqa: PLC0415

        home = Home.existing(options.home)
        settings, ledger = read_settings(home.root), Ledger(home.track_record)
        found = track_records(
            ledger.calls(), ledger.outcomes(), settings.track_record, datetime.now(UTC)
        )
        if options.json:
            print_json(found)
        else:
            show_records(found)


@taking(ExplainOptions)
def explain(options: ExplainOptions) -> None:
    """Show a call term by term, and what would flip it.

    All numbers follow from the symbol's row of that night's CSV.

    For example: overnight explain CBA.AX --as-of 2025-11-10
    """
    with one_sentence_errors(debug=False):
        from cli.render_explanation import show_explanation  # noqa: PLC0415
        from cli.request import parse_date  # noqa: PLC0415
        from screening.explanation import explain  # noqa: PLC0415
        from status.published import not_as_written, read_published_row  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415
        from storage.settings_file import read_settings  # noqa: PLC0415

        home = Home.existing(options.home)
        settings = read_settings(home.root)
        row = read_published_row(
            home, options.symbol, parse_date("as_of", options.as_of)
        )
        try:
            found = explain(row, settings)
        except ValueError as error:
            raise not_as_written(f"the row of {row['symbol']}", error) from error
        if options.json:
            print_json(found)
        else:
            show_explanation(found)


@taking(ReportOptions)
def report(options: ReportOptions) -> None:
    """Say where a night's morning report lies; with --open, show it in the browser.

    For example: overnight report 2025-11-10 --open
    """
    with one_sentence_errors(debug=False):
        from cli.request import parse_date  # noqa: PLC0415
        from status.published import find_published_report, page_address  # noqa: PLC0415
        from storage.home import Home  # noqa: PLC0415

        found = find_published_report(
            Home.existing(options.home), parse_date("night", options.night)
        )
        typer.echo(str(found))
        if options.open:
            webbrowser.open(page_address(found))
