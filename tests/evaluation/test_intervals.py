"""Coverage, interval scores and Brier scores, against plain loops over the rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap
from evaluation.intervals import (
    Intervals,
    interval_metrics,
    interval_score,
    rise_probabilities,
)
from evaluation.metrics import Metrics, compute_metrics

ENDS = {"predicted_return": 0.013, "ordinary": 0.01, "first_edition": 0.012}


@pytest.fixture(scope="module")
def nights(record: pd.DataFrame) -> pd.DataFrame:
    """Return a record in two months, with intervals and reactions; one lacks EWMA's."""
    generator = np.random.default_rng(8)
    ends: dict[str, Any] = {"garch_low": np.nan, "garch_high": np.nan}
    for name, end in (ENDS | {"ewma": 0.02}).items():
        ends |= {f"{name}_low": -end, f"{name}_high": end}
    count = len(record)
    reaction = generator.choice(["yes", "possible", "no", ""], count)
    scale = generator.uniform(0.005, 0.03, count)
    nights = record.assign(**ends, event_reaction=reaction, return_scale=scale)
    nights.loc[nights.index[0], ["ewma_low", "ewma_high"]] = np.nan
    return nights


@pytest.fixture(scope="module")
def found(nights: pd.DataFrame, settings: EvaluationSettings) -> Intervals:
    """Return the figures of its intervals."""
    return interval_metrics(nights, DayBootstrap(settings))


def loop_score(realized: float, end: float) -> float:
    """Return the interval score of -end to end."""
    return 2 * end + 10 * max(0.0, abs(realized) - end)


@pytest.mark.parametrize(
    ("realized", "score"), [(0.0, 0.03), (0.02, 0.03), (0.03, 0.13), (-0.02, 0.13)]
)
def test_a_missed_return_costs_ten_times_its_distance(
    realized: float, score: float
) -> None:
    """The score is the width, plus the distance from the interval times 2 / 0.2."""
    row = {"realized_return": realized, "ewma_low": -0.01, "ewma_high": 0.02}
    assert interval_score(pd.DataFrame([row]), "ewma").item() == pytest.approx(score)


def test_only_rows_with_every_interval_are_compared(
    found: Intervals, nights: pd.DataFrame
) -> None:
    """A row without one is left out for all; a forecaster without any is left out."""
    assert found.rows == len(nights) - 1
    assert set(found.overall) == {"ours", "first_edition", "ordinary", "ewma"}
    counts = {figures.coverage.count for figures in found.overall.values()}
    assert counts == {found.rows}


def test_coverage_and_score_by_a_plain_loop(
    found: Intervals, nights: pd.DataFrame
) -> None:
    """They are means over the rows; the ratio is that of the two mean scores."""
    realized = nights["realized_return"].iloc[1:]
    ours = np.mean([loop_score(one, 0.013) for one in realized])
    first = np.mean([loop_score(one, 0.012) for one in realized])
    figures = found.overall["ours"]
    assert figures.coverage.value == pytest.approx(np.mean(np.abs(realized) <= 0.013))
    assert figures.score.value == pytest.approx(ours)
    assert figures.against_first_edition.value == pytest.approx(ours / first)
    assert found.overall["first_edition"].against_first_edition.value == 1


def test_months_weigh_the_same_in_the_monthly_miss(
    found: Intervals, nights: pd.DataFrame
) -> None:
    """It is the root of the mean square of coverage - 0.8 by month."""
    rows = nights.iloc[1:]
    inside = rows["realized_return"].abs() <= 0.013
    shares = inside.groupby(rows["forecast_session"].str.slice(0, 7)).mean()
    assert list(found.by_month) == shares.index.tolist() == ["2025-01", "2025-02"]
    held = [group["ours"].coverage.value for group in found.by_month.values()]
    assert held == pytest.approx(shares.tolist())
    miss = np.sqrt(np.mean((shares - 0.8) ** 2))
    assert found.monthly_miss["ours"] == pytest.approx(miss)


def test_a_month_of_few_days_is_no_monthly_miss(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Symbols of one day move together, so a single day shows chance only."""
    part = nights[nights["forecast_session"] < "2025-02-05"]
    found = interval_metrics(part, DayBootstrap(settings))
    assert list(found.by_month) == ["2025-01", "2025-02"]
    held = found.by_month["2025-01"]["ours"].coverage.value
    assert held is not None
    assert found.monthly_miss["ours"] == pytest.approx(abs(held - 0.8))


def test_each_row_is_in_one_third_of_the_scale(
    found: Intervals, nights: pd.DataFrame
) -> None:
    """The thirds have the same size, and the first has the smallest scales."""
    rows = nights.iloc[1:].sort_values("return_scale")
    counts = [group["ours"].coverage.count for group in found.by_scale.values()]
    assert sum(counts) == found.rows
    assert max(counts) - min(counts) <= 1
    inside = rows["realized_return"].abs().iloc[: counts[0]] <= 0.013
    assert found.by_scale["low"]["ours"].coverage.value == pytest.approx(inside.mean())


def test_reaction_sessions_are_apart_and_together(
    found: Intervals, nights: pd.DataFrame
) -> None:
    """A row whose reaction is not known counts among the others."""
    counts = {
        key: group["ours"].coverage.count for key, group in found.by_reaction.items()
    }
    known = nights["event_reaction"].iloc[1:].value_counts()
    assert counts["yes"] == known["yes"]
    assert counts["yes or possible"] == known["yes"] + known["possible"]
    assert counts["no or unknown"] == known["no"] + known[""]


def test_brier_scores_over_the_rows_that_have_all_probabilities(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """The base rate is the share of rises among the training targets."""
    part = nights.copy()
    part.loc[part.index[:5], "majority_probability_up"] = np.nan
    found = rise_probabilities(part, DayBootstrap(settings))
    rows = part.iloc[5:]
    up = rows["realized_return"] > 0
    ours, base = (
        ((rows[name] - up) ** 2).mean()
        for name in ("probability_up", "majority_probability_up")
    )
    assert found.brier_score["ours"].value == pytest.approx(ours)
    assert found.ours_less_base_rate.value == pytest.approx(ours - base)
    assert found.ours_less_base_rate.count == len(rows)


def test_rows_without_a_model_are_not_the_lstm_s(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """Each row has an interval; the LSTM is judged where it predicts a return."""
    no_lstm = nights["symbol"] == "AAA.AX"
    part = nights.assign(predicted_return=nights["predicted_return"].mask(no_lstm))
    found = compute_metrics(part, settings, 10.0)
    judged = found.where_lstm_spoke["lstm"]
    assert judged.interval_coverage == found.components["lstm"].interval_coverage
    assert judged.interval_coverage
    assert judged.interval_coverage.count == (~no_lstm).sum()
    assert found.intervals.rows == len(nights) - 1


def test_calls_that_nobody_can_act_on_are_counted_apart(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """They are HOLD in `with_guard`, and as the score says in `with_untradable`."""
    calls = nights.assign(prediction="HOLD", prediction_with_untradable="BUY")
    found: Metrics = compute_metrics(calls, settings, 10.0)
    assert found.calls["with_guard"]["BUY"].count == 0
    assert found.calls["with_untradable"]["BUY"].count == len(nights)
    exposure = found.portfolios["with_untradable"].daily_exposure.value
    assert exposure == pytest.approx(nights["position_scale"].mean())


def test_a_record_without_intervals_has_no_figures(
    record: pd.DataFrame, settings: EvaluationSettings
) -> None:
    """An empty record has no rows and no forecaster."""
    found = interval_metrics(record.iloc[:0], DayBootstrap(settings))
    assert (found.rows, found.overall, found.monthly_miss) == (0, {}, {})
