"""Checks that an update before the opening uses no lead session that had not closed.

Stocks of Sydney are made that follow New York by dates written here, not by our
calendars' clocks. The update runs on leads with another future, and on leads whose
closes are dated one session late or early on purpose.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from evaluation.lookahead.leaks import LeakCheck
from features.windows import Floats
from market_data.prices import CLOSE, HIGH, LOW, OPEN, VOLUME
from market_data.sessions import sessions_between
from modelling.distribution import Distribution
from pipeline.lead_updates import LeadPrices, NightStock, StockUpdate, update_stocks

UpdateStocks = Callable[
    [Sequence[NightStock], Mapping[str, LeadPrices], datetime], dict[str, StockUpdate]
]
"""The function that is tested."""

AS_OF, BEFORE, AFTER = date(2013, 2, 27), date(2013, 2, 26), date(2013, 2, 28)
"""A session of Sydney and of New York, and the sessions before and after it."""

CLOCK = datetime(2013, 2, 27, 22, 0, tzinfo=UTC)
"""An hour after New York's close of that day, and an hour before Sydney opens."""

FIRST, LAST = date(2011, 12, 1), date(2013, 3, 8)
ANOTHER_FUTURE = 1.75
SLOPE, NOISE, LEAD_MOVE = 0.5, 0.004, 0.01
"""Of the made stocks' gaps on the lead, of their other moves, and of the lead."""

STOCKS = ("AAA.AX", "BBB.AX", "CCC.AX", "DDD.AX", "EEE.AX")


def update_checks(update: UpdateStocks = update_stocks) -> list[LeakCheck]:
    """Return the checks of the lead's clock, its future and its dates."""
    lead = made_lead()
    stocks = [made_stock(name, lead, seed) for seed, name in enumerate(STOCKS)]
    plain = _run(update, stocks, lead)
    changed = lead.mul(np.where(lead.index > pd.Timestamp(AS_OF), ANOTHER_FUTURE, 1), 0)
    cut = lead.loc[: pd.Timestamp(AS_OF)]
    return [
        _session_check(plain, lead),
        LeakCheck.from_comparison(
            "update, lead's future",
            f"lead after {AS_OF}",
            same=plain == _run(update, stocks, changed) == _run(update, stocks, cut),
        ),
        *(_dates_check(update, stocks, lead, late=late) for late in (True, False)),
    ]


def made_lead() -> pd.DataFrame:
    """Return made prices of New York's index by its sessions."""
    sessions = sessions_between("XNYS", FIRST, LAST)
    moves = np.random.default_rng(1).normal(0, LEAD_MOVE, len(sessions))
    close = (1500 * np.cumprod(1 + moves)).astype(np.float64)
    return _bars(sessions, close, np.ones(len(sessions)))


def made_stock(symbol: str, lead: pd.DataFrame, seed: int) -> NightStock:
    """Return a stock whose gaps follow the lead's last session of an earlier date."""
    sessions = sessions_between("XASX", FIRST, AS_OF)[1:]
    returns = lead[CLOSE].pct_change().fillna(0.0)
    place = returns.index.searchsorted(sessions, side="left") - 1
    random = np.random.default_rng(100 + seed)
    gaps = SLOPE * returns.to_numpy()[place] + random.normal(0, NOISE, len(sessions))
    within = random.normal(0, NOISE, len(sessions))
    close = (50 * np.cumprod((1 + gaps) * (1 + within))).astype(np.float64)
    z = np.random.default_rng(7).normal(0, 1, 252)
    night = Distribution(0.0, 0.01, z)
    return NightStock(symbol, AS_OF, _bars(sessions, close, 1 + within), night)


def _bars(sessions: pd.DatetimeIndex, close: Floats, within: Floats) -> pd.DataFrame:
    opening = close / within
    high, low = np.maximum(opening, close) * 1.001, np.minimum(opening, close) * 0.999
    columns = {OPEN: opening, HIGH: high, LOW: low, CLOSE: close}
    return pd.DataFrame({**columns, VOLUME: 1e6}, index=sessions)


def _run(
    update: UpdateStocks, stocks: Sequence[NightStock], lead: pd.DataFrame
) -> list[tuple[object, ...]]:
    """Return what the update says of each stock, in numbers that can be compared."""
    found = update(stocks, {"XASX": LeadPrices("^GSPC", lead)}, CLOCK)
    return [
        (one.reason, one.lead_return, one.slope, one.gap_slope, one.expected_gap)
        for one in found.values()
    ]


def _session_check(plain: list[tuple[object, ...]], lead: pd.DataFrame) -> LeakCheck:
    """Check the lead's return against the closes of the dates written here."""
    closes = lead[CLOSE]
    base, last, later = (closes[pd.Timestamp(d)] for d in (BEFORE, AS_OF, AFTER))
    leak = ""
    for reason, move, *_ in plain:
        if move != last / base - 1:
            leak = f"the lead's return is {move}, not that of {AS_OF}: {reason}"
        if isinstance(move, float) and np.isclose(move, later / last - 1):
            leak = f"the lead's close of {AFTER} is used, a session too late"
    clean = f"the lead's session of {AS_OF} is used, which had closed"
    return LeakCheck.from_leak("update, lead's session", leak, clean)


def _dates_check(
    update: UpdateStocks,
    stocks: Sequence[NightStock],
    lead: pd.DataFrame,
    *,
    late: bool,
) -> LeakCheck:
    """Check that a lead whose closes have wrong dates gives no update."""
    side = "late" if late else "early"
    dated = lead.shift(1 if late else -1).dropna()
    used = [row for row in _run(update, stocks, dated) if not row[0]]
    leak = f"closes dated one session {side} give {len(used)} updates" if used else ""
    clean = f"closes dated one session {side} are found and give no update"
    return LeakCheck.from_leak(f"update, dates {side}", leak, clean)
