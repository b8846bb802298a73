"""The quality check of prices: applies all rules, in their order.

A fault with one right answer is repaired. An unusual value that may be right becomes a
note. A fault without a right answer degrades the row if the prices are still usable;
otherwise they are refused. Each defect names its rule, session and value. The rules are
in `quality_rows`, `quality_leaps`, `quality_history` and `quality_trading`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from config.settings import PriceSettings
from market_data.findings import Defect, Findings
from market_data.price_schemas import require_clean
from market_data.quality_history import (
    drop_before_long_gap,
    find_contradictions,
    find_gaps,
    find_jumps,
    find_missing_sessions,
    refuse_short,
    refuse_stale,
)
from market_data.quality_leaps import drop_leaps, refuse_leap
from market_data.quality_rows import (
    drop_incomplete_rows,
    drop_non_sessions,
    drop_second_rows,
    order_rows,
)
from market_data.quality_trading import find_idle_end, find_repeats

Rule = Callable[[pd.DataFrame], tuple[pd.DataFrame, Findings]]


@dataclass(frozen=True)
class CheckedPrices:
    """Usable prices (`CLEAN_PRICES`) and their defects.

    `repairs` are sentences on repaired faults, `notes` on unusual values that may be
    right; neither degrades the row.
    """

    frame: pd.DataFrame
    defects: tuple[Defect, ...]
    repairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Return `ok` or `degraded`."""
        return "degraded" if self.defects else "ok"


def check_prices(
    prices: pd.DataFrame,
    exchange: str,
    as_of: date,
    settings: PriceSettings,
    *,
    is_index: bool = False,
) -> CheckedPrices:
    """Return the repaired prices and their remaining defects.

    Input is `RAW_PRICES` cut at the as-of session: NaN, any order, duplicates allowed.
    Output has no NaN; rows with a missing or wrong value are dropped and counted. Rows
    before a gap of 30 sessions are dropped. An index may have no volume.

    Raises
    ------
    BadPrices
        If the rows are not daily bars of the exchange's sessions, too many values are
        missing or wrong, the last row is wrong, or the prices change their unit.
    StalePrices
        If there is no row of the as-of session, or it repeats an earlier one.
    TooShort
        If fewer sessions remain than screening needs.
    """
    rows, found = _clean_rows(prices, exchange, settings)
    found += find_missing_sessions(rows, exchange, settings)
    rows, gap = drop_before_long_gap(rows, exchange)
    found += gap
    refuse_stale(rows, pd.Timestamp(as_of), found)
    refuse_short(rows, settings)
    refuse_leap(rows, settings)
    found += find_contradictions(rows, settings)
    found += find_jumps(rows, settings)
    found += find_gaps(rows, exchange, settings)
    if not is_index:
        found += find_repeats(rows)
        found += find_idle_end(rows)
    return CheckedPrices(require_clean(rows), found.defects, found.repairs, found.notes)


def _clean_rows(
    prices: pd.DataFrame, exchange: str, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return one row per session, in order, with possible values only."""
    rows, found = order_rows(prices)
    rules: tuple[Rule, ...] = (
        lambda rows: drop_second_rows(rows, settings),
        lambda rows: drop_non_sessions(rows, exchange, settings),
        lambda rows: drop_incomplete_rows(rows, settings),
        lambda rows: drop_leaps(rows, settings),
    )
    for rule in rules:
        rows, more = rule(rows)
        found += more
    return rows, found
