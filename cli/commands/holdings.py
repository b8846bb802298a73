"""The command `overnight holdings`."""

from datetime import UTC, datetime

from cli.options import HoldingsOptions, command
from cli.output import print_result, show_note
from cli.render_holdings import show_holdings
from cli.request import parse_date
from status.holdings import holdings_of_home
from status.published import read_published_night
from storage.home import Home


@command(HoldingsOptions)
def holdings(options: HoldingsOptions) -> None:
    """Show what you hold: value, call, next event and the loss to expect.

    It reads holdings.csv in the home folder, and the last published night.

    For example: overnight holdings --home ~/overnight
    """
    home, night = Home.existing(options.home), parse_date("as_of", options.as_of)
    published = read_published_night(home, night)
    show_note(published.note)
    found = holdings_of_home(home, published, datetime.now(UTC))
    print_result(found, show_holdings, as_json=options.json)
