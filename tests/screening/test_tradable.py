"""Calls that nobody can act on: stocks that hardly move, or hardly trade."""

import pandas as pd
import pytest

from config.settings import BlendSettings
from features.trading_activity import trading_activity
from market_data.prices import OHLC, VOLUME
from screening.table import rank
from screening.tradable import NOT_TRADABLE, idle_reason, why_not_tradable

LIVELY = {
    "return_scale": 0.003,
    "traded_share_60d": 0.9,
    "median_turnover_20d": 100_000,
    "currency": "AUD",
}
OFF = BlendSettings(min_return_scale=0, min_traded_share=0, min_turnover=0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"return_scale": 0.00299}, "it hardly moves: 0.299% a session, less than"),
        ({"traded_share_60d": 53 / 60}, "it hardly trades: on 88% of the last 60"),
        ({"median_turnover_20d": 99_999}, "it hardly trades: 99,999 AUD a session"),
        (dict.fromkeys(LIVELY), ""),
    ],
)
def test_a_call_needs_a_stock_that_moves_and_trades(
    changes: dict[str, float | None], reason: str
) -> None:
    """Each bound refuses what is below it; 0 and values not known refuse nothing."""
    row = LIVELY | changes
    found = why_not_tradable(row, BlendSettings())
    assert found.startswith(reason)
    assert bool(found) == bool(reason)
    assert not why_not_tradable(row, OFF)


def test_a_stock_that_does_not_trade_now_is_ranked_last() -> None:
    """No setting permits its call, and its row's `reason` alone says so."""
    reason = (
        f"HOLD at +0.4, {NOT_TRADABLE}{idle_reason('no trade since 2025-10-09')}; x."
    )
    row = LIVELY | {"reason": reason, "symbol": "A", "data_status": "ok", "score": 0.9}
    other = row | {"reason": "BUY", "symbol": "B", "score": 0.1}
    assert (
        why_not_tradable(row, OFF) == "it does not trade now: no trade since 2025-10-09"
    )
    assert [one["symbol"] for one in rank([row, other], OFF)] == ["B", "A"]


def test_activity_is_of_the_latest_sessions() -> None:
    """Of 100 sessions the last 60 count for trades, the last 20 for the turnover."""
    volume = [0.0] * 40 + [0.0, 10.0] * 20 + [10.0] * 11 + [100.0] * 9
    prices = pd.DataFrame({**dict.fromkeys(OHLC, 2.0), VOLUME: volume})
    found = trading_activity(prices)
    assert found.traded_share == pytest.approx(40 / 60)
    assert found.turnover == 20
