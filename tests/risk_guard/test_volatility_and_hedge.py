"""The volatility rule and the hedge, against independent computations."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from config.settings import GuardSettings
from risk_guard.market_context import Hedge, hedge, volatility

SETTINGS = GuardSettings()


@cache
def days(count: int) -> pd.DatetimeIndex:
    """Return the last `count` business days up to 2025-11-10."""
    return pd.bdate_range(end="2025-11-10", periods=count)


def closes(returns: np.ndarray) -> pd.Series:
    """Return a price path of these returns, on business days to 2025-11-10."""
    prices = 50 * np.cumprod(np.r_[1, 1 + returns])
    return pd.Series(prices, index=days(len(prices)))


def fires(
    seed: int, deviation: float, paths: int, change: Callable[[np.ndarray], None]
) -> float:
    """Return the share of simulated paths, changed by `change`, that spike."""
    generator = np.random.default_rng(seed)
    count = 0
    for _ in range(paths):
        returns = generator.normal(0.0003, deviation, 300)
        change(returns)
        found = volatility(closes(returns), SETTINGS)
        count += bool(found and found.spike)
    return count / paths


@pytest.mark.parametrize(("seed", "deviation"), [(1, 0.01), (3, 0.03)])
def test_ordinary_paths_seldom_spike_and_doubled_ones_do(
    seed: int, deviation: float
) -> None:
    """On 3-7 % of calm paths; on over 90 % of those whose last fortnight doubled."""

    def double(returns: np.ndarray) -> None:
        returns[-10:] *= 2

    assert 0.03 < fires(seed, deviation, 1000, lambda _: None) < 0.07
    assert fires(seed, deviation, 300, double) > 0.90


def test_the_ratio_is_recent_over_the_median_of_rolling_deviations() -> None:
    """The published formula, computed again with numpy alone."""
    returns = np.random.default_rng(1).normal(0, 0.02, 400)
    base = returns[-262:-10]
    windows = np.lib.stride_tricks.sliding_window_view(base, 30)
    chi = np.sqrt((np.random.default_rng(2).normal(size=(10**5, 30)) ** 2).mean(axis=1))
    usual = np.median(np.sqrt((windows**2).mean(axis=1))) / np.median(chi)
    recent = np.sqrt((returns[-10:] ** 2).mean())
    found = volatility(closes(returns), SETTINGS)
    assert found is not None
    assert found.ratio == pytest.approx(recent / usual, rel=2e-3)


def test_a_steady_fall_is_a_spike() -> None:
    """Ten equal losses are wild, though they do not differ from each other."""
    returns = np.random.default_rng(5).normal(0, 0.01, 300)
    returns[-10:] = -0.03
    found = volatility(closes(returns), SETTINGS)
    assert found is not None
    assert found.spike


@pytest.mark.parametrize(("count", "known"), [(69, False), (70, True), (300, True)])
def test_a_short_history_has_no_usual(*, count: int, known: bool) -> None:
    """Sixty returns before the last ten are the least."""
    returns = np.random.default_rng(2).normal(0, 0.01, count)
    assert (volatility(closes(returns), SETTINGS) is not None) == known


def test_a_price_that_never_moves_has_none() -> None:
    """Without any movement nothing is usual."""
    assert volatility(closes(np.zeros(300)), SETTINGS) is None


def test_the_price_s_level_does_not_matter() -> None:
    """Pence or pounds give one ratio."""
    path = closes(np.random.default_rng(3).normal(0, 0.01, 300))
    assert volatility(path, SETTINGS) == volatility(path * 128, SETTINGS)


def market(count: int = 400) -> tuple[pd.Series, pd.Series]:
    """Return a stock of beta 1.4 with noise, and its index."""
    generator = np.random.default_rng(4)
    index = generator.normal(0, 0.01, count)
    stock = 1.4 * index + generator.normal(0, 0.008, count)
    return closes(stock), closes(index)


def fitted(stock: pd.Series, index: pd.Series) -> Hedge:
    """Return the hedge where there is one."""
    found = hedge(stock, index, SETTINGS)
    assert found is not None
    return found


def test_beta_is_the_regression_on_the_last_year() -> None:
    """Least squares with an intercept on 252 returns, and its R squared."""
    stock, index = market()
    returns = stock.pct_change().to_numpy()[-252:], index.pct_change().to_numpy()[-252:]
    slope, _ = np.polyfit(returns[1], returns[0], 1)
    found = fitted(stock, index)
    assert found.beta == pytest.approx(slope)
    assert found.r_squared == pytest.approx(np.corrcoef(*returns)[0, 1] ** 2)


def test_the_index_hedges_itself() -> None:
    """Beta 1, all of it explained."""
    _, index = market()
    found = fitted(index, index)
    assert (found.beta, found.r_squared) == pytest.approx((1, 1))


def test_only_sessions_that_both_traded_count() -> None:
    """Returns span the sessions that both have; others are left out of both."""
    stock, index = market()
    holed = index.drop(index.index[[-5, -40]])
    both = stock.loc[stock.index[-253:]].index.intersection(holed.index)
    returns = stock[both].pct_change()[1:], holed[both].pct_change()[1:]
    slope, _ = np.polyfit(returns[1], returns[0], 1)
    assert fitted(stock, holed).beta == pytest.approx(slope)


@pytest.mark.parametrize("count", [0, 59])
def test_too_few_common_returns_give_no_hedge(count: int) -> None:
    """Under sixty, or an index that ended years ago, there is none."""
    stock, index = market()
    assert hedge(stock, index[-(count + 1) :], SETTINGS) is None
    assert hedge(stock, index.shift(-3000, freq="B"), SETTINGS) is None


def test_bad_index_rows_are_left_out() -> None:
    """A missing or zero close of the index takes part in nothing."""
    stock, index = market()
    broken = index.copy()
    broken.iloc[-7], broken.iloc[-9] = np.nan, 0
    whole = index.drop(index.index[[-7, -9]])
    assert fitted(stock, broken) == fitted(stock, whole)


def test_a_dead_index_or_stock() -> None:
    """An index that never moved hedges nothing; a stock that never moved needs none."""
    stock, index = market()
    flat = pd.Series(100.0, index=index.index)
    assert hedge(stock, flat, SETTINGS) is None
    assert fitted(flat, index) == Hedge(0.0, 0.0)
