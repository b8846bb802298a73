"""The quality rules for single rows.

Each rule returns the rows that it keeps and its findings. No rule fills a value.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.errors import BadPrices
from config.settings import PriceSettings
from market_data.cadence import SAVE_DAILY, describe_cadence
from market_data.findings import (
    NOTHING,
    Findings,
    cells,
    defect,
    name_days,
    wrong_cells,
)
from market_data.prices import ADJUSTED_CLOSE, CLOSE, OHLC, PRICE_COLUMNS, VOLUME
from market_data.sessions import FIRST_DATE, sessions_between

Mask = npt.NDArray[np.bool_]

INTRADAY_ROWS = 3
"""With this many different rows per session, the bars are of hours or minutes."""

HOURS = "they look like bars of hours or minutes"
JOINED = "two downloads may have been joined"


def order_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, Findings]:
    """Return the rows sorted by session, without exact copies and empty second rows."""
    repairs = []
    ordered = rows
    if not rows.index.is_monotonic_increasing:
        repairs.append("rows put in order of time")
        # If a file begins with the newest row, the first of two rows is the later.
        newest_first = rows.index[0] > rows.index[-1]
        ordered = rows[::-1] if newest_first else rows
        ordered = ordered.sort_index(kind="stable")
    if ordered.index.is_unique:
        return ordered, Findings(repairs=tuple(repairs))
    exact = ordered.reset_index().duplicated().to_numpy()
    if exact.any():
        first = ordered.index[exact][0].date()
        repairs.append(f"{int(exact.sum())} repeated rows dropped, first of {first}")
    ordered = ordered[~exact]
    empty = ordered[[*OHLC, ADJUSTED_CLOSE]].isna().all(axis=1)
    second = empty & ordered.index.duplicated(keep=False)
    return ordered[~second], Findings(repairs=tuple(repairs))


def drop_second_rows(
    rows: pd.DataFrame, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return the last row of each session; refuse if many sessions have several.

    `rows` are ordered, rows of one session by their time of day if the source gives it.
    """
    if rows.index.is_unique:
        return rows, NOTHING
    counts = rows.index.value_counts().sort_index()
    several = counts[counts > 1]
    days = pd.DatetimeIndex(several.index)
    # One such session is accepted in a file of any length: a live row and an old one.
    if len(several) > max(1, settings.max_repeated_session_share * len(counts)):
        hours = several.median() >= INTRADAY_ROWS
        raise BadPrices(
            f"{len(several)} of {len(counts)} sessions have several different rows "
            f"({days[0].date()} has {several.iloc[0]}); "
            f"{HOURS if hours else JOINED}",
            'save one row per session (yfinance: interval="1d")',
        )
    kept = rows[~rows.index.duplicated(keep="last")]
    used, other = (frame.loc[days[0]] for frame in (kept, rows))
    return kept, name_days(
        "duplicate",
        days,
        "has two different rows; the later one is used (by the time of day, else by "
        f"the order of the rows), close {used[CLOSE]:g} and not "
        f"{other[CLOSE].iloc[-2]:g}",
    )


def drop_non_sessions(
    rows: pd.DataFrame, exchange: str, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return the rows of days with a session; refuse if many rows are of other days.

    A row of another day without a trade is dropped and is not a defect: it is empty, or
    repeats the last close with volume 0, as Yahoo's rows on holidays do. Rows before
    the first known session are kept.
    """
    if rows.empty:
        return rows, NOTHING
    first, last = rows.index[0].date(), rows.index[-1].date()
    other = ~rows.index.isin(sessions_between(exchange, first, last))
    if other.all():
        raise BadPrices(
            f"no row from {first} to {last} is dated on a session of {exchange}",
            "check whether the symbol is of that exchange",
        )
    other &= rows.index >= pd.Timestamp(FIRST_DATE)
    if not other.any():
        return rows, NOTHING
    empty, carried = _find_untraded(rows)
    traded = rows[other & ~empty & ~carried]
    if len(traded) > settings.max_no_session_share * len(rows):
        cadence = describe_cadence(rows.index)
        raise BadPrices(
            f"{len(traded)} of {len(rows)} rows are dated on days without a session of "
            f"{exchange}, for example {_weekday(traded.index[0])}; the dates may be a "
            f"day off or another exchange's{cadence}",
            SAVE_DAILY if cadence else "correct the dates",
        )
    found = defect(
        "no_session", traded, f"is no session of {exchange}; the row is left out"
    )
    dropped = rows.index[other & carried]
    if len(dropped):
        repair = (
            f"{len(dropped)} rows without a trade dropped, dated on days without a "
            f"session, first {dropped[0].date()}"
        )
        found += Findings(repairs=(repair,))
    return rows[~other], found


def _weekday(day: pd.Timestamp) -> str:
    return f"{day.date()}, a {day.day_name()}"


def _find_untraded(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return which rows are empty, and which repeat the last close without volume."""
    empty = rows[[*OHLC, ADJUSTED_CLOSE]].isna().all(axis=1)
    before = rows[CLOSE].ffill().shift()
    still = rows[OHLC].eq(before, axis=0).all(axis=1)
    return empty, still & rows[VOLUME].eq(0)


def drop_incomplete_rows(
    rows: pd.DataFrame, settings: PriceSettings
) -> tuple[pd.DataFrame, Findings]:
    """Return the rows without missing and impossible values.

    Raises
    ------
    BadPrices
        If too many rows have a missing or impossible value, or the last row has an
        impossible one.
    """
    if len(rows) and _possible(rows):
        return rows, NOTHING
    lacking = rows[PRICE_COLUMNS].isna()
    wrong = _impossible(rows)
    left_out = lacking.any(axis=1) | wrong.any(axis=1)
    refuse_many(rows, left_out.to_numpy(), settings)
    if wrong.iloc[-1].any():
        day = rows.index[-1]
        raise BadPrices(
            f"the last row, {day.date()}, has {cells(rows, wrong, day)}; prices must "
            "be finite and above 0, volume not below 0",
            "fetch the symbol again",
        )
    names = ", ".join(name for name in PRICE_COLUMNS if lacking[name].any())
    found = defect(
        "missing_value",
        rows[lacking.any(axis=1) & ~wrong.any(axis=1)],
        f"lacks {names}; the row is left out",
    )
    found += wrong_cells("impossible_value", rows, wrong)
    return rows[~left_out], found


def _possible(rows: pd.DataFrame) -> bool:
    """Return whether no cell is missing or impossible."""
    prices = rows[[*OHLC, ADJUSTED_CLOSE]].to_numpy()
    volumes = rows[VOLUME].to_numpy()
    finite = np.isfinite(prices).all() and np.isfinite(volumes).all()
    return bool(finite and (prices > 0).all() and (volumes >= 0).all())


def _impossible(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which cells are impossible as a price or volume; missing ones are not."""
    infinite = rows.isin([float("inf"), float("-inf")])
    low = rows.le(0)
    low[VOLUME] = rows[VOLUME].lt(0)
    return infinite | low


def refuse_many(rows: pd.DataFrame, left_out: Mask, settings: PriceSettings) -> None:
    """Refuse `rows` if too large a share of them must be dropped."""
    if not len(rows):
        raise BadPrices("there is no row of prices", "fetch the symbol again")
    if left_out.mean() > settings.max_missing_share or left_out.all():
        raise BadPrices(
            f"{int(left_out.sum())} of {len(rows)} rows lack a value or hold a wrong "
            f"one, the first on {rows.index[left_out][0].date()}; that is more than "
            f"the accepted {settings.max_missing_share:.0%}",
            "fetch the symbol again",
        )
