"""Stage: an index' closes through the source, the store and the checks of a stock."""

from datetime import date

import pandas as pd

from config.errors import SymbolError, UnknownSymbol
from config.settings import PriceSettings
from market_data.prices import ADJUSTED_CLOSE, CLOSE, HIGH, LOW, OPEN, VOLUME
from market_data.quality import check_prices
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from pipeline.night_tables import read_or_rebuild, write_night_table
from pipeline.plan import RunPlan
from screening.findings import IndexFindings
from storage.paths import StoragePath

STAGE = "index"

LARGEST_INDEX_MOVE = 1.3
"""Factor above which a day's index is wrong: the S&P 500 lost 20 % on its worst day."""


def index(plan: RunPlan, source: PriceSource, symbol: str) -> IndexFindings:
    """Return where the index' closes up to the as-of session lie, or why nowhere.

    A hedge is not worth a failed symbol: what breaks here costs the hedge only.
    """
    as_of = plan.as_of_for(symbol)
    store = PriceStore(plan.home.prices, source, plan.settings.prices)
    try:
        history = store.history(symbol, plan.first_date(symbol), as_of)
        closes = _checked_closes(history.frame, symbol, as_of, plan.settings.prices)
    except UnknownSymbol as error:
        return IndexFindings(None, str(error))
    except SymbolError as error:
        return IndexFindings(None, str(error), refused=True)
    return IndexFindings(write_night_table(plan, STAGE, symbol, closes))


def _checked_closes(
    frame: pd.DataFrame, symbol: str, as_of: date, settings: PriceSettings
) -> pd.DataFrame:
    """Return the index' closes that pass the checks of a stock, where they apply.

    An index has no volume, often only a close, may be short, and may be late by the
    sessions that a stock may lack; it moves less than a stock.
    """
    exchange = exchange_of(symbol).code
    last = frame.index.max().date()
    late = len(sessions_between(exchange, last, as_of)) - 1
    softened = settings.model_copy(
        update={
            "min_sessions": 2,
            "max_move_factor": min(settings.max_move_factor, LARGEST_INDEX_MOVE),
        }
    )
    known = as_of if late > settings.max_gap_sessions else min(last, as_of)
    return check_prices(_filled(frame), exchange, known, softened).frame[
        [ADJUSTED_CLOSE]
    ]


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the close in place of prices that an index lacks."""
    close = frame[CLOSE]
    filled = {
        name: frame[name].where(frame[name] > 0, close)
        for name in (OPEN, HIGH, LOW, ADJUSTED_CLOSE)
    }
    return frame.assign(**filled, **{VOLUME: frame[VOLUME].clip(lower=0).fillna(0)})


def index_table(
    plan: RunPlan, symbol: str, path: StoragePath, source: PriceSource | None
) -> pd.DataFrame:
    """Return the index' stored closes, downloaded again where they are damaged.

    Raises
    ------
    DamagedTable
        If they are damaged, and no `source` is given or it does not answer.
    """

    def download_again() -> StoragePath | None:
        return index(plan, source, symbol).path if source else None

    return read_or_rebuild(path, STAGE, symbol, download_again)
