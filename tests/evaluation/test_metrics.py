"""The metrics against plain loops over the rows, their intervals against theory."""

import numpy as np
import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap
from evaluation.metrics import (
    JUDGED,
    Metrics,
    component_calls,
    compute_metrics,
    reliability,
)

COST = 25.0


@pytest.fixture(scope="module")
def found(record: pd.DataFrame, settings: EvaluationSettings) -> Metrics:
    """Return the record's metrics."""
    return compute_metrics(record, settings, COST)


def test_every_component_and_baseline_is_in_the_report(found: Metrics) -> None:
    """A component that was always missing has None as hit rate, not 0."""
    assert tuple(found.components) == JUDGED
    missing = found.components["finbert"]
    assert (missing.hit_rate.value, missing.hit_rate.count) == (None, 0)
    assert missing.information_coefficient.value is None


def test_the_hit_rate_by_a_plain_loop(found: Metrics, record: pd.DataFrame) -> None:
    """A direction of 0 is not counted; a return of 0 is not up."""
    hits = [
        (row.trend_direction > 0) == (row.realized_return > 0)
        for row in record.itertuples()
        if row.trend_direction != 0
    ]
    rate = found.components["trend"].hit_rate
    assert rate.count == len(hits)
    assert rate.value == pytest.approx(np.mean(hits))
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < np.mean(hits) < rate.high


@pytest.mark.parametrize("name", ["lstm", "trend", "technical", "blend", "ridge"])
def test_the_coefficient_is_the_mean_of_the_days_spearman(
    found: Metrics, record: pd.DataFrame, name: str
) -> None:
    """With six symbols per day, each day has a rank correlation across them."""
    from scipy import stats  # noqa: PLC0415  half a second

    signal = component_calls(record, name).signal
    by_day = [
        stats.spearmanr(signal[rows.index], rows["realized_return"]).statistic
        for _, rows in record.groupby("forecast_session")
    ]
    judged = found.components[name]
    assert judged.coefficient_kind == "daily"
    assert judged.information_coefficient.value == pytest.approx(np.mean(by_day))
    assert judged.information_coefficient.days == 30


def test_few_symbols_are_ranked_together(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """With two symbols per day all rows are ranked at once."""
    from scipy import stats  # noqa: PLC0415  half a second

    few = record[record["symbol"].isin(["AAA.AX", "BBB.AX"])]
    judged = compute_metrics(few, settings, COST).components["blend"]
    expected = stats.spearmanr(few["score"], few["realized_return"]).statistic
    assert judged.coefficient_kind == "pooled"
    assert judged.information_coefficient.value == pytest.approx(expected)


def test_equal_signals_have_no_coefficient(found: Metrics) -> None:
    """The same signal for every symbol gives no ranking."""
    assert found.components["buy_and_hold"].information_coefficient.value is None


def test_errors_and_probabilities_by_hand(found: Metrics, record: pd.DataFrame) -> None:
    """RMSE / RMSE of persistence, Brier score, and share inside the interval."""
    realized, predicted = record["realized_return"], record["predicted_return"]
    judged = found.components["lstm"]
    skill, brier = judged.rmse_against_persistence, judged.brier_score
    coverage = judged.interval_coverage
    assert skill
    assert brier
    assert coverage
    root = np.sqrt(((realized - predicted) ** 2).mean() / (realized**2).mean())
    assert skill.value == pytest.approx(root)
    squares = (record["probability_up"] - (realized > 0)) ** 2
    assert brier.value == pytest.approx(squares.mean())
    assert coverage.value == pytest.approx((realized.abs() <= 0.013).mean())


def test_reliability_counts_each_probability_once() -> None:
    """A bin includes its lower end; the last bin includes 1 too."""
    probability = pd.Series([0.0, 0.24, 0.25, 0.5, 1.0, np.nan])
    up = pd.Series([0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    bins = reliability(probability, up, 4)
    assert [part.count for part in bins] == [2, 1, 1, 1]
    assert [part.share_up for part in bins] == [0.5, 1, 0, 1]
    assert bins[0].mean_probability == pytest.approx(0.12)


@pytest.mark.parametrize("guard", ["", "_without_guard"])
@pytest.mark.parametrize("call", ["BUY", "HOLD", "SELL"])
def test_the_mean_return_of_a_call(
    found: Metrics, record: pd.DataFrame, guard: str, call: str
) -> None:
    """It is the mean over the rows of that call, with and without the guard."""
    rows = record[record[f"prediction{guard}"] == call]
    mean = found.calls[guard.removeprefix("_") or "with_guard"][call]
    assert mean.count == len(rows)
    assert mean.value == pytest.approx(rows["realized_return"].mean())


@pytest.mark.parametrize("guard", ["with_guard", "without_guard"])
def test_a_buy_less_a_sell(found: Metrics, guard: str) -> None:
    """It is the difference of the two means."""
    buy, sell = found.calls[guard]["BUY"], found.calls[guard]["SELL"]
    spread = found.buy_less_sell[guard]
    assert buy.value is not None
    assert sell.value is not None
    assert spread.value == pytest.approx(buy.value - sell.value)
    assert spread.count == buy.count + sell.count
    assert spread.low is not None
    assert spread.high is not None
    assert spread.low < spread.value < spread.high


def test_buys_alone_have_no_spread(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Without a SELL the difference is None."""
    spread = compute_metrics(
        record.assign(prediction="BUY"), settings, COST
    ).buy_less_sell
    assert spread["with_guard"].value is None
    assert spread["with_guard"].count == len(record)


def test_forecasters_are_compared_on_the_rows_of_the_lstm(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Rows without a forecast of the LSTM are left out for the baselines too."""
    no_lstm = record["symbol"].isin(["AAA.AX", "BBB.AX"])
    names = ["predicted_return", "probability_up", "lstm_direction"]
    part = record.assign(**{name: record[name].mask(no_lstm) for name in names})
    beside = compute_metrics(part, settings, COST).where_lstm_spoke
    alone = compute_metrics(record[~no_lstm], settings, COST).components
    assert set(beside) == {"lstm", "persistence", "majority", "ridge", "lightgbm"}
    assert all(beside[name] == alone[name] for name in beside)


def test_a_row_without_a_return_is_in_no_metric(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """A forecast of a future session is counted, and left out of all metrics."""
    open_ = record.copy()
    open_.loc[open_.index[-6:], "realized_return"] = np.nan
    failed = open_.tail(1).assign(data_status="failed")
    found = compute_metrics(pd.concat([open_, failed]), settings, COST)
    assert (found.forecasts, found.realized, found.days) == (180, 174, 29)
    assert found.components["blend"].hit_rate.count == 174


def test_an_empty_record_has_no_metrics(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Counts are 0 and values are None."""
    found = compute_metrics(record.iloc[:0], settings, COST)
    assert found.realized == 0
    assert found.components["lstm"].hit_rate.value is None
    assert found.portfolios["with_guard"].daily_return.value is None


def test_an_interval_clusters_by_day(settings: EvaluationSettings) -> None:
    """Six equal rows per day give the same interval as a single row."""
    values = pd.Series(np.random.default_rng(1).normal(0, 1, 40))
    days = pd.Series(range(40))
    draws = DayBootstrap(settings)
    once = draws.mean(values, days)
    many = draws.mean(
        pd.concat([values] * 6, ignore_index=True),
        pd.concat([days] * 6, ignore_index=True),
    )
    assert (many.low, many.high) == pytest.approx((once.low, once.high))
    assert (many.count, many.days) == (240, 40)


def test_the_interval_is_about_the_normal_one() -> None:
    """For many independent days it is 1.96 standard errors to each side."""
    values = pd.Series(np.random.default_rng(5).normal(0.3, 1, 400))
    draws = DayBootstrap(EvaluationSettings(bootstrap_draws=4000))
    mean = draws.mean(values, pd.Series(range(400)))
    error = 1.96 * values.std() / 20
    ends = (values.mean() - error, values.mean() + error)
    assert (mean.low, mean.high) == pytest.approx(ends, abs=0.015)


def test_the_same_days_give_the_same_interval(
    found: Metrics, record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """The bootstrap is seeded, and the order of rows does not matter."""
    shuffled = record.sample(frac=1, random_state=1)
    again = compute_metrics(shuffled, settings, COST).components["lstm"]
    rate = found.components["lstm"].hit_rate
    assert again.hit_rate.model_dump() == pytest.approx(rate.model_dump())


def test_one_day_has_no_interval(settings: EvaluationSettings) -> None:
    """A single day can't show how days differ."""
    mean = DayBootstrap(settings).mean(pd.Series([1.0, 2.0]), pd.Series(["a", "a"]))
    assert (mean.value, mean.low, mean.high) == (1.5, None, None)
