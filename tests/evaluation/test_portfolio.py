"""Positions, turnover and cost by hand, and laws that hold for any record."""

import numpy as np
import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap
from evaluation.portfolio import daily_returns, portfolios, positions

RECORD = pd.DataFrame(
    [
        ("d1", "AAA", "BUY", 1.0, 0.02),
        ("d1", "BBB", "SELL", 0.8, 0.01),
        ("d2", "AAA", "HOLD", 1.0, 0.05),
        ("d2", "BBB", "SELL", 0.8, -0.03),
        ("d3", "AAA", "BUY", 0.0, 0.04),
    ],
    columns=[
        "forecast_session",
        "symbol",
        "prediction",
        "position_scale",
        "realized_return",
    ],
).assign(prediction_without_guard=lambda rows: rows["prediction"])


def test_three_days_by_hand() -> None:
    """Each symbol has half of the money on two days, one has all on the third."""
    table = daily_returns(RECORD, positions(RECORD)["with_guard"], cost_bps=100)
    assert table["return"].tolist() == pytest.approx([0.006, 0.012, 0.0])
    assert table["exposure"].tolist() == pytest.approx([0.9, 0.4, 0.0])
    assert table["turnover"].tolist() == pytest.approx([0.9, 0.5, 0.4])
    assert table["cost"].tolist() == pytest.approx([0.009, 0.005, 0.004])
    assert table["net_return"].tolist() == pytest.approx([-0.003, 0.007, -0.004])


def test_without_the_guard_a_sat_out_call_counts_in_full() -> None:
    """Without the guard `position_scale` is not used."""
    table = daily_returns(RECORD, positions(RECORD)["without_guard"], cost_bps=0)
    assert table["return"].tolist() == pytest.approx([0.005, 0.015, 0.04])


def test_holding_everything_earns_the_mean(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Its return is the mean of all symbols, and its only turnover is the purchase."""
    found = portfolios(record, DayBootstrap(settings), 10.0)["buy_and_hold"]
    means = record.groupby("forecast_session")["realized_return"].mean()
    assert found.daily_return.value == pytest.approx(means.mean())
    assert found.daily_turnover.value == pytest.approx(1 / 30)
    assert found.total_return == pytest.approx(means.sum())


@pytest.mark.parametrize("rate", [0.0, 10.0, 50.0])
def test_net_is_gross_less_turnover_at_the_rate(
    record: pd.DataFrame, settings: EvaluationSettings, rate: float
) -> None:
    """The cost is the turnover times the rate."""
    found = portfolios(record, DayBootstrap(settings), rate)["with_guard"]
    assert found.daily_turnover.value is not None
    cost = found.daily_turnover.value * rate / 10_000
    assert found.daily_cost.value == pytest.approx(cost)
    assert found.total_net_return == pytest.approx(found.total_return - 30 * cost)
    assert np.isfinite(found.total_net_return)
