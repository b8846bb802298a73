"""Stage: a symbol's prices from the source through the store, checked and adjusted."""

import pandas as pd

from config.plain_text import plain_text
from market_data.adjustment import checked_adjustment
from market_data.companies import unused_name
from market_data.prices import adjusted
from market_data.quality import checked
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of, quotes_subunits
from pipeline.checkpoints import Checkpoints
from pipeline.night_tables import is_whole, whole_table, write_night_table
from pipeline.plan import Night
from screening.findings import PriceFindings
from storage.paths import AnyPath


def download_once(
    night: Night, source: PriceSource, checkpoints: Checkpoints, symbol: str
) -> PriceFindings:
    """Return what an earlier run of the night downloaded, if its table is whole.

    Otherwise as `download`.
    """
    return checkpoints.resume_or_run(
        "download",
        symbol,
        PriceFindings,
        lambda: download(night, source, symbol),
        lambda found: _is_whole(night, symbol, found),
    )


def _is_whole(night: Night, symbol: str, found: PriceFindings) -> bool:
    """Return whether the night's own table of the symbol is still as it was written."""
    own = night.table("prices", symbol)
    return found.path == own and is_whole(own, "prices", symbol)


def download(night: Night, source: PriceSource, symbol: str) -> PriceFindings:
    """Return where the symbol's adjusted prices lie and what is wrong with them.

    Raises
    ------
    SymbolError
        If the source has no usable prices of the symbol.
    StorageError
        If the home can't be written.
    """
    as_of = night.as_of_of(symbol)
    settings = night.settings.prices
    store = PriceStore(night.home.prices, source, settings)
    came = store.history(symbol, night.first_date(symbol), as_of)
    history, readjusted = checked_adjustment(
        came, symbol, subunits=quotes_subunits(symbol, came.currency)
    )
    found = checked(history.frame, exchange_of(symbol).code, as_of, settings)
    unnamed = unused_name(history.company)
    return PriceFindings(
        path=write_night_table(night, "prices", symbol, adjusted(found.frame)),
        sessions=len(found.frame),
        currency=plain_text(history.currency),
        source=history.source,
        defects=tuple(defect.sentence for defect in found.defects),
        repairs=(*readjusted, *found.repairs),
        notes=(*history.notes, *found.notes, *unnamed),
        company="" if unnamed else " ".join(plain_text(history.company).split()),
        dividends=history.dividends,
    )


def price_table(
    night: Night, symbol: str, prices: PriceFindings, source: PriceSource | None
) -> pd.DataFrame:
    """Return the symbol's stored prices, downloaded again where they are damaged.

    Raises
    ------
    SymbolError
        If they are damaged, and no `source` is given or it does not answer.
    """

    def download_again() -> AnyPath | None:
        return download(night, source, symbol).path if source else None

    return whole_table(prices.path, "prices", symbol, download_again)
