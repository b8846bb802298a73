"""Are these prices good enough? Each defect is named by rule, session and value.

One right answer: repaired. No right answer, but usable: `degraded`. Else refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from config.errors import BadPrices, StalePrices, TooShort
from config.settings import PriceSettings
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLEAN_PRICES,
    CLOSE,
    HIGH,
    LOW,
    OHLC,
    PRICE_COLUMNS,
    VOLUME,
)
from market_data.sessions import FIRST_DATE, sessions_between


@dataclass(frozen=True)
class Defect:
    """One finding: the rule broken, the first session that breaks it, a sentence."""

    rule: str
    session: date
    sentence: str


@dataclass(frozen=True)
class CheckedPrices:
    """Prices that may be used (`CLEAN_PRICES`), with what is wrong with them.

    `repairs` are sentences on what had one right answer; they degrade nothing.
    """

    frame: pd.DataFrame
    defects: tuple[Defect, ...]
    repairs: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """Return `ok` or `degraded`."""
        return "degraded" if self.defects else "ok"


def checked(
    prices: pd.DataFrame, exchange: str, as_of: date, settings: PriceSettings
) -> CheckedPrices:
    """Return the prices repaired, and their remaining defects.

    Input is `RAW_PRICES` cut at the as-of session: NaN, any order, duplicates allowed.
    Output has no NaN; rows with a missing value are left out and counted.

    Raises
    ------
    BadPrices
        For zero, negative or mostly missing values, and a step to another unit.
    StalePrices
        If no row is of the as-of session.
    TooShort
        If fewer sessions remain than screening needs.
    """
    defects: list[Defect] = []
    frame = prices
    repairs: list[Callable[[pd.DataFrame], tuple[pd.DataFrame, list[Defect]]]] = [
        _in_order_and_unique,
        lambda rows: _without_other_days(rows, exchange),
        lambda rows: _without_gaps_in_rows(rows, settings),
    ]
    for repair in repairs:
        frame, found = repair(frame)
        defects += found
    _refuse_impossible(frame)
    _refuse_stale(frame, as_of)
    _refuse_short(frame, settings)
    _refuse_leap(frame, settings)
    defects += _high_below_low(frame)
    defects += _jumps(frame, settings)
    defects += _holes(frame, exchange, settings)
    return CheckedPrices(CLEAN_PRICES.validate(frame), tuple(defects), _repairs(prices))


def _repairs(prices: pd.DataFrame) -> tuple[str, ...]:
    """Return what `_in_order_and_unique` mends without a doubt."""
    said = []
    if not prices.index.is_monotonic_increasing:
        said.append("rows put in order of time")
    exact = prices.reset_index().duplicated().to_numpy()
    if exact.any():
        first = prices.index[exact][0].date()
        said.append(f"{int(exact.sum())} repeated rows dropped, first of {first}")
    return tuple(said)


def _in_order_and_unique(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Defect]]:
    ordered = rows.sort_index(kind="stable")
    exact = ordered.reset_index().duplicated().to_numpy()
    ordered = ordered[~exact]
    twice = ordered.index.duplicated(keep="last")
    return ordered[~twice], _defects(
        "duplicate", ordered[twice], "has two different rows; the later one is used"
    )


def _without_other_days(
    rows: pd.DataFrame, exchange: str
) -> tuple[pd.DataFrame, list[Defect]]:
    """Leave out days without trading; those before the calendar can't be told."""
    if rows.empty:
        return rows, []
    first, last = rows.index[0].date(), rows.index[-1].date()
    sessions = sessions_between(exchange, first, last)
    other = ~rows.index.isin(sessions)
    if other.all():
        raise BadPrices(
            f"rows must be dated on sessions of {exchange}, got none from {first} to "
            f"{last}; is it the right exchange?"
        )
    other &= rows.index >= pd.Timestamp(FIRST_DATE)
    return rows[~other], _defects(
        "no_session", rows[other], f"is no session of {exchange}; the row is left out"
    )


def _without_gaps_in_rows(
    rows: pd.DataFrame, settings: PriceSettings
) -> tuple[pd.DataFrame, list[Defect]]:
    lacking = rows[PRICE_COLUMNS].isna()
    empty = lacking.any(axis=1)
    if empty.mean() > settings.most_missing_share or empty.all():
        raise BadPrices(
            f"at most {settings.most_missing_share:.0%} of the rows may lack a value, "
            f"got {int(empty.sum())} of {len(rows)}; fetch the symbol again."
        )
    names = ", ".join(name for name in PRICE_COLUMNS if lacking[name].any())
    return rows[~empty], _defects(
        "missing_value", rows[empty], f"lacks {names}; the row is left out"
    )


def _refuse_impossible(rows: pd.DataFrame) -> None:
    prices = rows[[*OHLC, ADJUSTED_CLOSE]]
    finite = prices.gt(0) & prices.lt(float("inf"))
    counted = rows[VOLUME].ge(0) & rows[VOLUME].lt(float("inf"))
    wrong = ~(finite.all(axis=1) & counted)
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        columns = [str(name) for name in prices if not finite[name].iloc[row]]
        column = [*columns, VOLUME][0]
        raise BadPrices(
            f"prices must be finite and above 0, volume not below, got `{column}` "
            f"{rows[column].iloc[row]:g} on {rows.index[row].date()} "
            f"({int(wrong.sum())} such rows); fetch the symbol again."
        )


def _refuse_stale(rows: pd.DataFrame, as_of: date) -> None:
    last = rows.index[-1].date()
    if last != as_of:
        raise StalePrices(
            f"the last bar must be of the as-of session {as_of}, got {last}; "
            f"fetch newer prices or screen with --as-of {last}."
        )


def _refuse_short(rows: pd.DataFrame, settings: PriceSettings) -> None:
    if len(rows) < settings.minimum_sessions:
        raise TooShort(
            f"screening needs {settings.minimum_sessions} sessions, got {len(rows)} "
            f"up to {rows.index[-1].date()}; wait until it has traded for longer."
        )


def _refuse_leap(rows: pd.DataFrame, settings: PriceSettings) -> None:
    """Refuse a step that only another unit makes: no voice of the blend survives it."""
    closes = rows[ADJUSTED_CLOSE]
    factors = (closes / closes.shift()).iloc[1:]
    most = settings.largest_move_factor
    leaps = factors[(factors > most) | (factors < 1 / most)]
    if not leaps.empty:
        day, factor = leaps.index[0], leaps.iloc[0]
        raise BadPrices(
            f"a close must be {1 / most:g} to {most:g} times the last one, got "
            f"{factor:.3g} times on {day.date()}, close {rows[CLOSE].loc[day]:g}; "
            "correct what looks like a split nobody adjusted for, or pence for pounds, "
            "or raise `largest_move_factor`."
        )


def _high_below_low(rows: pd.DataFrame) -> list[Defect]:
    return _defects("high_below_low", rows[rows[HIGH] < rows[LOW]], "has high < low")


def _jumps(rows: pd.DataFrame, settings: PriceSettings) -> list[Defect]:
    """Name moves of the adjusted close that are many times the mean absolute move.

    A split or dividend that the source knows is in the adjusted close and moves
    nothing; what is left is news, or a split or a currency unit nobody adjusted for.
    """
    moves = rows[ADJUSTED_CLOSE].pct_change().dropna()
    usual = moves.abs().mean()
    # Equal to the close, the adjusted close may lack what was never taken out.
    is_adjusted = bool((rows[ADJUSTED_CLOSE] != rows[CLOSE]).any())
    taken_out = ", dividends and known splits taken out" if is_adjusted else ""
    wild = moves[moves.abs() > settings.jump_multiple * usual]
    days = pd.DatetimeIndex(wild.index)
    return [
        Defect(
            "jump",
            day.date(),
            f"{day.date()} moved {move:+.1%}, {abs(move) / usual:.0f} times the "
            f"usual{taken_out}",
        )
        for day, move in zip(days, wild, strict=True)
    ]


def _holes(rows: pd.DataFrame, exchange: str, settings: PriceSettings) -> list[Defect]:
    sessions = sessions_between(exchange, rows.index[0].date(), rows.index[-1].date())
    skipped = np.diff(sessions.get_indexer(rows.index)) - 1
    return [
        Defect(
            "hole",
            day.date(),
            f"{missing} sessions are missing before {day.date()}",
        )
        for day, missing in zip(rows.index[1:], skipped, strict=True)
        if missing > settings.largest_hole_sessions
    ]


def _defects(rule: str, rows: pd.DataFrame, finding: str) -> list[Defect]:
    """Return one defect for all `rows`, named by the first; none where none is."""
    if rows.empty:
        return []
    first = rows.index[0].date()
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    close = rows[CLOSE].iloc[0]
    value = "" if np.isnan(close) else f", close {close:g}"
    return [Defect(rule, first, f"{first}{more} {finding}{value}")]
