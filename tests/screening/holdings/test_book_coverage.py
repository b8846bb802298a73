"""The book's 80 % interval on past nights of real portfolios in `../shared`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from equipment import needed

from features.windows import Floats
from modelling.distribution import ordinary_sessions, standardise
from modelling.reaction_pool import (
    divide_by_own_share,
    own_share,
    pool_from,
    reaction_z,
)
from risk_guard.reactions import reaction_sessions, report_time
from screening.holdings.book import Position, make_books

PORTFOLIOS = {
    "US": ("AAPL AMD BA BAC COST CVX DIS HD JNJ WMT", "2023-11-01", "2025-10-31"),
    "ASX": (
        "CBA.AX ANZ.AX NAB.AX WBC.AX MQG.AX BHP.AX RIO.AX CSL.AX WES.AX BOQ.AX",
        "2024-07-01",
        "2025-12-31",
    ),
}
"""Symbols, and the first and last session; three of the ASX stocks begin in 2024."""

BUSY = 5
"""Reports of a month that make it a busy one."""


@dataclass(frozen=True)
class Stock:
    """A stock's standardised returns, its known reaction sessions, their returns."""

    symbol: str
    table: pd.DataFrame
    reacting: frozenset[date]
    reactions: pd.Series

    def past_reactions(self, session: pd.Timestamp) -> Floats:
        """Return the standardised reactions before the session."""
        before = self.reactions.index.searchsorted(session)
        return self.reactions.to_numpy()[:before]

    def position(self, session: pd.Timestamp, pooled: Sequence[Floats]) -> Position:
        """Return 1,000 of the stock on the night before the session."""
        pool = pool_from(np.concatenate(pooled))
        share = own_share(self.past_reactions(session), pool.mean_size)
        place = self.table.index.get_loc(session)
        return Position(
            symbol=self.symbol,
            currency="USD",
            value=1000.0,
            centre=0.0,
            scale=float(self.table["scale"].iloc[place]),
            ordinary=ordinary_sessions(self.table.iloc[:place], self.reacting)["z"],
            drawn=reaction_z(pool, share) if session in self.reactions.index else None,
        )


def read_stock(folder: Path, symbol: str) -> Stock:
    """Return the stock with adjusted prices and the sessions that its reports moved."""
    path = folder / "prices" / f"{symbol}.csv"
    prices = pd.read_csv(path, index_col="Date", parse_dates=True)
    names = ["Open", "High", "Low", "Close"]
    bars = prices[names].mul(prices["Adj Close"] / prices["Close"], axis=0)
    table = standardise(bars.rename(columns=str.lower))
    known = json.loads((folder / "events" / f"{symbol}.json").read_text())["earnings"]
    reports = [
        report_time("XNYS", datetime.fromisoformat(one["datetime"])) for one in known
    ]
    days = {
        pd.Timestamp(session)
        for day, time in reports
        if day < table.index[-1].date()
        for session in reaction_sessions("XNYS", day, time)
    }
    reactions = table["z"][table.index.isin(days)]
    reacting = frozenset(day.date() for day in reactions.index)
    return Stock(symbol, table, reacting, reactions)


def score_nights(folder: Path, name: str) -> pd.DataFrame:
    """Return of each session whether the interval held, and the reports of the day."""
    symbols, first, last = PORTFOLIOS[name]
    stocks = [read_stock(folder, symbol) for symbol in symbols.split()]
    score = partial(score_night, stocks)
    sessions = stocks[0].table.loc[first:last].index
    for stock in stocks[1:]:
        sessions = sessions.intersection(stock.table.index)
    return pd.DataFrame(map(score, sessions), index=sessions)


def score_night(stocks: Sequence[Stock], session: pd.Timestamp) -> dict[str, float]:
    """Return whether the book's interval held the change of the session."""
    pooled = [divide_by_own_share(one.past_reactions(session)) for one in stocks]
    (book,) = make_books([one.position(session, pooled) for one in stocks])
    change = sum(1000 * one.table["return"][session] for one in stocks)
    return {
        "held": book.low <= change <= book.high,
        "reports": sum(session in one.reactions.index for one in stocks),
        "capped": book.capped,
    }


@pytest.mark.long
@pytest.mark.parametrize("name", PORTFOLIOS)
def test_the_interval_of_a_book_holds_four_nights_of_five(name: str) -> None:
    """Over all nights, and in months with several reports, 77 to 83 % are inside."""
    nights = score_nights(needed("market"), name)
    assert 0.77 < nights["held"].mean() < 0.83
    assert not nights["capped"].any()
    months = nights.groupby(nights.index.to_period("M"))["reports"].transform("sum")
    busy = nights[months >= BUSY]
    assert busy.empty or 0.77 < busy["held"].mean() < 0.83
