"""The state of an index and of a symbol, against plain loops over their closes."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from market_data.prices import CLOSE, HIGH, LOW, OPEN
from market_data.sessions import sessions_between
from modelling.distribution import next_scales
from screening.price_states import index_state, mean_state, symbol_state

SESSIONS = sessions_between("XASX", date(2024, 6, 3), date(2025, 11, 10))


def bars(rows: int = len(SESSIONS), width: float = 0.01, seed: int = 5) -> pd.DataFrame:
    """Return a random walk of the last `rows` sessions; `width` is that of a range."""
    moves = np.random.default_rng(seed).normal(0.0003, 0.01, rows)
    close = 100 * np.exp(np.cumsum(moves))
    columns = {OPEN: close, HIGH: close * (1 + width), LOW: close * (1 - width)}
    return pd.DataFrame(columns | {CLOSE: close}, index=SESSIONS[-rows:])


def test_an_index_is_compared_with_the_means_of_its_last_closes() -> None:
    """SMA 50 and 200 are plain means that end with the last close."""
    given = bars()
    closes, found = given[CLOSE].tolist(), index_state(given)
    assert found.session == date(2025, 11, 10)
    assert found.against_sma_50 == pytest.approx(
        closes[-1] / (sum(closes[-50:]) / 50) - 1
    )
    assert found.against_sma_200 == pytest.approx(
        closes[-1] / (sum(closes[-200:]) / 200) - 1
    )
    assert found.notes == ()


@pytest.mark.parametrize(
    ("factor", "volatility"), [(0.2, "calm"), (1.0, "usual"), (6.0, "wild")]
)
def test_the_last_sessions_decide_the_third_of_the_year(
    factor: float, volatility: str
) -> None:
    """Narrow ranges of a month are calm against the year, wide ones wild."""
    given = bars()
    given[OPEN] = given[CLOSE].shift(fill_value=100.0)
    cycle = 1 + 0.5 * np.sin(np.arange(len(given)) / 9)
    cycle[-22:] = factor
    for name, sign in ((HIGH, 1), (LOW, -1)):
        given[name] = given[CLOSE] * (1 + sign * 0.01 * cycle)
    assert index_state(given).volatility == volatility


def test_the_scale_is_that_of_the_distribution() -> None:
    """The form of SPEC 6 where the sessions have ranges; its place is the year's."""
    given = bars()
    scales, found = next_scales(given).dropna().tail(252).tolist(), index_state(given)
    assert not found.from_closes
    assert found.scale == scales[-1]
    below = sum(one < scales[-1] for one in scales) + 0.5
    assert found.scale_place == pytest.approx(below / 252)


def test_closes_alone_give_the_scale_of_their_squared_log_returns() -> None:
    """The state says that it follows from closes; opens do not count either."""
    given = bars(width=0.0)
    given[OPEN] *= 1.01
    squares = np.log(given[CLOSE]).diff().to_numpy() ** 2
    means = [squares[-count:].mean() for count in (1, 5, 22)]
    found = index_state(given)
    assert found.from_closes
    assert found.scale == pytest.approx(np.mean(means) ** 0.5)


def test_a_short_index_has_no_long_average_and_says_why() -> None:
    """Values that need more sessions are None, each with its reason."""
    found = index_state(bars(199))
    assert found.against_sma_50 is not None
    assert found.against_sma_200 is None
    assert (found.scale_place, found.volatility) == (None, None)
    assert found.notes == (
        "SMA 200 missing: 199 closes",
        "volatility not compared: 177 of 200 sessions' sigma",
    )
    assert index_state(bars(1)).scale is None


@pytest.mark.parametrize("cut", [230, 280, 340])
def test_a_state_does_not_depend_on_later_sessions(cut: int) -> None:
    """Cut at a session, the states have the bits of the whole history up to it."""
    given = bars()
    other = given.copy()
    other.iloc[cut:] *= 3
    assert index_state(given[:cut]) == index_state(other[:cut])
    assert symbol_state(given[CLOSE][:cut]).session == SESSIONS[cut - 1].date()


def test_the_mean_of_the_symbols_weights_their_returns_equally() -> None:
    """A dear and a cheap stock count the same; a session without one is the other's."""
    one, two = bars(seed=1)[CLOSE], bars(300, seed=2)[CLOSE] * 50
    found = mean_state([one, two])
    returns = pd.concat([one.pct_change(), two.pct_change()], axis=1).mean(axis=1)
    level = (1 + returns.fillna(0)).cumprod()
    assert found
    assert found.from_closes
    assert found.against_sma_200 == pytest.approx(
        level.iloc[-1] / level.tail(200).mean() - 1
    )
    assert (mean_state([]), mean_state([one.tail(1)])) == (None, None)


def test_a_symbols_state_is_its_return_and_its_sides() -> None:
    """With too few closes an average is not known; with one close no return is."""
    closes = pd.Series(np.arange(1.0, 200), SESSIONS[-199:])
    found = symbol_state(closes)
    assert found.day_return == pytest.approx(199 / 198 - 1)
    assert (found.above_sma_50, found.above_sma_200) == (True, None)
    assert symbol_state(closes.tail(1)).day_return is None
