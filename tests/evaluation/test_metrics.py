"""The figures against plain loops over the rows, and their intervals against theory."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap
from evaluation.metrics import JUDGED, Metrics, compute_metrics, reliability, voice_of

COST = 25.0


@pytest.fixture(scope="module")
def found(record: pd.DataFrame, settings: EvaluationSettings) -> Metrics:
    """Return the record's figures."""
    return compute_metrics(record, settings, COST)


def test_every_voice_and_baseline_is_judged(found: Metrics) -> None:
    """All stand in the report; one that never spoke has no figure, not a zero."""
    assert tuple(found.components) == JUDGED
    silent = found.components["finbert"]
    assert (silent.hit_rate.value, silent.hit_rate.count) == (None, 0)
    assert silent.information_coefficient.value is None


def test_the_hit_rate_by_a_plain_loop(found: Metrics, record: pd.DataFrame) -> None:
    """Directions of 0 are no opinion; a return of 0 is not up."""
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
    """Six symbols a day: rank correlation across them, then the mean over days."""
    signal = voice_of(record, name).signal
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
    """With two symbols a day all rows are ranked at once."""
    few = record[record["symbol"].isin(["AAA.AX", "BBB.AX"])]
    judged = compute_metrics(few, settings, COST).components["blend"]
    expected = stats.spearmanr(few["score"], few["realized_return"]).statistic
    assert judged.coefficient_kind == "pooled"
    assert judged.information_coefficient.value == pytest.approx(expected)


def test_one_opinion_for_all_has_no_coefficient(found: Metrics) -> None:
    """Who says the same of every symbol ranks nothing."""
    assert found.components["buy_and_hold"].information_coefficient.value is None


def test_errors_and_chances_by_hand(found: Metrics, record: pd.DataFrame) -> None:
    """RMSE over that of no change, Brier's score, and the share inside the interval."""
    came, said = record["realized_return"], record["predicted_return"]
    judged = found.components["lstm"]
    skill, brier = judged.rmse_against_persistence, judged.brier_score
    held = judged.interval_coverage
    assert skill
    assert brier
    assert held
    root = np.sqrt(((came - said) ** 2).mean() / (came**2).mean())
    assert skill.value == pytest.approx(root)
    squares = (record["probability_up"] - (came > 0)) ** 2
    assert brier.value == pytest.approx(squares.mean())
    assert held.value == pytest.approx((came.abs() <= 0.013).mean())


def test_reliability_counts_each_chance_once() -> None:
    """A bin holds its lower end; the last one holds 1 as well."""
    chance = pd.Series([0.0, 0.24, 0.25, 0.5, 1.0, np.nan])
    up = pd.Series([0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    bins = reliability(chance, up, 4)
    assert [one.count for one in bins] == [2, 1, 1, 1]
    assert [one.share_up for one in bins] == [0.5, 1, 0, 1]
    assert bins[0].mean_probability == pytest.approx(0.12)


@pytest.mark.parametrize("guard", ["", "_without_guard"])
@pytest.mark.parametrize("call", ["BUY", "HOLD", "SELL"])
def test_the_mean_return_of_a_call(
    found: Metrics, record: pd.DataFrame, guard: str, call: str
) -> None:
    """With and without the guard, the mean over the rows of that call."""
    rows = record[record[f"prediction{guard}"] == call]
    one = found.calls[guard.removeprefix("_") or "with_guard"][call]
    assert one.count == len(rows)
    assert one.value == pytest.approx(rows["realized_return"].mean())


@pytest.mark.parametrize("guard", ["with_guard", "without_guard"])
def test_a_buy_less_a_sell(found: Metrics, guard: str) -> None:
    """The difference of the two means, on the rows of both."""
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
    """Without a SELL there is nothing to compare a BUY with."""
    spread = compute_metrics(
        record.assign(prediction="BUY"), settings, COST
    ).buy_less_sell
    assert spread["with_guard"].value is None
    assert spread["with_guard"].count == len(record)


def test_forecasters_are_compared_on_the_rows_of_the_lstm(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Where its model was refused, no baseline is judged beside it either."""
    mute = record["symbol"].isin(["AAA.AX", "BBB.AX"])
    names = ["predicted_return", "probability_up", "lstm_direction"]
    part = record.assign(**{name: record[name].mask(mute) for name in names})
    beside = compute_metrics(part, settings, COST).where_lstm_spoke
    alone = compute_metrics(record[~mute], settings, COST).components
    assert set(beside) == {"lstm", "persistence", "majority", "ridge", "lightgbm"}
    assert all(one == alone[name] for name, one in beside.items())


def test_a_return_that_is_not_known_judges_nobody(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """A forecast whose session has not come is counted, and left out of figures."""
    open_ = record.copy()
    open_.loc[open_.index[-6:], "realized_return"] = np.nan
    failed = open_.tail(1).assign(data_status="failed")
    found = compute_metrics(pd.concat([open_, failed]), settings, COST)
    assert (found.forecasts, found.realized, found.days) == (180, 174, 29)
    assert found.components["blend"].hit_rate.count == 174


def test_an_empty_record_has_no_figures(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Nothing known: counts of 0 and no numbers."""
    found = compute_metrics(record.iloc[:0], settings, COST)
    assert found.realized == 0
    assert found.components["lstm"].hit_rate.value is None
    assert found.portfolios["with_guard"].daily_return.value is None


def test_an_interval_clusters_by_day(settings: EvaluationSettings) -> None:
    """Six equal rows a day know no more than one: the interval is as wide."""
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
    """Of many independent days the interval is 1.96 standard errors to each side."""
    values = pd.Series(np.random.default_rng(5).normal(0.3, 1, 400))
    draws = DayBootstrap(EvaluationSettings(bootstrap_draws=4000))
    one = draws.mean(values, pd.Series(range(400)))
    error = 1.96 * values.std() / 20
    ends = (values.mean() - error, values.mean() + error)
    assert (one.low, one.high) == pytest.approx(ends, abs=0.015)


def test_the_same_days_give_the_same_interval(
    found: Metrics, record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """The resampling is seeded, and the order of rows does not matter."""
    shuffled = record.sample(frac=1, random_state=1)
    again = compute_metrics(shuffled, settings, COST).components["lstm"]
    rate = found.components["lstm"].hit_rate
    assert again.hit_rate.model_dump() == pytest.approx(rate.model_dump())


def test_one_day_has_no_interval(settings: EvaluationSettings) -> None:
    """A single day says nothing of how days differ."""
    one = DayBootstrap(settings).mean(pd.Series([1.0, 2.0]), pd.Series(["a", "a"]))
    assert (one.value, one.low, one.high) == (1.5, None, None)
