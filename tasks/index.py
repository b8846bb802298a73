"""Task: the closes of an exchange's index, through the same source and store."""

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import DamagedTable, SymbolError
from config.places import AnyPath
from market_data.prices import ADJUSTED_CLOSE
from market_data.sources import PriceSource
from market_data.store import PriceStore
from screening.findings import IndexFindings
from tasks.night import Night
from tasks.night_tables import read_night_table, write_night_table

STAGE = "index"


@task(task_run_name="index {symbol} {night.as_of}", cache_policy=NO_CACHE)
def index(night: Night, source: PriceSource, symbol: str) -> IndexFindings:
    """Return where the index' closes up to the as-of session lie, or why nowhere.

    A hedge is not worth a failed symbol: what breaks here costs the hedge only.
    """
    as_of = night.as_of_of(symbol)
    store = PriceStore(night.home.prices, source, night.settings.prices)
    try:
        history = store.history(symbol, night.first_date(symbol), as_of)
    except SymbolError as error:
        return IndexFindings(None, str(error))
    closes = history.frame[[ADJUSTED_CLOSE]].sort_index()
    closes = closes[~closes.index.duplicated(keep="last")]
    return IndexFindings(write_night_table(night, STAGE, symbol, closes))


def index_table(
    night: Night, symbol: str, path: AnyPath, source: PriceSource | None
) -> pd.DataFrame:
    """Return the index' stored closes, downloaded again where they are damaged.

    Raises
    ------
    DamagedTable
        If they are damaged, and no `source` is given or it does not answer.
    """
    try:
        return read_night_table(path, STAGE, symbol)
    except DamagedTable:
        found = index.fn(night, source, symbol) if source else None
        if found is None or found.path is None:
            raise
    return read_night_table(found.path, STAGE, symbol)
