"""The command `overnight track-record`."""

from datetime import UTC, datetime

from cli.options import HomeOptions, command
from cli.output import print_result
from cli.render_record import show_records
from screening.track_record.ledger import Ledger
from screening.track_record.track_record import track_records
from storage.home import Home
from storage.settings_file import read_settings


@command(HomeOptions)
def track_record(options: HomeOptions) -> None:
    """Show hit rates and mean returns of past calls.

    They are counted by call, component and haircut. Live calls are counted apart from
    replayed nights, whose outcome was known.

    For example: overnight track-record --home ~/overnight
    """
    home = Home.existing(options.home)
    settings, ledger = read_settings(home.root), Ledger(home.track_record)
    found = track_records(
        ledger.calls(), ledger.outcomes(), settings.track_record, datetime.now(UTC)
    )
    print_result(found, show_records, as_json=options.json)
