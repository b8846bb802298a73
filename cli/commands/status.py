"""The command `overnight status`."""

from datetime import UTC, datetime

from cli.options import StatusOptions, command
from cli.output import print_result, show_note
from cli.request import parse_selection
from cli.tables import show_statuses
from status.model_status import model_statuses
from status.published import find_unreadable_note
from storage.home import Home


@command(StatusOptions)
def status(options: StatusOptions) -> None:
    """Show each symbol's model: grade, skill, age, stale or not.

    For example: overnight status --universe asx_priority
    """
    show_note(find_unreadable_note(Home.existing(options.home)))
    selection = parse_selection(options)
    found = model_statuses(selection, options.home, datetime.now(UTC))
    print_result(found, show_statuses, as_json=options.json)
