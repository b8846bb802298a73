"""The holdings in the home on its last published night, for `overnight holdings`."""

from datetime import datetime, timedelta

from config.errors import RunError
from pipeline.earlier_runs import read_kept_findings
from pipeline.holdings import read_night_holdings
from screening.holdings.holdings_file import read_holdings
from screening.holdings.night import NightHoldings
from status.published import PublishedNight
from storage.home import Home


def holdings_of_home(
    home: Home, published: PublishedNight, now: datetime
) -> NightHoldings:
    """Return what `holdings.csv` holds now, on a published night.

    Raises
    ------
    RunError
        If there is no file of holdings.
    """
    night, rows = published.night, published.rows
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
