"""The holdings in the home on its last published night, for `overnight holdings`."""

from datetime import date, datetime, timedelta

from config.errors import RunError
from pipeline.earlier_runs import read_kept_findings
from pipeline.holdings import read_night_holdings
from screening.holdings.holdings_file import read_holdings
from screening.holdings.night import NightHoldings
from status.published import latest_night, read_published_rows
from storage.home import Home


def holdings_of_home(home: Home, as_of: date | None, now: datetime) -> NightHoldings:
    """Return what `holdings.csv` holds now, on the night of `as_of`; None: the latest.

    Raises
    ------
    RunError
        If there is no file of holdings, no such night, or its CSV can't be read.
    """
    rows = read_published_rows(home, as_of)
    night = as_of or latest_night(home)
    listed = [row["symbol"] for row in rows]
    held = read_holdings(home.holdings, now.date() + timedelta(days=1), listed)
    if not held.present:
        raise RunError(
            f"there is no {home.holdings}",
            "write it with the heading `symbol,quantity` (docs/holdings.md)",
        )
    tables = home.nights / night.isoformat()
    return read_night_holdings(
        night, tables, held, rows, read_kept_findings(tables, rows)
    )
