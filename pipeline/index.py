"""Stage: download the prices of an exchange's index and check them."""

from datetime import date
from functools import partial

import pandas as pd

from config.errors import DamagedTable, SymbolError, UnknownSymbol
from config.settings import PriceSettings
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    VOLUME,
    adjust_prices,
)
from market_data.quality import check_prices
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from market_data.store import PriceStore
from market_data.symbols import exchange_of
from pipeline.night_tables import read_or_rebuild, write_night_table
from pipeline.plan import RunPlan
from screening.findings import IndexFindings
from screening.price_states import index_state

STAGE = "index"

MAX_INDEX_MOVE_FACTOR = 1.3
"""Reject a larger move in one session: the S&P 500 lost 20 % on its worst day."""

INDEX_MONTHS = 14
"""Months of the index' history: 252 scales and the 22 sessions before the first."""


def index(plan: RunPlan, source: PriceSource, symbol: str) -> IndexFindings:
    """Store the index' prices; return their path and its state, or why there are none.

    A failure is no exception: without an index there is no hedge, and the market's
    state follows from the symbols alone.
    """
    as_of = plan.as_of_for(symbol)
    store = PriceStore(plan.home.prices, source, plan.settings.prices)
    try:
        history = store.history(symbol, first_index_date(plan, symbol), as_of)
        bars = check_index_prices(history.frame, symbol, as_of, plan.settings.prices)
    except UnknownSymbol as error:
        return IndexFindings(None, str(error))
    except SymbolError as error:
        return IndexFindings(None, str(error), refused=True)
    path = write_night_table(plan, STAGE, symbol, bars)
    return IndexFindings(path, state=index_state(bars))


def first_index_date(plan: RunPlan, symbol: str) -> date:
    """Return the first day of the index' history: that of the run, or earlier.

    Earlier if the run's history is too short for a year of the index' scales.
    """
    year = pd.Timestamp(plan.as_of_for(symbol)) - pd.DateOffset(months=INDEX_MONTHS)
    return min(plan.first_date(symbol), year.date())


def check_index_prices(
    frame: pd.DataFrame, symbol: str, as_of: date, settings: PriceSettings
) -> pd.DataFrame:
    """Return the index' adjusted prices after the checks of a stock's prices.

    Some checks differ. An index has no volume and often only a close. It may be short,
    and may be late by `max_gap_sessions`. It moves less than a stock.
    """
    exchange = exchange_of(symbol).code
    last = frame.index.max().date()
    late = len(sessions_between(exchange, last, as_of)) - 1
    index_settings = settings.model_copy(
        update={
            "min_sessions": 2,
            "max_move_factor": min(settings.max_move_factor, MAX_INDEX_MOVE_FACTOR),
        }
    )
    known = as_of if late > settings.max_gap_sessions else min(last, as_of)
    checked = check_prices(
        _fill_prices(frame), exchange, known, index_settings, is_index=True
    )
    return adjust_prices(checked.frame)


def _fill_prices(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the close in place of missing prices, and volume 0."""
    close = frame[CLOSE]
    filled = {
        name: frame[name].where(frame[name] > 0, close)
        for name in (OPEN, HIGH, LOW, ADJUSTED_CLOSE)
    }
    return frame.assign(**filled, **{VOLUME: frame[VOLUME].clip(lower=0).fillna(0)})


def index_closes(
    plan: RunPlan, symbol: str, found: IndexFindings | None, source: PriceSource | None
) -> pd.Series | None:
    """Return the stored closes of the index of the symbol's exchange.

    Damaged prices are downloaded again from `source`. None is returned if that fails,
    or if there is no index: only the hedge is then missing.
    """
    if found is None or found.path is None:
        return None
    name = exchange_of(symbol).index
    rebuild = partial(index, plan, source, name) if source else None
    try:
        return read_or_rebuild(plan, STAGE, name, found.path, rebuild)[CLOSE]
    except DamagedTable:
        return None
