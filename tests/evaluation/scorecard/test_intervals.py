"""Many nights at once give what each night gives alone: intervals and spikes."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import GuardSettings
from evaluation.scorecard.histories import StockHistory
from evaluation.scorecard.intervals import (
    ordinary_intervals,
    pool_as_of,
    pool_reactions,
    quantile_rows,
    reaction_interval,
    standardise_stock,
)
from evaluation.scorecard.spikes import volatility_spikes
from features.windows import Floats
from market_data.prices import CLOSE
from market_data.sessions import sessions_between
from modelling.distribution import (
    Distribution,
    next_scales,
    ordinary_sessions,
    quantile,
    standardise,
)
from modelling.reaction_pool import US_POOL, mixture, own_share, pool_of, reaction_z
from pipeline.distributions import past_reactions
from risk_guard.market_context import volatility
from risk_guard.past_reports import PastReport
from risk_guard.reactions import Reaction, reaction_sessions

Walk = Callable[[int, int], pd.DataFrame]


@pytest.fixture(scope="module")
def stock(walk: Walk) -> StockHistory:
    """Return a random walk of 400 sessions in Sydney, with a report every 60."""
    sessions = sessions_between("XASX", date(2023, 1, 3), date(2025, 1, 3))[:400]
    bars = walk(400, 5).set_axis(sessions)
    days = [session.date() for session in sessions[30::60]]
    reports = tuple(
        PastReport(day, "unknown" if number % 2 else "after_close", "x")
        for number, day in enumerate(days)
    )
    return StockHistory("AAA.AX", bars, reports, ())


@given(st.lists(st.floats(-5, 5), min_size=60, max_size=90), st.floats(0.01, 0.99))
def test_the_quantile_of_a_row_is_that_of_the_night(
    values: list[float], share: float
) -> None:
    """NaNs at the end of a row do not count."""
    row = np.concatenate([np.sort(values), np.full(5, np.nan)])
    assert quantile_rows(row[None, :], share)[0] == pytest.approx(
        quantile(np.array(values), share)
    )


@pytest.mark.parametrize("place", [90, 150, 300, 399])
def test_the_ordinary_interval_is_that_of_the_night(
    stock: StockHistory, place: int
) -> None:
    """Computed from the bars up to that session alone."""
    as_of = stock.bars.index[place]
    cut = stock.bars.loc[:as_of]
    reacting = {
        session
        for report in stock.reports
        for session in reaction_sessions("XASX", report.day, report.time)
    }
    z = ordinary_sessions(standardise(cut), reacting)["z"].to_numpy()
    night = Distribution(0.0, float(next_scales(cut).iloc[-1]), z)
    found = ordinary_intervals(standardise_stock(stock)).loc[as_of]
    assert tuple(found) == pytest.approx((night.low, night.high))


def test_the_reaction_interval_is_that_of_the_night(stock: StockHistory) -> None:
    """A possible reaction mixes ordinary returns with those of the pool."""
    as_of = stock.bars.index[300]
    cut, standardised = stock.bars.loc[:as_of], standardise_stock(stock)
    known = [report for report in stock.reports if report.day < as_of.date()]
    table = standardise(cut)
    past = past_reactions(table, "XASX", known)["z"].to_numpy()
    drawn = reaction_z(US_POOL, own_share(past, US_POOL.mean_size))
    ordinary = ordinary_sessions(table, standardised.reacting)["z"].to_numpy()
    scale = float(next_scales(cut).iloc[-1])
    outcomes: dict[Reaction, Floats] = {
        "yes": drawn,
        "possible": mixture(ordinary, drawn),
    }
    for reaction, z in outcomes.items():
        night = Distribution(0.0, scale, z)
        found = reaction_interval(standardised, as_of, reaction, US_POOL)
        assert found == pytest.approx((night.low, night.high))


def test_the_pool_of_a_night_holds_the_reactions_known_by_then(
    stock: StockHistory,
) -> None:
    """It is that of the night's own stage, whatever came later."""
    stocks = [standardise_stock(stock)] * 40
    pooled, as_of = pool_reactions(stocks), stock.bars.index[350]
    own = stocks[0].reactions.loc[:as_of, "z"].to_numpy()
    expected, found = pool_of([own] * 40), pool_as_of(pooled, as_of)
    assert (found.name, len(own) * 40) == (expected.name, len(found.z))
    assert found.mean_size == pytest.approx(expected.mean_size)
    assert pool_as_of(pooled, stock.bars.index[100]) == US_POOL


@pytest.mark.parametrize("rows", [60, 70, 75, 200, 400])
def test_a_spike_is_that_of_the_guard(stock: StockHistory, rows: int) -> None:
    """Whatever the history's length; a history too short has none."""
    settings = GuardSettings(volatility_multiple=1.0)
    closes = stock.bars[CLOSE]
    night = volatility(closes.iloc[:rows], settings)
    found = volatility_spikes(closes, settings).iloc[rows - 1]
    assert found == night.spike if night else np.isnan(found)
