"""One row per stock and past night: its return, its intervals, and who sits it out."""

import math
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from config.settings import GuardSettings, SitOut
from evaluation.scorecard.histories import StockHistory
from evaluation.scorecard.intervals import (
    StandardisedStock,
    ordinary_intervals,
    pool_as_of,
    pool_reactions,
    reaction_interval,
    standardise_stock,
)
from evaluation.scorecard.spikes import volatility_spikes
from market_data.prices import CLOSE
from market_data.sessions import next_session, session_on_or_after, sessions_between
from risk_guard.events import NO_INSTANT, Event
from risk_guard.reactions import reaction_sessions
from risk_guard.sit_out import is_sat_out, report_event

PUBLISHED, WITH_DIVIDENDS = "published", "published_with_dividends"
REACTION, REACTION_SESSION = "reaction", "reaction_session"
REACTION_BY_PRICES = "reaction_by_prices"
SPIKE, AS_THEY_WERE = "volatility_spike", "as_they_were"

POLICIES = (
    *(AS_THEY_WERE, PUBLISHED, WITH_DIVIDENDS, REACTION, REACTION_BY_PRICES),
    *(REACTION_SESSION, SPIKE),
)
"""Columns of truth values. `published` is the window around reports alone; what
`reaction` would sit out if all times of day were right is `reaction_by_prices`."""

RARE = 0.01
"""Share of a stock's nights that are its largest moves, and its worst losses."""

MIN_REPORTS, STANDARD_ERRORS = 4, 2
"""Reports from which prices can contradict a stock's times of day, and how clearly."""

LARGE, LOSS = "large", "loss"
"""Columns: one of the stock's own largest moves, one of its own worst losses."""

MARGIN = 3
"""More nights around a report that are tried: its day may be no session."""


def guard_nights(
    stocks: Sequence[StockHistory], first: date, last: date, guard: GuardSettings
) -> pd.DataFrame:
    """Return the nights from `first` to `last` whose next return is known.

    The columns are those of a forecast record (`symbol as_of forecast_session
    realized_return event_reaction`, the ends of the intervals `predicted_return` and
    `ordinary`), the policies except `as_they_were`, `LARGE` and `LOSS`. There is at
    least one stock.
    """
    standardised = [standardise_stock(stock) for stock in stocks]
    pooled = pool_reactions(standardised)
    parts = [
        _add_intervals(_stock_nights(stock, one, first, last, guard), one, pooled)
        for stock, one in zip(stocks, standardised, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def price_sessions(
    stock: StockHistory, standardised: StandardisedStock
) -> tuple[list[pd.Timestamp], bool]:
    """Return the session of each report that reacts by the prices.

    It is that of the report's time of day. If the stock moved more in the other session
    that the report's day allows, by more than chance, its times are wrong: then it is
    the other one, and the second value is true.
    """
    by_time: list[pd.Timestamp] = []
    other: list[pd.Timestamp] = []
    for report in stock.reports:
        day = session_on_or_after(stock.exchange, report.day)
        both = (day, next_session(stock.exchange, day))
        reacts = reaction_sessions(stock.exchange, report.day, report.time)[0]
        by_time.append(pd.Timestamp(reacts))
        other.append(pd.Timestamp(both[0] if reacts == both[1] else both[1]))
    size = standardised.table["z"].abs()
    wrong = _is_larger(size.reindex(other), size.reindex(by_time))
    return (other if wrong else by_time), wrong


def _is_larger(sizes: pd.Series, others: pd.Series) -> bool:
    """Return whether paired sizes are larger by over two standard errors."""
    differences = sizes.to_numpy(float) - others.to_numpy(float)
    known = differences[np.isfinite(differences)]
    if len(known) < MIN_REPORTS:
        return False
    error = float(known.std(ddof=1)) / math.sqrt(len(known))
    return float(known.mean()) > STANDARD_ERRORS * error


def _stock_nights(
    stock: StockHistory,
    standardised: StandardisedStock,
    first: date,
    last: date,
    guard: GuardSettings,
) -> pd.DataFrame:
    """Return the stock's nights by as-of session, without their intervals."""
    exchange, closes = stock.exchange, stock.bars[CLOSE]
    begin = closes.index.min().date()
    sessions = sessions_between(exchange, begin, next_session(exchange, last))
    moves = closes.reindex(sessions).pct_change(fill_method=None).shift(-1)
    nights = pd.DataFrame({"realized_return": moves, "symbol": stock.symbol})
    nights["forecast_session"] = pd.Series(sessions, sessions).shift(-1)
    spikes = volatility_spikes(closes, guard).reindex(sessions)
    nights[SPIKE] = spikes.fillna(value=False).astype(bool)
    nights = nights.loc[pd.Timestamp(first) : pd.Timestamp(last)].dropna()
    reports = [report_event(report) for report in stock.reports]
    events = [*reports, *map(_dividend, stock.ex_dates)]
    nights[PUBLISHED] = _sat_out(nights, exchange, reports, guard, "published")
    nights[WITH_DIVIDENDS] = _sat_out(nights, exchange, events, guard, "published")
    nights[REACTION] = _sat_out(nights, exchange, reports, guard, "reaction")
    reacting, _ = price_sessions(stock, standardised)
    nights[REACTION_SESSION] = nights["forecast_session"].isin(reacting)
    nights[REACTION_BY_PRICES] = nights[REACTION_SESSION] | nights.index.isin(reacting)
    nights["event_reaction"] = _reactions(stock, nights["forecast_session"])
    return _mark_rare(nights)


def _sat_out(
    nights: pd.DataFrame,
    exchange: str,
    events: Iterable[Event],
    guard: GuardSettings,
    rule: SitOut,
) -> pd.Series:
    """Return the nights that the live rule sits out for these events."""
    ruled = guard.model_copy(update={"sit_out": rule})
    reach = max(guard.report_sit_out_sessions, guard.dividend_sit_out_sessions) + MARGIN
    found = pd.Series(data=False, index=nights.index)
    for event in events:
        place = int(nights.index.searchsorted(pd.Timestamp(event.first)))
        for as_of in nights.index[max(0, place - reach) : place + reach + 1]:
            if is_sat_out(event, exchange, as_of.date(), ruled):
                found.loc[as_of] = True
    return found


def _dividend(day: date) -> Event:
    return Event("dividend", day, day, "", "dividends", "confirmed", NO_INSTANT)


def _reactions(stock: StockHistory, forecast_sessions: pd.Series) -> pd.Series:
    """Return `yes`, `possible` or `no` for each session, by the times of day."""
    found: dict[pd.Timestamp, str] = {}
    for report in stock.reports:
        sessions = reaction_sessions(stock.exchange, report.day, report.time)
        word = "yes" if len(sessions) == 1 else "possible"
        for session in map(pd.Timestamp, sessions):
            found[session] = "yes" if "yes" in {found.get(session), word} else word
    return forecast_sessions.map(found).fillna("no")


def _mark_rare(nights: pd.DataFrame) -> pd.DataFrame:
    """Mark the largest moves and the worst losses: 1 % of the nights, at least one."""
    count = max(1, int(RARE * len(nights)))
    moves = nights["realized_return"]
    largest = moves.abs().rank(method="first", ascending=False)
    worst = moves.rank(method="first")
    return nights.assign(**{LARGE: largest <= count, LOSS: worst <= count})


def _add_intervals(
    nights: pd.DataFrame, stock: StandardisedStock, pooled: pd.Series
) -> pd.DataFrame:
    """Return the nights with both intervals and their sessions as text."""
    ordinary = ordinary_intervals(stock).reindex(nights.index)
    ends = ordinary.copy()
    reacting = nights[nights["event_reaction"] != "no"]
    for as_of in pd.DatetimeIndex(reacting.index.intersection(stock.table.index)):
        pool, reaction = pool_as_of(pooled, as_of), reacting["event_reaction"][as_of]
        ends.loc[as_of] = reaction_interval(stock, as_of, reaction, pool)
    return nights.assign(
        predicted_return_low=ends["low"],
        predicted_return_high=ends["high"],
        ordinary_low=ordinary["low"],
        ordinary_high=ordinary["high"],
        as_of=pd.DatetimeIndex(nights.index).strftime("%Y-%m-%d"),
        forecast_session=nights["forecast_session"].dt.strftime("%Y-%m-%d"),
    ).reset_index(drop=True)
