"""The updates of a list of stocks after their lead has closed. Pure.

Live mornings and the evaluation call `update_stocks`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby

import numpy as np
import pandas as pd

from features.windows import Floats
from market_data.lead import LeadSpan, lead_places, lead_span
from market_data.prices import CLOSE, HIGH, LOW, OPEN
from market_data.sessions import calendar
from market_data.symbols import exchange_of
from modelling.distribution import Distribution
from modelling.lead_regression import (
    MAX_PAIRS,
    MIN_PAIRS,
    ShrunkSlopes,
    SlopeFit,
    fit_slope,
    recentre,
    shrink_slopes,
)

LEAD, RETURN, GAP = "lead", "return", "gap"
"""Columns of `lead_pairs`."""

MISDATED_ERRORS = 4
"""Standard errors of a difference of two correlations, sqrt(2 / pairs), by which a
shifted lead must agree better to count as misdated."""


@dataclass(frozen=True)
class NightStock:
    """What a night knew of one stock.

    `bars` are adjusted prices up to `as_of`. `distribution` is None without one; then
    `reason` says why.
    """

    symbol: str
    as_of: date
    bars: pd.DataFrame
    distribution: Distribution | None
    reason: str = ""

    @property
    def exchange(self) -> str:
        """Return the code of the stock's exchange."""
        return exchange_of(self.symbol).code


@dataclass(frozen=True)
class LeadPrices:
    """The lead's adjusted prices by session; `reason` says why there are none."""

    symbol: str
    bars: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""

    @property
    def exchange(self) -> str:
        """Return the code of the lead's exchange."""
        return exchange_of(self.symbol).code


@dataclass(frozen=True)
class StockUpdate:
    """The update of one stock; without one, `reason` says why and numbers are None.

    `slope` and `gap_slope` are the shrunk slopes of the return and of the opening gap.
    `explained` is the share of the return's variance that `slope` explains.
    """

    symbol: str
    reason: str = ""
    lead: str = ""
    span: LeadSpan | None = None
    lead_return: float | None = None
    fit: SlopeFit | None = None
    gap_fit: SlopeFit | None = None
    slope: float | None = None
    gap_slope: float | None = None
    shrinkage: float | None = None
    gap_shrinkage: float | None = None
    explained: float | None = None
    expected_gap: float | None = None
    night: Distribution | None = None
    morning: Distribution | None = None


def update_stocks(
    stocks: Sequence[NightStock], leads: Mapping[str, LeadPrices], now: datetime
) -> dict[str, StockUpdate]:
    """Return the update of each stock as of the instant `now`.

    `leads` are the leads' prices by the code of a stock's exchange; rows of sessions
    that had not closed at `now` are not used. The slopes of the stocks of one exchange
    and as-of session are shrunk towards their mean.
    """
    updates: dict[str, StockUpdate] = {}
    ordered = sorted(stocks, key=_clock)
    for (exchange, as_of), group in groupby(ordered, key=_clock):
        if exchange not in leads:
            updates |= _without(group, f"no lead market is set for {exchange}")
            continue
        lead = leads[exchange]
        span = lead_span(exchange, lead.exchange, as_of)
        updates |= _update_group(list(group), lead, span, now)
    return {stock.symbol: updates[stock.symbol] for stock in stocks}


def _clock(stock: NightStock) -> tuple[str, date]:
    return stock.exchange, stock.as_of


def _without(stocks: Iterable[NightStock], reason: str) -> dict[str, StockUpdate]:
    return {stock.symbol: StockUpdate(stock.symbol, reason) for stock in stocks}


def _update_group(
    stocks: Sequence[NightStock], lead: LeadPrices, span: LeadSpan, now: datetime
) -> dict[str, StockUpdate]:
    """Return the updates of stocks of one exchange and one as-of session."""
    reason = span.why_unusable(now) or lead.reason
    move, missing = (None, "") if reason else lead_return(lead, span)
    pairs = {} if move is None else _pairs_of(stocks, lead, span)
    reason = reason or missing or find_misdated(lead.symbol, pairs.values())
    start = StockUpdate("", reason, lead=lead.symbol, span=span)
    if reason or move is None:
        return {stock.symbol: replace(start, symbol=stock.symbol) for stock in stocks}
    start = replace(start, lead_return=move)
    return _fit_and_recentre(stocks, pairs, start, move)


def _pairs_of(
    stocks: Sequence[NightStock], lead: LeadPrices, span: LeadSpan
) -> dict[str, pd.DataFrame]:
    closes = lead.bars[CLOSE].loc[: pd.Timestamp(span.last)]
    by_session = closes.reindex(calendar(lead.exchange).sessions).to_numpy(np.float64)
    return {
        stock.symbol: lead_pairs(stock.bars, stock.exchange, lead.exchange, by_session)
        for stock in stocks
        if len(stock.bars) > 1
    }


def lead_return(lead: LeadPrices, span: LeadSpan) -> tuple[float | None, str]:
    """Return close of `span.last` / close of `span.base` - 1, or None and the reason.

    A bar that repeats the bar before it in all prices is an old one and counts as
    missing.
    """
    bars = lead.bars
    for session in (span.last, span.base):
        if pd.Timestamp(session) not in bars.index:
            return None, f"{lead.symbol} has no close of {session}"
    last = bars.loc[: pd.Timestamp(span.last), [OPEN, HIGH, LOW, CLOSE]].tail(2)
    if len(last) > 1 and (last.iloc[0] == last.iloc[1]).all():
        return None, f"{lead.symbol}'s prices of {span.last} repeat those before"
    base, close = bars[CLOSE].loc[[pd.Timestamp(span.base), pd.Timestamp(span.last)]]
    return float(close / base - 1), ""


def lead_pairs(
    bars: pd.DataFrame, exchange: str, lead: str, closes: Floats
) -> pd.DataFrame:
    """Return the latest 252 pairs: `lead`, `return` and `gap` by the stock's session.

    `lead` is the return of `closes` between the stock's close before and its opening,
    by the rule of `LeadSpan`; `closes` has the shape (sessions of the exchange `lead`,)
    and NaN where there is none. `return` is from close to close and `gap` from the
    close to the opening. A session without a whole new session of the lead, or with a
    missing price, gives no pair.
    """
    own = bars.tail(MAX_PAIRS * 2)
    opening, close = (own[name].to_numpy(np.float64) for name in (OPEN, CLOSE))
    sessions = pd.DatetimeIndex(own.index)
    used, base, last = lead_places(exchange, lead, sessions[:-1], sessions[1:])
    before = close[used]
    pairs = np.column_stack(
        [
            closes[last] / closes[base] - 1,
            close[used + 1] / before - 1,
            opening[used + 1] / before - 1,
        ]
    )
    whole = np.flatnonzero(~np.isnan(pairs).any(axis=1))[-MAX_PAIRS:]
    return pd.DataFrame(pairs[whole], sessions[used[whole] + 1], [LEAD, RETURN, GAP])


def find_misdated(lead: str, pairs: Iterable[pd.DataFrame]) -> str:
    """Return a sentence if the lead's dates seem to be one session off, else "".

    The mean opening gap of the stocks must agree better with the lead's return of its
    own pair than with that of the pair before or after. If a shifted correlation is
    larger by four standard errors, the dates are wrong: the close of a later session
    would be knowledge of the future, and that of an earlier one an old return.
    """
    tables = [table for table in pairs if len(table) >= MIN_PAIRS]
    if not tables:
        return ""
    joined = pd.concat(tables).groupby(level=0).mean()
    found = {shift: joined[LEAD].shift(shift).corr(joined[GAP]) for shift in (-1, 0, 1)}
    best = max(found, key=lambda shift: found[shift])
    if found[best] <= found[0] + MISDATED_ERRORS * np.sqrt(2 / len(joined)):
        return ""
    side = "late" if best < 0 else "early"
    return f"{lead}'s closes seem to be dated one session too {side}"


def _fit_and_recentre(
    stocks: Sequence[NightStock],
    pairs: Mapping[str, pd.DataFrame],
    start: StockUpdate,
    move: float,
) -> dict[str, StockUpdate]:
    fitted = {
        stock.symbol: _fit(pairs[stock.symbol])
        for stock in stocks
        if len(pairs.get(stock.symbol, ())) >= MIN_PAIRS
    }
    shrunk = [
        shrink_slopes(tuple(fits[part] for fits in fitted.values())) if fitted else None
        for part in (0, 1)
    ]
    updates: dict[str, StockUpdate] = {}
    for stock in stocks:
        found = replace(start, symbol=stock.symbol)
        if stock.symbol in fitted and shrunk[0] and shrunk[1]:
            place = list(fitted).index(stock.symbol)
            fits, both = fitted[stock.symbol], (shrunk[0], shrunk[1])
            updates[stock.symbol] = _update(found, stock, fits, both, place, move)
            continue
        count = len(pairs.get(stock.symbol, ()))
        reason = f"{count} pairs of returns with {start.lead}; {MIN_PAIRS} are needed"
        updates[stock.symbol] = replace(found, reason=stock.reason or reason)
    return updates


def _fit(pairs: pd.DataFrame) -> tuple[SlopeFit, SlopeFit]:
    lead: Floats = pairs[LEAD].to_numpy(np.float64)
    close, gap = (pairs[name].to_numpy(np.float64) for name in (RETURN, GAP))
    return fit_slope(lead, close), fit_slope(lead, gap)


def _update(  # noqa: PLR0913, PLR0917  all that an update is made of
    found: StockUpdate,
    stock: NightStock,
    fits: tuple[SlopeFit, SlopeFit],
    shrunk: tuple[ShrunkSlopes, ShrunkSlopes],
    place: int,
    move: float,
) -> StockUpdate:
    slope, gap_slope = shrunk[0].slopes[place], shrunk[1].slopes[place]
    explained = fits[0].explained_share(slope)
    night = stock.distribution
    return replace(
        found,
        reason=stock.reason,
        fit=fits[0],
        gap_fit=fits[1],
        slope=slope,
        gap_slope=gap_slope,
        shrinkage=shrunk[0].factor,
        gap_shrinkage=shrunk[1].factor,
        explained=explained,
        expected_gap=gap_slope * move,
        night=night,
        morning=recentre(night, slope * move, explained) if night else None,
    )
