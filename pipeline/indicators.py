"""Stage: compute a symbol's indicators and two of the components from its prices."""

from collections.abc import Callable

import pandas as pd

from config.errors import DamagedTable
from features.indicators import indicator_frame
from features.trading_activity import trading_activity
from features.votes import technical, trend
from market_data.prices import CLOSE
from market_data.sources import PriceSource
from market_data.symbols import is_index
from pipeline.download import STAGE as PRICES
from pipeline.download import price_table
from pipeline.night_tables import read_or_rebuild, write_night_table
from pipeline.plan import RunPlan
from screening.findings import IndicatorFindings, PriceFindings
from screening.price_states import symbol_state
from storage.tables import read_signed

STAGE = "indicators"


def indicators(
    plan: RunPlan,
    symbol: str,
    prices: PriceFindings,
    source: PriceSource | None = None,
) -> IndicatorFindings:
    """Store the symbol's indicators; return their path, last values and votes.

    Damaged prices are downloaded again from `source`.
    """
    bars = price_table(plan, symbol, prices, source)
    table = indicator_frame(bars)
    return IndicatorFindings(
        path=write_night_table(plan, STAGE, symbol, table),
        last={str(name): float(value) for name, value in table.iloc[-1].items()},
        trend=trend(table),
        technical=technical(table),
        activity=trading_activity(bars, is_index=is_index(symbol)),
        state=symbol_state(bars[CLOSE]),
    )


def indicator_table(
    plan: RunPlan, symbol: str, found: IndicatorFindings
) -> pd.DataFrame:
    """Return the symbol's stored indicators, computed again if they are damaged.

    Raises
    ------
    DamagedTable
        If the prices are damaged as well.
    """

    def rebuild() -> None:
        path = plan.table(PRICES, symbol)
        prices = read_signed(path, symbol=symbol, stage=PRICES)
        write_night_table(plan, STAGE, symbol, indicator_frame(prices))

    return read_or_rebuild(plan, STAGE, symbol, found.path, rebuild)


def retry_if_damaged[Answer](
    plan: RunPlan, symbol: str, found: IndicatorFindings, work: Callable[[], Answer]
) -> Answer:
    """Return `work()`, repeated once if it finds the stored indicators damaged."""
    try:
        return work()
    except DamagedTable:
        indicator_table(plan, symbol, found)
        return work()
