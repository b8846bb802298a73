"""Task: a symbol's prices from the source through the store, checked and adjusted."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from config.home import write_whole
from config.plain_text import plain_text
from market_data.prices import adjusted
from market_data.quality import checked
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from screening.findings import PriceFindings
from tasks.night import Night
from tasks.receipts import Receipts, once_a_night


@task(task_run_name="download {symbol} {night.as_of}", cache_policy=NO_CACHE)
def download(
    night: Night, source: PriceSource, receipts: Receipts, symbol: str
) -> PriceFindings | State[PriceFindings]:
    """Return where the symbol's adjusted prices lie and what is wrong with them."""
    return once_a_night(
        receipts,
        "download",
        symbol,
        lambda: downloaded(night, source, symbol),
        PriceFindings,
    )


def downloaded(night: Night, source: PriceSource, symbol: str) -> PriceFindings:
    """Fetch, check and store the symbol's prices; return what `download` does."""
    as_of = night.as_of_of(symbol)
    settings = night.settings.prices
    store = PriceStore(night.home.prices, source, settings)
    history = store.history(symbol, night.first_date(symbol), as_of)
    found = checked(history.frame, exchange_of(symbol).code, as_of, settings)
    path = night.table("prices", symbol)
    write_whole(path, adjusted(found.frame).to_parquet)
    return PriceFindings(
        path=path,
        sessions=len(found.frame),
        currency=plain_text(history.currency),
        source=history.source,
        defects=tuple(defect.sentence for defect in found.defects),
        repairs=found.repairs,
        company=" ".join(plain_text(history.company).split()),
        dividends=history.dividends,
    )
