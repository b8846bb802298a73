"""Daily prices: their column names and point-in-time adjustment.

A price frame is indexed by session (midnight, no zone) and has one row per session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

OPEN, HIGH, LOW, CLOSE = "open", "high", "low", "close"
ADJUSTED_CLOSE, VOLUME = "adjusted_close", "volume"
OHLC = [OPEN, HIGH, LOW, CLOSE]
PRICE_COLUMNS = [*OHLC, ADJUSTED_CLOSE, VOLUME]
SESSION = "session"

YAHOO_COLUMNS = {
    "Open": OPEN,
    "High": HIGH,
    "Low": LOW,
    "Close": CLOSE,
    "Adj Close": ADJUSTED_CLOSE,
    "Volume": VOLUME,
}
"""Our column names by those of Yahoo and its download files."""

Dividends = dict[date, float]
"""Dividends per share, by ex-dividend date."""

Splits = dict[date, float]
"""New shares per old share, by the first session in new shares."""


@dataclass(frozen=True)
class PriceHistory:
    """Prices of one symbol as a source gave them (`RAW_PRICES`).

    `currency`, `company` (its name) and `sector` are "" if the source does not give
    them; only the folder source names a sector.
    `source` is the source's name. `dividends` and `splits` are those within the rows.
    `notes` are sentences on unreadable parts, and on prices that were fetched again.
    """

    frame: pd.DataFrame
    currency: str
    source: str
    company: str = ""
    dividends: Dividends = field(default_factory=dict)
    splits: Splits = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sector: str = ""


def through(frame: pd.DataFrame, last: date) -> pd.DataFrame:
    """Return the rows up to `last`: those that a run with that as-of may use."""
    return frame[frame.index <= np.datetime64(last)]


def filter_dates(
    amounts: Mapping[date, float], first: date, last: date
) -> dict[date, float]:
    """Return the amounts from `first` to `last`."""
    return {day: amount for day, amount in amounts.items() if first <= day <= last}


def cut_history(history: PriceHistory, first: date, last: date) -> PriceHistory:
    """Return the history's rows, dividends and splits from `first` to `last`."""
    frame = through(history.frame, last)
    return replace(
        history,
        frame=frame[frame.index >= np.datetime64(first)],
        dividends=filter_dates(history.dividends, first, last),
        splits=filter_dates(history.splits, first, last),
    )


def usable_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with all values, prices above 0, in order, one per session."""
    whole = frame.dropna()
    prices = whole[[*OHLC, ADJUSTED_CLOSE]]
    possible = (prices.gt(0) & prices.lt(float("inf"))).all(axis=1)
    rows = whole[possible].sort_index(kind="stable")
    return rows[~rows.index.duplicated(keep="last")]


def adjust_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """Return open, high, low, close and volume adjusted for dividends and splits.

    The source's factor (adjusted close / close) is divided by its value at the last
    row. A dividend paid after that row has lowered all factors before it. The division
    reverses this, so that the last close is the traded price (in today's shares, if the
    source has applied a later split).

    Input `CLEAN_PRICES` cut at the as-of session; no NaN.
    """
    factor = prices[ADJUSTED_CLOSE] / prices[CLOSE]
    factor = factor / factor.iloc[-1]
    return prices[OHLC].mul(factor, axis=0).assign(**{VOLUME: prices[VOLUME]})
