"""Bare `overnight`: the state of a home and the next steps."""

from datetime import UTC, datetime

from cli.output import print_result
from cli.render_home_status import print_home_status
from status.home_status import read_home_status
from storage.home import Home


def home_status(home: str, *, as_json: bool) -> None:
    """Print the state of the home and what to do next."""
    Home.existing(home)
    found = read_home_status(home, datetime.now(UTC))
    print_result(found, print_home_status, as_json=as_json)
