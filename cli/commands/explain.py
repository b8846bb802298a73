"""The command `overnight explain`."""

from cli.options import ExplainOptions, command
from cli.output import print_result, show_note
from cli.render_explanation import show_explanation
from cli.request import parse_date
from screening import explanation
from screening.interval_explanation import needs_table
from screening.price_changes_file import read_price_changes
from status.published import (
    changed_csv_error,
    find_published_row,
    read_published_night,
)
from storage.home import Home
from storage.settings_file import read_settings


@command(ExplainOptions)
def explain(options: ExplainOptions) -> None:
    """Show a call term by term, and what would change it.

    All numbers are computed from the symbol's row of that night's CSV. On the night
    of a report, the night's own table shows how the wider interval is made.

    For example: overnight explain CBA.AX --as-of 2025-11-10
    """
    home = Home.existing(options.home)
    settings = read_settings(home.root)
    as_of = parse_date("as_of", options.as_of)
    published = read_published_night(home, as_of)
    show_note(published.note)
    row, night = find_published_row(home, published, options.symbol), published.night
    stored, why_not = None, ""
    if needs_table(row):
        from status.night_distribution import (  # noqa: PLC0415  it loads pandas
            read_distribution,
        )

        stored, why_not = read_distribution(home, night, row)
    prices = read_price_changes(home, night).get(row["symbol"])
    try:
        found = explanation.explain(row, settings, stored, why_not, prices)
    except ValueError as error:
        raise changed_csv_error(f"the row of {row['symbol']}", error) from error
    print_result(found, show_explanation, as_json=options.json)
