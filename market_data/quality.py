"""Are these prices good enough? Each defect is named by rule, session and value.

One right answer: repaired. Unusual, and no defect: a note. No right answer, but usable:
`degraded`. Else refused. Here stands the order of the rules; they are in
`quality_rows`, `quality_leaps` and `quality_history`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from config.settings import PriceSettings
from market_data.findings import Defect, Findings
from market_data.prices import CLEAN_PRICES
from market_data.quality_history import (
    contradictions,
    enough_sessions,
    holes,
    jumps,
    refuse_short,
    refuse_stale,
)
from market_data.quality_leaps import drop_leaps, refuse_leap
from market_data.quality_rows import in_order, on_sessions, one_a_session, with_values

Rule = Callable[[pd.DataFrame], tuple[pd.DataFrame, Findings]]


@dataclass(frozen=True)
class CheckedPrices:
    """Prices that may be used (`CLEAN_PRICES`), with what is wrong with them.

    `repairs` are sentences on what had one right answer, `notes` on what is unusual and
    may well be right; neither degrades.
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
    prices: pd.DataFrame, exchange: str, as_of: date, settings: PriceSettings
) -> CheckedPrices:
    """Return the prices repaired, and their remaining defects.

    Input is `RAW_PRICES` cut at the as-of session: NaN, any order, duplicates allowed.
    Output has no NaN; rows with a missing or wrong value are left out and counted.

    Raises
    ------
    BadPrices
        For rows that are no daily bars of the exchange's sessions, too many missing or
        wrong values, a wrong value in the last row, and a step to another unit.
    StalePrices
        If no row is of the as-of session.
    TooShort
        If fewer sessions remain than screening needs.
    """
    rows, found = _usable_rows(prices, exchange, settings)
    found += enough_sessions(rows, exchange, settings)
    refuse_stale(rows, pd.Timestamp(as_of), found)
    refuse_short(rows, settings)
    refuse_leap(rows, settings)
    found += contradictions(rows, settings)
    found += jumps(rows, settings)
    found += holes(rows, exchange, settings)
    return CheckedPrices(
        CLEAN_PRICES.validate(rows), found.defects, found.repairs, found.notes
    )


def _usable_rows(
    prices: pd.DataFrame, exchange: str, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return one possible row per session, in order."""
    rows, found = in_order(prices)
    rules: tuple[Rule, ...] = (
        lambda rows: one_a_session(rows, settings),
        lambda rows: on_sessions(rows, exchange, settings),
        lambda rows: with_values(rows, settings),
        lambda rows: drop_leaps(rows, settings),
    )
    for rule in rules:
        rows, more = rule(rows)
        found += more
    return rows, found
