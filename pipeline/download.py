"""Stage: download a symbol's prices through the store, check and adjust them."""

from contextlib import suppress
from functools import partial

import pandas as pd

from config.errors import DamagedTable
from config.plain_text import plain_text
from market_data.adjustment import check_adjustment
from market_data.companies import note_unused_name
from market_data.prices import adjust_prices
from market_data.quality import check_prices
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of, is_index, quotes_subunits
from pipeline.checkpoints import Checkpoints
from pipeline.night_tables import read_or_rebuild, write_night_table
from pipeline.plan import RunPlan
from screening.findings import PriceFindings
from storage.tables import read_signed

STAGE = "prices"


def download_once(
    plan: RunPlan, source: PriceSource, checkpoints: Checkpoints, symbol: str
) -> PriceFindings:
    """Return an earlier run's download if its table is undamaged, else `download`."""
    return checkpoints.resume_or_run(
        "download",
        symbol,
        PriceFindings,
        lambda: download(plan, source, symbol),
        lambda found: _is_undamaged(plan, symbol, found),
    )


def _is_undamaged(plan: RunPlan, symbol: str, found: PriceFindings) -> bool:
    """Return whether the night's own table of the symbol is still as it was written."""
    path = plan.table(STAGE, symbol)
    with suppress(DamagedTable):
        read_signed(path, symbol=symbol, stage=STAGE)
        return found.path == path
    return False


def download(plan: RunPlan, source: PriceSource, symbol: str) -> PriceFindings:
    """Store the symbol's adjusted prices; return their path and their defects.

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
    downloaded = store.history(symbol, plan.first_date(symbol), as_of)
    history, readjusted = check_adjustment(
        downloaded, symbol, subunits=quotes_subunits(symbol, downloaded.currency)
    )
    checked = check_prices(
        history.frame,
        exchange_of(symbol).code,
        as_of,
        settings,
        is_index=is_index(symbol),
    )
    unused_name = note_unused_name(history.company)
    return PriceFindings(
        path=write_night_table(plan, STAGE, symbol, adjust_prices(checked.frame)),
        sessions=len(checked.frame),
        currency=plain_text(history.currency),
        source=history.source,
        defects=tuple(defect.sentence for defect in checked.defects),
        repairs=(*readjusted, *checked.repairs),
        notes=(*history.notes, *checked.notes, *unused_name),
        company="" if unused_name else " ".join(plain_text(history.company).split()),
        dividends=history.dividends,
        sector=plain_text(history.sector),
    )


def price_table(
    plan: RunPlan, symbol: str, prices: PriceFindings, source: PriceSource | None
) -> pd.DataFrame:
    """Return the symbol's stored prices, downloaded again if they are damaged.

    Raises
    ------
    SymbolError
        If they are damaged, and `source` is None or does not answer.
    """
    rebuild = partial(download, plan, source, symbol) if source else None
    return read_or_rebuild(plan, STAGE, symbol, prices.path, rebuild)
