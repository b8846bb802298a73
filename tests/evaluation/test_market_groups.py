"""Calls by the state of the index: the groups and their figures, by plain loops."""

import numpy as np
import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap
from evaluation.market_groups import market_groups

STATES = ("calm", "usual", "wild", "")


@pytest.fixture(scope="module")
def known(record: pd.DataFrame) -> pd.DataFrame:
    """Return the record with a state of the index per day; some are not known."""
    generator = np.random.default_rng(8)
    days = record["forecast_session"].unique()
    volatility = dict(zip(days, generator.choice(STATES, len(days)), strict=True))
    side = dict(zip(days, generator.choice([0.02, -0.02, np.nan], 30), strict=True))
    return record.assign(
        market_volatility=record["forecast_session"].map(volatility),
        market_against_sma_200=record["forecast_session"].map(side),
    )


def test_the_groups_are_the_states_of_the_index(
    known: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """A row without a state is in no group; a state without a row has no group."""
    found = market_groups(known, DayBootstrap(settings))
    counts = known["market_volatility"].value_counts()
    for name in STATES[:3]:
        assert found[f"{name}_volatility"].forecasts == counts[name]
    assert (
        found["above_sma_200"].forecasts == (known["market_against_sma_200"] > 0).sum()
    )
    calm = known[known["market_volatility"] == "calm"]
    names = [n for n in market_groups(calm, DayBootstrap(settings)) if "vol" in n]
    assert names == ["calm_volatility"]


def test_the_hit_rate_of_a_group_by_a_plain_loop(
    known: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """HOLD is no direction; each figure has its own count."""
    rows = known[known["market_volatility"] == "wild"]
    hits = [
        (row.prediction == "BUY") == (row.realized_return > 0)
        for row in rows.itertuples()
        if row.prediction != "HOLD"
    ]
    group = market_groups(known, DayBootstrap(settings))["wild_volatility"]
    assert group.call_hit_rate.count == len(hits)
    assert group.call_hit_rate.value == pytest.approx(np.mean(hits))
    assert group.call_hit_rate.low is not None
    assert group.blend_hit_rate.count == len(rows)
    assert group.mean_return.value == pytest.approx(rows["realized_return"].mean())


def test_a_record_without_the_index_has_no_groups(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """A record of before, and one whose index had no prices, are the same."""
    empty = record.assign(market_against_sma_200=np.nan, market_volatility="")
    draws = DayBootstrap(settings)
    old = record.drop(columns=[n for n in record if n.startswith("market_")])
    assert market_groups(old, draws) == {}
    assert market_groups(empty, draws) == {}
