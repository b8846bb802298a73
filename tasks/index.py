"""Task: the closes of an exchange's index, through the same source and store."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import SymbolError
from config.home import write_whole
from market_data.prices import ADJUSTED_CLOSE
from market_data.sources import PriceSource
from market_data.store import PriceStore
from screening.findings import IndexFindings
from tasks.night import Night


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
    path = night.table("index", symbol)
    write_whole(path, closes.to_parquet)
    return IndexFindings(path)
