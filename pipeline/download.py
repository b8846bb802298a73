"""Stage: a symbol's prices from the source through the store, checked and adjusted."""

import pandas as pd

from config.plain_text import plain_text
from market_data.adjustment import check_adjustment
from market_data.companies import note_unused_name
from market_data.prices import adjust_prices
from market_data.quality import check_prices
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of, quotes_subunits
from pipeline.checkpoints import Checkpoints
from pipeline.night_tables import is_whole, read_or_rebuild, write_night_table
from pipeline.plan import RunPlan
from screening.findings import PriceFindings
from storage.paths import StoragePath


def download_once(
    plan: RunPlan, source: PriceSource, checkpoints: Checkpoints, symbol: str
) -> PriceFindings:
    """Return what an earlier run of the night downloaded, if its table is whole.

    Otherwise as `download`.
    """
    return checkpoints.resume_or_run(
        "download",
        symbol,
        PriceFindings,
        lambda: download(plan, source, symbol),
        lambda found: _is_whole(plan, symbol, found),
    )


def _is_whole(plan: RunPlan, symbol: str, found: PriceFindings) -> bool:
    """Return whether the night's own table of the symbol is still as it was written."""
    own = plan.table("prices", symbol)
    return found.path == own and is_whole(own, "prices", symbol)


def download(plan: RunPlan, source: PriceSource, symbol: str) -> PriceFindings:
    """Return where the symbol's adjusted prices lie and what is wrong with them.

    Raises
    ------
    SymbolError
        If the source has no usable prices of the symbol.
    StorageError
        If the home can't be written.
    """
    as_of = plan.as_of_for(symbol)
    settings = plan.settings.prices
    store = PriceStore(plan.home.prices, source, settings)
    came = store.history(symbol, plan.first_date(symbol), as_of)
    history, readjusted = check_adjustment(
        came, symbol, subunits=quotes_subunits(symbol, came.currency)
    )
    found = check_prices(history.frame, exchange_of(symbol).code, as_of, settings)
    unnamed = note_unused_name(history.company)
    return PriceFindings(
        path=write_night_table(plan, "prices", symbol, adjust_prices(found.frame)),
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
    plan: RunPlan, symbol: str, prices: PriceFindings, source: PriceSource | None
) -> pd.DataFrame:
    """Return the symbol's stored prices, downloaded again where they are damaged.

    Raises
    ------
    SymbolError
        If they are damaged, and no `source` is given or it does not answer.
    """

    def download_again() -> StoragePath | None:
        return download(plan, source, symbol).path if source else None

    return read_or_rebuild(prices.path, "prices", symbol, download_again)
