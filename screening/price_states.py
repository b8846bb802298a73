"""The state of an index and of a symbol, computed from prices up to a session.

Pure functions over tables without NaN, sorted by session.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from market_data.prices import CLOSE, HIGH, LOW, OPEN
from modelling.distribution import MAX_SESSIONS, next_scales
from screening.market_state import IndexState, SymbolState, Volatility

SHORT_AVERAGE, LONG_AVERAGE = 50, 200
"""Sessions of the two moving averages."""

MIN_SCALES = 200
"""Scales of its last year that an index needs, to compare its present scale."""

RANGE_SHARE = 0.95
"""Share of the year's sessions with a high above the low, below which scales are those
of the closes: a year with both forms would compare unlike numbers."""


def index_state(bars: pd.DataFrame) -> IndexState:
    """Return the index' state at the last row of `bars`.

    Parameters
    ----------
    bars
        Adjusted open, high, low and close; at least one row.

    Notes
    -----
    The scales are those of `next_scales` (SPEC 6). If the sessions have no range, its
    variance proxy is the squared log return of the closes.
    """
    close = bars[CLOSE]
    state = IndexState(bars.index[-1].date(), float(close.iloc[-1]))
    from_closes = not _has_ranges(bars)
    if from_closes:
        bars = bars.assign(**dict.fromkeys((OPEN, HIGH, LOW), close))
    state = replace(
        state,
        against_sma_50=_against_average(close, SHORT_AVERAGE),
        against_sma_200=_against_average(close, LONG_AVERAGE),
        from_closes=from_closes,
    )
    return _add_scale(_add_average_note(state, len(close)), next_scales(bars).dropna())


def mean_state(closes: Sequence[pd.Series]) -> IndexState | None:
    """Return the state of the equally weighted mean of the symbols' daily returns.

    Its close starts at 100. Sessions without a close of a symbol are left out of that
    symbol's returns. None if no symbol has two closes.
    """
    if not closes:
        return None
    table = pd.concat(closes, axis=1)
    returns = table.pct_change(fill_method=None).mean(axis=1).dropna()
    if returns.empty:
        return None
    level = 100 * (1 + returns).cumprod()
    return index_state(level.to_frame(CLOSE).assign(**{OPEN: level}))


def symbol_state(close: pd.Series) -> SymbolState:
    """Return the symbol's state at the last of its adjusted closes."""
    moves = close.iloc[-2:].pct_change().iloc[1:]
    averages = [_against_average(close, n) for n in (SHORT_AVERAGE, LONG_AVERAGE)]
    short, long = (None if value is None else value > 0 for value in averages)
    day_return = float(moves.iloc[-1]) if len(moves) else None
    return SymbolState(close.index[-1].date(), day_return, short, long)


def _has_ranges(bars: pd.DataFrame) -> bool:
    if not {HIGH, LOW} <= set(bars.columns):
        return False
    year = bars.tail(MAX_SESSIONS)
    return bool((year[HIGH] > year[LOW]).mean() >= RANGE_SHARE)


def _against_average(close: pd.Series, sessions: int) -> float | None:
    if len(close) < sessions:
        return None
    return float(close.iloc[-1] / close.iloc[-sessions:].mean() - 1)


def _add_average_note(state: IndexState, sessions: int) -> IndexState:
    missing = [n for n in (SHORT_AVERAGE, LONG_AVERAGE) if sessions < n]
    if not missing:
        return state
    names = " and ".join(f"SMA {count}" for count in missing)
    note = f"{names} missing: {sessions} closes"
    return replace(state, notes=(*state.notes, note))


def _add_scale(state: IndexState, scales: pd.Series) -> IndexState:
    """Add the last scale and its place among the scales of the last 252 sessions.

    A scale equal to the last one counts half below it.
    """
    year = scales.tail(MAX_SESSIONS)
    if len(year) < MIN_SCALES:
        note = f"volatility not compared: {len(year)} of {MIN_SCALES} sessions' sigma"
        last = float(year.iloc[-1]) if len(year) else None
        return replace(state, scale=last, notes=(*state.notes, note))
    last = float(year.iloc[-1])
    place = float((year < last).mean() + (year == last).mean() / 2)
    return replace(
        state, scale=last, scale_place=place, volatility=_third_of_year(place)
    )


def _third_of_year(place: float) -> Volatility:
    if place < 1 / 3:
        return "calm"
    return "wild" if place > 2 / 3 else "usual"
