"""The night's own table of a symbol's distribution, read for an explanation.

It loads pandas; `overnight explain` imports it only for a reaction session.
"""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from config.errors import DamagedTable
from market_data.symbols import file_stem
from modelling.distribution import HIGH_SHARE, LOW_SHARE, quantile
from screening.interval_explanation import PastMove, StoredDistribution, ZRange
from storage.home import Home
from storage.paths import is_there
from storage.tables import read_signed

STAGE = "distribution"

DRAWN = {"yes": "reaction", "possible": "mixture"}
"""The kind of rows from which a session's outcomes come, by `event_reaction`."""


def read_distribution(
    home: Home, night: date, row: Mapping[str, str]
) -> tuple[StoredDistribution | None, str]:
    """Return what the night's table of the row holds, else the reason why not.

    `night` is the as-of date of the CSV; the row's own may be earlier.

    Raises
    ------
    StorageError
        If the store refuses or does not answer.
    """
    symbol = row["symbol"]
    path = home.nights / night.isoformat() / STAGE / f"{file_stem(symbol)}.parquet"
    if not is_there(path):
        return None, "the night's table is no longer in the home"
    try:
        table = read_signed(path, symbol=symbol, stage=STAGE)
        return _parse(table, DRAWN.get(row["event_reaction"], "")), ""
    except DamagedTable as error:
        return None, error.problem
    except (KeyError, ValueError) as error:
        return None, f"the night's table lacks {error}"


def _parse(table: pd.DataFrame, kind: str) -> StoredDistribution:
    """Return the table's z; `kind` names the rows of the forecast session."""
    past = table[table["past_reaction"]]
    moves = zip(past.index, past["return"], past["z"], strict=True)
    return StoredDistribution(
        ordinary=_z_range(table, "ordinary"),
        drawn=_z_range(table, kind) if kind in table else None,
        pool=str(table.attrs["pool"]),
        mean_size=float(table.attrs["mean_size"]),
        past=tuple(
            PastMove(session=day.date(), move=float(move), z=float(z))
            for day, move, z in moves
        ),
    )


def _z_range(table: pd.DataFrame, kind: str) -> ZRange:
    z = table.loc[table[kind], "z"].to_numpy()
    return ZRange(
        count=len(z), low=quantile(z, LOW_SHARE), high=quantile(z, HIGH_SHARE)
    )
