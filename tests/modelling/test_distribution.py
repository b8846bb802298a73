"""Scale, standardised returns and outcomes, against a second computation by hand."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_data.prices import CLOSE, HIGH, LOW, OPEN, SESSION
from modelling.distribution import (
    MAX_SESSIONS,
    Distribution,
    next_scales,
    ordinary_sessions,
    standardise,
    variance_proxy,
)
from modelling.reaction_pool import (
    DRAWS,
    MIN_POOL,
    US_MEAN_SIZE,
    US_POOL,
    US_QUANTILES,
    US_SHARES,
    mixture,
    own_share,
    pool_of,
)


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    """Return 330 sessions of a random walk with open, high and low."""
    generator = np.random.default_rng(7)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, 330)))
    index = pd.bdate_range("2024-01-01", periods=330, name=SESSION, unit="ns")
    opening = close * np.exp(generator.normal(0, 0.004, 330))
    high = np.maximum(close, opening) * (1 + generator.uniform(0, 0.01, 330))
    low = np.minimum(close, opening) * (1 - generator.uniform(0, 0.01, 330))
    return pd.DataFrame({OPEN: opening, HIGH: high, LOW: low, CLOSE: close}, index)


def proxy_by_hand(prices: pd.DataFrame, place: int) -> float:
    """Return one session's variance proxy, computed from its four prices."""
    bar, before = prices.iloc[place], prices.iloc[place - 1]
    if bar[HIGH] == bar[LOW] or bar[[OPEN, HIGH, LOW]].isna().any():
        return math.log(bar[CLOSE] / before[CLOSE]) ** 2
    within = math.log(bar[HIGH] / bar[LOW]) ** 2 / (4 * math.log(2))
    return min(within, 0.05) + min(math.log(bar[OPEN] / before[CLOSE]) ** 2, 0.05)


def scale_by_hand(prices: pd.DataFrame, place: int) -> float:
    """Return the scale of the session after `place`."""
    proxies = [proxy_by_hand(prices, at) for at in range(place - 21, place + 1)]
    means = proxies[-1], sum(proxies[-5:]) / 5, sum(proxies) / 22
    return math.sqrt(sum(means) / 3)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {HIGH: 80.0},
        {OPEN: 20.0, LOW: 19.0},
        {HIGH: 50.0, LOW: 50.0, OPEN: 50.0, CLOSE: 50.0},
        {OPEN: math.nan},
        {LOW: math.nan},
    ],
)
def test_the_scale_is_that_of_a_second_computation(
    prices: pd.DataFrame, changes: dict[str, float]
) -> None:
    """Wide, gapped, flat and incomplete sessions have the proxy of SPEC 6."""
    bars = prices.copy()
    for name, value in changes.items():
        bars.loc[bars.index[300], name] = value
    scales, proxy = next_scales(bars), variance_proxy(bars)
    assert proxy.iloc[300] == pytest.approx(proxy_by_hand(bars, 300), rel=1e-12)
    for place in (22, 299, 300, 301, 329):
        expected = scale_by_hand(bars, place)
        assert scales.iloc[place] == pytest.approx(expected, rel=1e-9)
    assert scales.iloc[:22].isna().all()


def test_standardised_returns_use_the_scale_known_before(prices: pd.DataFrame) -> None:
    """Each of the last 252 is the return divided by the scale of the session before."""
    z = ordinary_sessions(standardise(prices), ())["z"]
    assert list(z.index) == list(prices.index[-MAX_SESSIONS:])
    for place in (-252, -100, -1):
        at = len(prices) + place
        change = prices[CLOSE].iloc[at] / prices[CLOSE].iloc[at - 1] - 1
        assert z.iloc[place] == pytest.approx(change / scale_by_hand(prices, at - 1))


def test_a_prefix_gives_the_same_numbers(prices: pd.DataFrame) -> None:
    """Later sessions change neither a scale nor a standardised return."""
    part = prices.iloc[:200]
    pd.testing.assert_series_equal(next_scales(part), next_scales(prices)[:200])
    whole, known = standardise(prices), standardise(part)
    pd.testing.assert_frame_equal(known, whole.loc[known.index])


def test_reaction_sessions_are_left_out(prices: pd.DataFrame) -> None:
    """They are neither used nor replaced by an older session."""
    days = {prices.index[-5].date(), prices.index[-40].date(), date(1999, 1, 4)}
    z = ordinary_sessions(standardise(prices), days)["z"]
    assert len(z) == MAX_SESSIONS - 2
    assert not days & {day.date() for day in z.index}
    assert z.index[0] == prices.index[-MAX_SESSIONS]


def test_a_price_that_never_moved_has_no_standardised_return() -> None:
    """A scale of zero divides nothing."""
    index = pd.bdate_range("2024-01-01", periods=100, name=SESSION, unit="ns")
    flat = pd.DataFrame(dict.fromkeys((OPEN, HIGH, LOW, CLOSE), 5.0), index)
    assert standardise(flat).empty
    assert next_scales(flat).iloc[-1] == 0


def test_the_interval_ends_are_places_of_the_ordered_outcomes() -> None:
    """Of 99 outcomes the 10th and the 90th, shifted by the centre."""
    z = np.random.default_rng(1).permutation(np.arange(-49, 50.0))
    found = Distribution(0.01, 0.02, z)
    assert found.low == pytest.approx(0.01 - 40 * 0.02)
    assert found.high == pytest.approx(0.01 + 40 * 0.02)


def test_an_outcome_of_zero_counts_half() -> None:
    """Without a centre the probability of symmetric outcomes is one half."""
    z = np.array([-1.0, 0.0, 1.0])
    assert Distribution(0.0, 0.01, z).probability_up == 0.5
    assert Distribution(0.005, 0.01, z).probability_up == pytest.approx(2 / 3)


@settings(max_examples=50, deadline=None)
@given(
    z=st.lists(st.floats(-9, 9), min_size=60, max_size=80),
    centre=st.floats(-0.05, 0.05),
    more=st.floats(0, 0.05),
)
def test_a_higher_centre_never_lowers_the_probability(
    z: list[float], centre: float, more: float
) -> None:
    """Interval and probability move with the centre, and the interval is ordered."""
    lower, higher = (
        Distribution(c, 0.02, np.array(z)) for c in (centre, centre + more)
    )
    assert 0 <= lower.probability_up <= higher.probability_up <= 1
    assert lower.low <= lower.high <= higher.high


def test_the_built_in_pool_has_the_published_points() -> None:
    """The 20th and the 180th of 199 draws are the published 10 % and 90 % points."""
    for share, published in zip(US_SHARES, US_QUANTILES, strict=True):
        place = share * (DRAWS + 1)
        if place == round(place):
            assert US_POOL.z[round(place) - 1] == pytest.approx(published)
    found = Distribution(0.0, 0.01, US_POOL.z)
    assert (found.low, found.high) == pytest.approx((-0.0392, 0.0436))
    assert found.probability_up == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize(
    ("own", "share"),
    [
        ([], 1.0),
        ([2.648, -2.648], 1.0),
        ([0.0] * 6, 0.5),
        ([5.296] * 6, 1.5),
    ],
)
def test_a_stocks_own_share_counts_six_ordinary_reactions(
    own: list[float], share: float
) -> None:
    """Six reactions without a move halve the share; six of twice the size add half."""
    assert own_share(np.array(own), US_MEAN_SIZE) == pytest.approx(share)


def test_a_large_pool_is_made_of_the_own_stocks() -> None:
    """Each reaction is divided by the share that was known before it."""
    own = np.array([2.0, -3.0, 4.0])
    others = np.full(MIN_POOL - 3, 1.0)
    pool = pool_of([own, others[:100], others[100:]])
    expected = [own[at] / own_share(own[:at], US_MEAN_SIZE) for at in range(3)]
    assert list(pool.z[:3]) == expected
    assert len(pool.z) == MIN_POOL
    assert pool.mean_size == pytest.approx(np.abs(pool.z).mean())
    assert pool_of([own, others[:100]]) is US_POOL


def test_a_mixture_weighs_both_parts_the_same() -> None:
    """Its share above a value is the mean of the parts' shares."""
    ordinary, reaction = np.linspace(-1, 1, 252), np.linspace(-8, 8, DRAWS)
    mixed = mixture(ordinary, reaction)
    assert len(mixed) == 2 * DRAWS
    for value in (-4, 0.5, 3):
        parts = [np.mean(part > value) for part in (ordinary, reaction)]
        assert np.mean(mixed > value) == pytest.approx(np.mean(parts), abs=0.006)
