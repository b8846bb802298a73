"""The figures of a track record, each with an interval that clusters by day.

Definitions stand in docs/evaluation.md; whoever has the CSV gets the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from config.settings import EvaluationSettings
from evaluation.baselines import BASELINES
from evaluation.day_bootstrap import DayBootstrap, Estimate
from evaluation.portfolio import Portfolio, portfolios
from features.windows import Floats
from screening.blend import COMPONENTS
from screening.track_record.track_record import mark_hits

CALLS = ("BUY", "HOLD", "SELL")
FORECASTERS = ("lstm", *BASELINES)
"""Who says a return or a chance of a rise, not a direction alone."""

GUARDS = {"with_guard": "prediction", "without_guard": "prediction_without_guard"}
"""The column of calls with the guard, and without."""

JUDGED = (*COMPONENTS, "blend", *BASELINES, "buy_and_hold")


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class Bin(_Figures):
    """One bin of `probability_up`: what was said, and how often it rose."""

    low: float
    high: float
    count: int
    mean_probability: float | None
    share_up: float | None


class Judgement(_Figures):
    """How good one component, the blend or a baseline was; None where it can't be said."""

    hit_rate: Estimate
    information_coefficient: Estimate
    coefficient_kind: str = Field(description="`daily` or `pooled`")
    rmse_against_persistence: Estimate | None = None
    brier_score: Estimate | None = None
    interval_coverage: Estimate | None = None
    reliability: tuple[Bin, ...] = ()


class Metrics(_Figures):
    """All that is computed from the rows of a track record."""

    forecasts: int = Field(description="Rows with a forecast of any component")
    realized: int = Field(description="Of them, rows whose return is known")
    days: int
    components: dict[str, Judgement]
    where_lstm_spoke: dict[str, Judgement] = Field(
        description="Who says chances, over the rows of the LSTM: like beside like"
    )
    calls: dict[str, dict[str, Estimate]] = Field(
        description="Mean next-session return by guard and call"
    )
    buy_less_sell: dict[str, Estimate] = Field(
        description="By guard, the mean after BUY less that after SELL"
    )
    portfolios: dict[str, Portfolio]


@dataclass(frozen=True)
class ComponentCalls:
    """What one judged component said, row by row: NaN where it was silent."""

    direction: pd.Series
    signal: pd.Series


def compute_metrics(
    record: pd.DataFrame, settings: EvaluationSettings, cost_bps: float
) -> Metrics:
    """Return the figures of a record (`record_frame`)."""
    spoken = record[record["data_status"] != "failed"]
    known = spoken[spoken["realized_return"].notna()]
    shared = known[known["probability_up"].notna()]
    draws = DayBootstrap(settings)
    return Metrics(
        forecasts=len(spoken),
        realized=len(known),
        days=int(known["forecast_session"].nunique()),
        components={name: _judged(known, name, draws) for name in JUDGED},
        where_lstm_spoke={name: _judged(shared, name, draws) for name in FORECASTERS},
        calls={guard: _by_call(known, name, draws) for guard, name in GUARDS.items()},
        buy_less_sell={
            guard: _buy_less_sell(known, name, draws) for guard, name in GUARDS.items()
        },
        portfolios=portfolios(known, draws, cost_bps),
    )


def voice_of(record: pd.DataFrame, name: str) -> ComponentCalls:
    """Return what `name` said: a direction, and a signal whose size means conviction.

    A forecaster's are those of SPEC 6, from its `probability_up`.
    """
    if name == "buy_and_hold":
        always = pd.Series(1.0, record.index)
        return ComponentCalls(always, always)
    if name == "blend":
        return ComponentCalls(np.sign(record["score"]), record["score"])
    if name in BASELINES:
        lean = 2 * record[f"{name}_probability_up"] - 1
        return ComponentCalls(np.sign(lean), lean)
    direction = record[f"{name}_direction"]
    return ComponentCalls(direction, direction * record[f"{name}_confidence"])


def _judged(record: pd.DataFrame, name: str, draws: DayBootstrap) -> Judgement:
    component = voice_of(record, name)
    coefficient, kind = _rank_correlation(record, component.signal, draws)
    judgement = Judgement(
        hit_rate=draws.mean(
            mark_hits(component.direction, record["realized_return"]),
            record["forecast_session"],
        ),
        information_coefficient=coefficient,
        coefficient_kind=kind,
    )
    if name not in FORECASTERS:
        return judgement
    said = _said(record, name)
    return judgement.model_copy(update=_forecast_figures(record, said, draws))


def _said(record: pd.DataFrame, name: str) -> Mapping[str, pd.Series]:
    """Return the forecaster's return, interval and chance of a rise."""
    names = {
        part: f"{name}_{part}" for part in ("return", "low", "high", "probability_up")
    }
    if name == "lstm":
        names = {
            "return": "predicted_return",
            "low": "predicted_return_low",
            "high": "predicted_return_high",
            "probability_up": "probability_up",
        }
    nothing = pd.Series(np.nan, record.index)
    return {part: record.get(column, nothing) for part, column in names.items()}


def _forecast_figures(
    record: pd.DataFrame, said: Mapping[str, pd.Series], draws: DayBootstrap
) -> dict[str, object]:
    days, came = record["forecast_session"], record["realized_return"]
    up = (came > 0).astype(float)
    chance = said["probability_up"]
    squares = pd.DataFrame({"own": (came - said["return"]) ** 2, "none": came**2})
    held = ((said["low"] <= came) & (came <= said["high"])).astype(float)
    return {
        "rmse_against_persistence": draws.estimate(squares, days, _root_of_ratio),
        "brier_score": draws.mean((chance - up) ** 2, days),
        "interval_coverage": draws.mean(held.where(said["low"].notna()), days),
        "reliability": reliability(chance, up, draws.settings.probability_bins),
    }


def _root_of_ratio(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(sums[..., 0] / sums[..., 1]))


def reliability(chance: pd.Series, up: pd.Series, bins: int) -> tuple[Bin, ...]:
    """Return equal bins of the chance, each closed below, the last above too."""
    known = chance.notna()
    place = np.minimum((chance[known] * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            count=int((place == number).sum()),
            mean_probability=_mean(chance[known][place == number]),
            share_up=_mean(up[known][place == number]),
        )
        for number in range(bins)
    )


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if len(values) else None


def _rank_correlation(
    record: pd.DataFrame, signal: pd.Series, draws: DayBootstrap
) -> tuple[Estimate, str]:
    """Return Spearman's coefficient of signal and realized return, and which kind.

    `daily`: the mean over days of that across the day's symbols, where at least
    `daily_symbols` have a signal on half of the days or more. `pooled`: over all rows,
    ranked once.
    """
    both = pd.DataFrame({"signal": signal, "came": record["realized_return"]}).dropna()
    days = record["forecast_session"].loc[both.index]
    crowds = both.groupby(days).size()
    crowded = crowds[crowds >= draws.settings.daily_symbols].index
    if len(crowds) and 2 * len(crowded) >= len(crowds):
        return _daily(both[days.isin(crowded)], days, draws), "daily"
    return draws.estimate(_moments(both.rank()), days, _correlation), "pooled"


def _daily(both: pd.DataFrame, days: pd.Series, draws: DayBootstrap) -> Estimate:
    """Return the mean of the days' coefficients; a day without differences has none."""
    own = days.loc[both.index]
    moments = _moments(both.groupby(own).rank()).groupby(own).sum()
    coefficients = pd.Series(_correlation(moments.to_numpy(float)), moments.index)
    mean = draws.mean(coefficients, pd.Series(moments.index, moments.index))
    used = own[own.isin(coefficients.dropna().index)]
    return mean.model_copy(update={"count": len(used)})


def _moments(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return what a correlation is made of, row by row.

    Ranks are taken from the middle, so that the sums lose no digits.
    """
    centred = ranks - ranks.mean()
    one, other = centred["signal"], centred["came"]
    return pd.DataFrame(
        {
            "count": pd.Series(1.0, ranks.index),
            "one": one,
            "other": other,
            "one_squared": one**2,
            "other_squared": other**2,
            "product": one * other,
        }
    )


def _correlation(sums: Floats) -> Floats:
    """Return Pearson's coefficient from `_moments`' sums; NaN without a difference."""
    count, one, other, one_squared, other_squared, product = np.moveaxis(sums, -1, 0)
    covariance = count * product - one * other
    spreads = (count * one_squared - one**2, count * other_squared - other**2)
    least = np.minimum(*spreads)
    with np.errstate(divide="ignore", invalid="ignore"):
        answer = covariance / np.sqrt(spreads[0] * spreads[1])
    return np.where(least > 1e-9, answer, np.nan)


def _by_call(
    record: pd.DataFrame, column: str, draws: DayBootstrap
) -> dict[str, Estimate]:
    came, days = record["realized_return"], record["forecast_session"]
    return {
        call: draws.mean(came.where(record[column] == call), days) for call in CALLS
    }


def _buy_less_sell(record: pd.DataFrame, column: str, draws: DayBootstrap) -> Estimate:
    """Return how much more followed a BUY than a SELL; None where one never came."""
    rows = record[record[column].isin(["BUY", "SELL"])]
    bought = (rows[column] == "BUY").astype(float)
    came = rows["realized_return"]
    parts = pd.DataFrame(
        {
            "after_buy": came * bought,
            "buys": bought,
            "after_sell": came * (1 - bought),
            "sells": 1 - bought,
        }
    )
    return draws.estimate(parts, rows["forecast_session"], _difference_of_means)


def _difference_of_means(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums[..., [0, 2]] / sums[..., [1, 3]]
    return np.asarray(means[..., 0] - means[..., 1])
