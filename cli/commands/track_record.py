"""The command `overnight track-record`."""

from datetime import UTC, datetime

from cli.options import RecordOptions, command
from cli.output import print_result, show_note
from cli.render_record import show_records
from cli.render_symbol_record import show_symbol_record
from config.errors import ParameterError
from screening.track_record.open_record import read_records
from status.published import find_unreadable_note
from status.symbol_record import read_symbol_record
from storage.home import Home
from storage.settings_file import read_settings

SHOWN = 20
"""Calls of a symbol that are shown without --all."""


@command(RecordOptions)
def track_record(options: RecordOptions) -> None:
    """Show how past calls turned out, or the calls of one symbol.

    Hit rates are counted by call, component and haircut. Live calls are counted apart
    from replayed nights, whose outcome was known. With a symbol: its last 20 calls,
    and what came of each.

    For example: overnight track-record CBA.AX --home ~/overnight
    """
    home, now = Home.existing(options.home), datetime.now(UTC)
    show_note(find_unreadable_note(home))
    settings = read_settings(home.root)
    if options.symbol:
        limit = None if options.all else SHOWN
        of_symbol = read_symbol_record(home, options.symbol, settings, now, limit)
        print_result(of_symbol, show_symbol_record, as_json=options.json)
        return
    if options.all:
        raise ParameterError(
            "`--all` needs a symbol", "write e.g. `overnight track-record CBA.AX --all`"
        )
    found = read_records(home.track_record, settings.track_record, now)
    print_result(found, show_records, as_json=options.json)
