"""Stocks that do not trade, and feeds that stand still."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from config.errors import StalePrices, TooShort
from config.settings import PriceSettings
from features.trading_activity import trading_activity
from market_data.prices import ADJUSTED_CLOSE, CLOSE, HIGH, OHLC, VOLUME
from market_data.quality import CheckedPrices, check_prices

AS_OF = date(2025, 6, 27)
PRICES = [*OHLC, ADJUSTED_CLOSE]


@pytest.fixture
def prices(generated: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Return 300 faultless sessions of New York up to the as-of session."""
    return generated(AS_OF, 300)


def check(prices: pd.DataFrame, *, is_index: bool = False) -> CheckedPrices:
    """Return what the check makes of `prices` with the default settings."""
    return check_prices(prices, "XNYS", AS_OF, PriceSettings(), is_index=is_index)


def suspended(prices: pd.DataFrame, sessions: int, volume: float = 0) -> pd.DataFrame:
    """Return the prices with the last close carried on for the last sessions."""
    stopped = prices.copy()
    last = stopped.iloc[-sessions - 1]
    stopped.iloc[-sessions:, :] = last[CLOSE]
    stopped.iloc[-sessions:, stopped.columns.get_loc(VOLUME)] = volume
    stopped.iloc[-sessions:, stopped.columns.get_loc(ADJUSTED_CLOSE)] = last[
        ADJUSTED_CLOSE
    ]
    return stopped


@pytest.mark.parametrize(("sessions", "volume"), [(2, 0), (22, 0), (22, 500)])
def test_a_stock_that_does_not_trade_is_degraded(
    prices: pd.DataFrame, sessions: int, volume: float
) -> None:
    """From two sessions without a trade on, or 20 at one price, the row says so."""
    stopped = suspended(prices, sessions, volume)
    what = "no other price" if volume else "no trade"
    sentence = f"{what} since {prices.index[-sessions - 1].date()}, {sessions} sessions"
    assert [one.sentence for one in check(stopped).defects] == [sentence]
    assert trading_activity(stopped).idle == sentence


@pytest.mark.parametrize(("sessions", "volume"), [(1, 0), (1, 500)])
def test_one_session_without_a_trade_is_usual(
    prices: pd.DataFrame, sessions: int, volume: float
) -> None:
    """A single such session is no defect, and the call stays."""
    stopped = suspended(prices, sessions, volume)
    assert check(stopped).status == "ok"
    assert not trading_activity(stopped).idle


def test_a_share_of_a_few_cents_may_rest(prices: pd.DataFrame) -> None:
    """Three sessions at one price with trades: not degraded, but nobody can act."""
    stopped = suspended(prices, 3, 500)
    assert check(stopped).status == "ok"
    assert "no other price since" in trading_activity(stopped).idle


def test_a_share_needs_volume_and_an_index_does_not(prices: pd.DataFrame) -> None:
    """With volume 0 throughout a share is degraded; an index and a fund are not."""
    silent = prices.assign(**{VOLUME: 0.0})
    fund = silent.assign(**dict.fromkeys(OHLC, silent[CLOSE]))
    assert check(silent).defects[0].sentence == "the volume of all sessions is 0"
    assert check(silent, is_index=True).status == "ok"
    assert check(fund).status == "ok"
    assert not trading_activity(fund).idle


def test_an_index_without_recent_volume_and_a_resting_fund_are_not_idle(
    prices: pd.DataFrame,
) -> None:
    """A bond fund's value rests for days; an index may lose its volume."""
    index = prices.copy()
    index.iloc[-3:, index.columns.get_loc(VOLUME)] = 0.0
    assert not trading_activity(index, is_index=True).idle
    fund = prices.assign(**{VOLUME: 0.0})
    fund = fund.assign(**dict.fromkeys(OHLC, fund[CLOSE]))
    assert not trading_activity(suspended(fund, 3)).idle
    assert "20 sessions" in trading_activity(suspended(fund, 20)).idle


def test_a_feed_that_stands_still_is_refused(prices: pd.DataFrame) -> None:
    """If the last sessions repeat all numbers of an earlier one, they are named."""
    frozen = prices.copy()
    frozen.iloc[-3:] = frozen.iloc[-4]
    days = ", ".join(str(day.date()) for day in prices.index[-3:])
    with pytest.raises(StalePrices, match=f"{days} have the same prices and volume"):
        check(frozen)


def test_a_repeated_row_is_named(prices: pd.DataFrame) -> None:
    """A recent repeat degrades the row, an older one is noted."""
    recent, old = prices.copy(), prices.copy()
    recent.iloc[-5] = recent.iloc[-9]
    old.iloc[-50] = old.iloc[-51]
    sentence = f"{prices.index[-5].date()} has the same prices and volume as an earlier"
    assert check(recent).defects[0].sentence.startswith(sentence)
    assert check(old).status == "ok"
    assert check(old).notes[0].startswith(f"{prices.index[-50].date()} has the same")


def test_a_bar_with_one_price_is_no_repeat(prices: pd.DataFrame) -> None:
    """Shares of a few cents have equal bars of one price on many days."""
    flat = prices.copy()
    flat.iloc[[-9, -1], flat.columns.get_indexer(PRICES)] = 0.005
    flat.iloc[[-9, -1], flat.columns.get_loc(VOLUME)] = 8000.0
    assert "repeat" not in [one.rule for one in check_small(flat).defects]


def check_small(prices: pd.DataFrame) -> CheckedPrices:
    """Return what the check makes of prices that move by any factor."""
    free = PriceSettings(max_move_factor=1e9, jump_multiple=1e9)
    return check_prices(prices, "XNYS", AS_OF, free)


def test_prices_before_a_long_gap_are_not_used(prices: pd.DataFrame) -> None:
    """A ticker used again by another company: only what follows counts."""
    result = check(pd.concat([prices.iloc[:-130], prices.iloc[-100:]]))
    sentences = [one.sentence for one in result.defects if one.rule == "hole"]
    assert len(result.frame) == 100
    missing = f"30 sessions are missing before {prices.index[-100].date()}"
    assert sentences == [f"{missing}, the 170 earlier sessions are not used"]


def test_too_few_sessions_after_a_long_gap_are_refused(prices: pd.DataFrame) -> None:
    """With less than screening needs after the gap, the symbol fails."""
    with pytest.raises(TooShort, match="needs 55 sessions, got 54"):
        check(
            pd.concat([prices.iloc[:-96], prices.iloc[-54:]]).drop(
                prices.index[-300:-270]
            )
        )


def test_a_high_alone_makes_no_repeat(prices: pd.DataFrame) -> None:
    """A session that equals another but for its high is another session."""
    near = prices.copy()
    near.iloc[-1] = near.iloc[-4]
    near.iloc[-1, near.columns.get_loc(HIGH)] *= 1.001
    assert check(near).status == "ok"
