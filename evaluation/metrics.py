"""Metrics of a forecast record, most with an interval that clusters by day.

docs/evaluation.md defines them; the same CSV gives the same numbers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from config.settings import EvaluationSettings
from evaluation.baselines import BASELINES
from evaluation.day_bootstrap import DayBootstrap, Estimate, divide_sums
from evaluation.intervals import (
    Intervals,
    RiseProbability,
    interval_metrics,
    rise_probabilities,
)
from evaluation.market_groups import MarketGroup, market_groups
from evaluation.portfolio import Portfolio, portfolios
from features.windows import Floats
from screening.blend import COMPONENTS
from screening.track_record.day_sums import mark_hits

CALLS = ("BUY", "HOLD", "SELL")
FORECASTERS = ("lstm", *BASELINES)
"""Components and baselines that forecast a return or a probability of a rise."""

GUARDS = {
    "with_guard": "prediction",
    "without_guard": "prediction_without_guard",
    "with_untradable": "prediction_with_untradable",
}
"""The record's columns of calls.

With the guard and without it; with the guard, but without the rule that a call is HOLD
if nobody can act on it.
"""

JUDGED = (*COMPONENTS, "blend", *BASELINES, "buy_and_hold")
"""Names in the report; `buy_and_hold` predicts a rise every day."""


class Bin(BaseModel, frozen=True):
    """One bin of `probability_up`: its rows, mean probability and share of rises."""

    low: float
    high: float
    count: int
    mean_probability: float | None
    share_up: float | None


class Judgement(BaseModel, frozen=True):
    """Metrics of a component, the blend or a baseline; None if not computable."""

    hit_rate: Estimate
    information_coefficient: Estimate
    coefficient_kind: str = Field(description="`daily` or `pooled`")
    rmse_against_persistence: Estimate | None = None
    brier_score: Estimate | None = None
    interval_coverage: Estimate | None = None
    reliability: tuple[Bin, ...] = ()


class Metrics(BaseModel, frozen=True):
    """All metrics of one forecast record."""

    forecasts: int = Field(description="Rows whose symbol did not fail")
    realized: int = Field(description="Of these, rows whose return is known")
    days: int
    components: dict[str, Judgement]
    where_lstm_spoke: dict[str, Judgement] = Field(
        description="The forecasters, over the rows with a forecast of the LSTM"
    )
    calls: dict[str, dict[str, Estimate]] = Field(
        description="Mean next-session return, by guard and call"
    )
    buy_less_sell: dict[str, Estimate] = Field(
        description="Mean return after BUY less mean return after SELL, by guard"
    )
    portfolios: dict[str, Portfolio]
    intervals: Intervals
    rise_probability: RiseProbability
    by_market: dict[str, MarketGroup] = Field(
        description="Calls by the state of the exchange's index on the night"
    )


@dataclass(frozen=True)
class ComponentCalls:
    """Forecasts of a component, row by row; NaN where it was missing.

    The sign of `direction` and `signal` is the direction. The size of `signal` is the
    confidence.
    """

    direction: pd.Series
    signal: pd.Series


def compute_metrics(
    record: pd.DataFrame, settings: EvaluationSettings, cost_bps: float
) -> Metrics:
    """Return the metrics of a record that comes from `record_frame`."""
    usable = record[record["data_status"] != "failed"]
    known = usable[usable["realized_return"].notna()]
    with_lstm = known[known["predicted_return"].notna()]
    draws = DayBootstrap(settings)
    guards = {guard: column for guard, column in GUARDS.items() if column in record}
    return Metrics(
        forecasts=len(usable),
        realized=len(known),
        days=int(known["forecast_session"].nunique()),
        components={name: _judge(known, name, draws) for name in JUDGED},
        where_lstm_spoke={name: _judge(with_lstm, name, draws) for name in FORECASTERS},
        calls={
            guard: _returns_by_call(known, column, draws)
            for guard, column in guards.items()
        },
        buy_less_sell={
            guard: _buy_less_sell(known, column, draws)
            for guard, column in guards.items()
        },
        portfolios=portfolios(known, draws, cost_bps),
        intervals=interval_metrics(known, draws),
        rise_probability=rise_probabilities(known, draws),
        by_market=market_groups(known, draws),
    )


def component_calls(record: pd.DataFrame, name: str) -> ComponentCalls:
    """Return the directions and signals of a component, the blend or a baseline.

    Those of a baseline follow from its `probability_up`, as in SPEC 6.
    """
    if name == "buy_and_hold":
        always_up = pd.Series(1.0, record.index)
        return ComponentCalls(always_up, always_up)
    if name == "blend":
        return ComponentCalls(np.sign(record["score"]), record["score"])
    if name in BASELINES:
        signal = 2 * record[f"{name}_probability_up"] - 1
        return ComponentCalls(np.sign(signal), signal)
    direction = record[f"{name}_direction"]
    return ComponentCalls(direction, direction * record[f"{name}_confidence"])


def _judge(record: pd.DataFrame, name: str, draws: DayBootstrap) -> Judgement:
    calls, days = component_calls(record, name), record["forecast_session"]
    coefficient, kind = _rank_correlation(record, calls.signal, draws)
    judgement = Judgement(
        hit_rate=draws.mean(
            mark_hits(calls.direction, record["realized_return"]), days
        ),
        information_coefficient=coefficient,
        coefficient_kind=kind,
    )
    if name not in FORECASTERS:
        return judgement
    return judgement.model_copy(update=_forecast_metrics(record, name, draws))


def _forecast_metrics(
    record: pd.DataFrame, name: str, draws: DayBootstrap
) -> dict[str, object]:
    """Return the metrics of returns, intervals and probabilities of a rise."""
    days, realized = record["forecast_session"], record["realized_return"]
    up = (realized > 0).astype(float)
    probability = _forecast_column(record, name, "probability_up")
    errors = realized - _forecast_column(record, name, "return")
    squares = pd.DataFrame({"own": errors**2, "persistence": realized**2})
    return {
        "rmse_against_persistence": draws.estimate(squares, days, _root_of_ratio),
        "brier_score": draws.mean((probability - up) ** 2, days),
        "interval_coverage": draws.mean(inside_interval(record, name), days),
        "reliability": reliability(probability, up, draws.settings.probability_bins),
    }


def _forecast_column(record: pd.DataFrame, name: str, part: str) -> pd.Series:
    """Return a column of a forecaster; NaN in all rows if it has no such column.

    The LSTM's are those of the row, in the rows with a predicted return. In the others
    the row's interval and probability are not based on a model.
    """
    if name != "lstm":
        return record.get(f"{name}_{part}", pd.Series(np.nan, record.index))
    column = {
        "return": "predicted_return",
        "low": "predicted_return_low",
        "high": "predicted_return_high",
    }.get(part, part)
    return record[column].where(record["predicted_return"].notna())


def inside_interval(record: pd.DataFrame, name: str) -> pd.Series:
    """Return 1 for a realized return inside the forecaster's interval, else 0.

    NaN for a row without an interval.
    """
    realized, low = record["realized_return"], _forecast_column(record, name, "low")
    high = _forecast_column(record, name, "high")
    return realized.between(low, high).astype(float).where(low.notna())


def _root_of_ratio(sums: Floats) -> Floats:
    return np.sqrt(divide_sums(sums))


def reliability(probability: pd.Series, up: pd.Series, bins: int) -> tuple[Bin, ...]:
    """Return equally wide bins of the probability, with the share of rises in each.

    A bin includes its lower end; the last bin includes 1 too. NaN is in no bin.
    """
    place = np.minimum(np.floor(probability * bins), bins - 1)
    return tuple(
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=int((place == number).sum()),
            mean_probability=_mean(probability[place == number]),
            share_up=_mean(up[place == number]),
        )
        for number in range(bins)
    )


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _rank_correlation(
    record: pd.DataFrame, signal: pd.Series, draws: DayBootstrap
) -> tuple[Estimate, str]:
    """Return Spearman's coefficient of signal and realized return, and its kind.

    `daily` is the mean over days of the coefficient across the day's symbols; it is
    used if at least half of the days have `daily_symbols` signals. `pooled` is the
    coefficient over all rows, ranked once.
    """
    realized = record["realized_return"]
    both = pd.DataFrame({"signal": signal, "realized": realized}).dropna()
    days = record["forecast_session"].loc[both.index]
    signals = both.groupby(days).size()
    enough = signals[signals >= draws.settings.daily_symbols].index
    if len(signals) and 2 * len(enough) >= len(signals):
        return _mean_of_days(both[days.isin(enough)], days, draws), "daily"
    return draws.estimate(_moments(both.rank()), days, _correlation), "pooled"


def _mean_of_days(both: pd.DataFrame, days: pd.Series, draws: DayBootstrap) -> Estimate:
    """Return the mean of the days' coefficients.

    A day on which all signals or all returns are equal is left out.
    """
    own = days.loc[both.index]
    moments = _moments(both.groupby(own).rank()).groupby(own).sum()
    coefficients = pd.Series(_correlation(moments.to_numpy(float)), moments.index)
    mean = draws.mean(coefficients, pd.Series(moments.index, moments.index))
    used = own[own.isin(coefficients.dropna().index)]
    return mean.model_copy(update={"count": len(used)})


def _moments(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return the terms whose sums give a correlation, row by row.

    The mean rank is subtracted, so that the sums lose no digits.
    """
    centred = ranks - ranks.mean()
    signal, realized = centred["signal"], centred["realized"]
    return pd.DataFrame(
        {
            "count": pd.Series(1.0, ranks.index),
            "signal": signal,
            "realized": realized,
            "signal_squared": signal**2,
            "realized_squared": realized**2,
            "product": signal * realized,
        }
    )


def _correlation(sums: Floats) -> Floats:
    """Return Pearson's coefficient from the sums of `_moments`.

    NaN if all signals or all returns are equal.
    """
    count, x, y, x_squared, y_squared, product = np.moveaxis(sums, -1, 0)
    x_spread, y_spread = count * x_squared - x**2, count * y_squared - y**2
    with np.errstate(divide="ignore", invalid="ignore"):
        coefficient = (count * product - x * y) / np.sqrt(x_spread * y_spread)
    return np.where(np.minimum(x_spread, y_spread) > 1e-9, coefficient, np.nan)


def _returns_by_call(
    record: pd.DataFrame, column: str, draws: DayBootstrap
) -> dict[str, Estimate]:
    realized, days = record["realized_return"], record["forecast_session"]
    return {
        call: draws.mean(realized.where(record[column] == call), days) for call in CALLS
    }


def _buy_less_sell(record: pd.DataFrame, column: str, draws: DayBootstrap) -> Estimate:
    """Return the mean return after BUY less that after SELL; None if one is missing."""
    rows = record[record[column].isin(["BUY", "SELL"])]
    buys = (rows[column] == "BUY").astype(float)
    realized = rows["realized_return"]
    parts = pd.DataFrame(
        {
            "after_buy": realized * buys,
            "buys": buys,
            "after_sell": realized * (1 - buys),
            "sells": 1 - buys,
        }
    )
    return draws.estimate(parts, rows["forecast_session"], _difference_of_means)


def _difference_of_means(sums: Floats) -> Floats:
    return divide_sums(sums[..., :2]) - divide_sums(sums[..., 2:])
