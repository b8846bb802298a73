"""The track record: counts, hit rates and mean returns of past calls. Pure.

Each figure has an interval that clusters by as-of session, because the calls of one
night share that night's market. A HOLD has no direction, so it has no hit rate.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from config.settings import RecordSettings
from screening.blend import COMPONENTS
from screening.track_record.day_sums import (
    DIRECTIONAL,
    DIRECTIONS,
    HAIRCUT,
    SAT_OUT,
    RecordSums,
    sum_days,
)
from screening.track_record.record_files import ALL
from screening.track_record.sit_out_cost import SitOutCost, worst_returns

TOO_FEW = "too few to tell"

ROUNDING = 1e-12
"""A day's sum of deviations from the mean may be this far from 0 by rounding alone."""


class Mean(BaseModel, frozen=True):
    """A mean with both ends of its interval.

    The ends are None if all calls are of one session, or if sessions do not differ.
    """

    mean: float
    low: float | None
    high: float | None


class GroupStatistics(BaseModel, frozen=True):
    """The statistics of one group of scored calls; None is "not known".

    `calls` counts the scored calls, `days` their as-of sessions. `mean_return` is the
    return of the stock. `mean_gain` is the return of following the group's direction:
    minus the stock's return for a SELL. `hedged_calls` counts the calls with a hedged
    return. Below the minimum of calls all statistics are None and `verdict` is "too few
    to tell".
    """

    group: str
    calls: int
    days: int
    verdict: str = ""
    hit_rate: Mean | None = None
    mean_return: Mean | None = None
    mean_gain: Mean | None = None
    hedged_calls: int = 0
    hedged_hit_rate: Mean | None = None
    hedged_mean_return: Mean | None = None
    hedged_mean_gain: Mean | None = None


class Horizon(BaseModel, frozen=True):
    """All calls, judged this number of sessions after their as-of session.

    `pending` calls are not due yet. `waiting` calls are due, but no night has had the
    closes to score them. `directional_calls` are BUY and SELL together. `by_component`
    counts the scored calls in which the component had a direction, whatever the call.
    `by_haircut` counts directional calls by haircut, then the calls in a sit-out.
    """

    sessions: int
    calls: int
    scored: int
    pending: int
    waiting: int
    directional_calls: GroupStatistics
    by_call: tuple[GroupStatistics, ...]
    by_component: tuple[GroupStatistics, ...]
    by_haircut: tuple[GroupStatistics, ...]


class TrackRecord(BaseModel, frozen=True):
    """The record of the live calls or of the replayed calls, never of both.

    `calls` counts the published versions that count. `replaced` counts earlier versions
    of them, which stay in the ledger. `sit_outs` is None below the minimum of sat-out
    calls with a known next session.
    """

    live: bool
    calls: int
    replaced: int
    first: date | None
    last: date | None
    min_calls: int
    horizons: tuple[Horizon, ...]
    sit_outs: SitOutCost | None = None


class TrackRecords(BaseModel, frozen=True):
    """The records of live and of replayed calls, which are never added up."""

    live: TrackRecord
    replayed: TrackRecord


def track_records(
    calls: pd.DataFrame, outcomes: pd.DataFrame, settings: RecordSettings, now: datetime
) -> TrackRecords:
    """Return the records of the live and of the replayed calls (`CALLS`, `OUTCOMES`).

    A call is due if its session is complete at `now`.
    """
    return records_of_sums(sum_days(calls, outcomes, settings.horizons, now), settings)


def records_of_sums(found: RecordSums, settings: RecordSettings) -> TrackRecords:
    """Return the records of the live and of the replayed calls, from their sums."""
    live, replayed = (_record(found, settings, live=live) for live in (True, False))
    return TrackRecords(live=live, replayed=replayed)


def _record(found: RecordSums, settings: RecordSettings, *, live: bool) -> TrackRecord:
    sums = found.sums[found.sums["live"] == live].sort_values("as_of")
    by_horizon = dict(iter(sums.groupby("horizon")))
    groups: dict[int, dict[Any, pd.DataFrame]] = {
        sessions: dict(iter(by_horizon.get(sessions, sums.iloc[:0]).groupby("group")))
        for sessions in {1, *settings.horizons}
    }
    nothing = sums.iloc[:0]
    every = groups[settings.horizons[0]].get(ALL, nothing)
    returns = found.returns[found.returns["live"] == live]
    calls, days = int(every["calls"].sum()), every["as_of"]
    return TrackRecord(
        live=live,
        calls=calls,
        replaced=int(every["versions"].sum()) - calls,
        first=days.iloc[0].date() if len(days) else None,
        last=days.iloc[-1].date() if len(days) else None,
        min_calls=settings.min_calls,
        horizons=tuple(
            _horizon(sessions, groups[sessions], nothing, settings)
            for sessions in settings.horizons
        ),
        sit_outs=_sit_outs(returns, groups[1].get(SAT_OUT, nothing), settings),
    )


def _sit_outs(
    returns: pd.DataFrame, sat_out: pd.DataFrame, settings: RecordSettings
) -> SitOutCost | None:
    """Return what sitting out cost, by the next returns and the sums of sit-outs."""
    if returns.empty or sat_out["calls"].sum() < settings.min_calls:
        return None
    sessions = returns["as_of"].nunique()
    worst = worst_returns(returns["return"])
    return SitOutCost(
        first=returns["as_of"].min().date(),
        last=returns["as_of"].max().date(),
        sessions=sessions,
        forgone=float(sat_out["sum_return"].sum()) / len(returns) * sessions,
        worst=int(worst.sum()),
        avoided=int((worst & returns["sit_out"]).sum()),
    )


def _horizon(
    sessions: int,
    groups: Mapping[str, pd.DataFrame],
    nothing: pd.DataFrame,
    settings: RecordSettings,
) -> Horizon:
    every = groups.get(ALL, nothing)
    calls, scored, waiting = (
        int(every[name].sum()) for name in ("calls", "n_return", "waiting")
    )

    def group(key: str, name: str = "") -> GroupStatistics:
        return _statistics(name or key, groups.get(key, nothing), settings)

    cuts = sorted(float(key.removeprefix(HAIRCUT)) for key in groups if HAIRCUT in key)
    return Horizon(
        sessions=sessions,
        calls=calls,
        scored=scored,
        pending=calls - scored - waiting,
        waiting=waiting,
        directional_calls=group(DIRECTIONAL),
        by_call=tuple(group(call) for call in DIRECTIONS),
        by_component=tuple(group(name) for name in COMPONENTS),
        by_haircut=(
            *(group(f"{HAIRCUT}{cut!r}", f"{cut:.0%}") for cut in cuts),
            group(SAT_OUT),
        ),
    )


def _statistics(
    group: str, days: pd.DataFrame, settings: RecordSettings
) -> GroupStatistics:
    """Return the statistics of a group, one row of sums per as-of session."""
    calls, hedged = int(days["calls"].sum()), int(days["n_hedged_return"].sum())
    counts = {"calls": calls, "days": len(days), "hedged_calls": hedged}
    if calls < settings.min_calls:
        return GroupStatistics(group=group, **counts, verdict=TOO_FEW)
    means = _means(days, "", settings.interval)
    if hedged >= settings.min_calls:
        means |= _means(days, "hedged_", settings.interval)
    return GroupStatistics(group=group, **counts, **means)


def _means(days: pd.DataFrame, kind: str, interval: float) -> dict[str, Mean | None]:
    """Return the means of the plain returns, or with `hedged_` of the hedged ones."""
    names = {"hit_rate": "hit", "mean_return": "return", "mean_gain": "gain"}
    means = {
        f"{kind}{name}": mean_of_sums(
            days[f"sum_{kind}{measure}"], days[f"n_{kind}{measure}"], interval
        )
        for name, measure in names.items()
    }
    return means | {f"{kind}hit_rate": _clip_to_shares(means[f"{kind}hit_rate"])}


def _clip_to_shares(rate: Mean | None) -> Mean | None:
    """Return the rate with its interval cut to 0 to 1."""
    if rate is None or rate.low is None or rate.high is None:
        return rate
    return Mean(mean=rate.mean, low=max(0.0, rate.low), high=min(1.0, rate.high))


def clustered_mean(values: pd.Series, days: pd.Series, interval: float) -> Mean | None:
    """Return the mean of `values`, without NaN, as `mean_of_sums` by `days`."""
    by_day = values.groupby(days)
    return mean_of_sums(by_day.sum(), by_day.size(), interval)


def mean_of_sums(sums: pd.Series, counts: pd.Series, interval: float) -> Mean | None:
    """Return a mean with its interval clustered by day, from each day's sum and count.

    The result is None without values, and has no ends if there is only one day or if
    all days are alike. This closed form suits the few means of the nightly report;
    `evaluation.day_bootstrap` draws days at random for ratios and correlations, which
    have no closed form.

    Notes
    -----
    The variance is G / (G - 1) * sum over days of (sum of the day's deviations)^2 / n^2
    for n values of G days. The interval is that of Student's t with G - 1 degrees of
    freedom (Cameron and Miller 2015, with the mean as the only regressor).
    """
    known = counts > 0
    of_day, sizes = sums[known].to_numpy(), counts[known].to_numpy()
    total, days = int(sizes.sum()), len(sizes)
    if not total:
        return None
    mean = float(of_day.sum()) / total
    deviations = of_day - sizes * mean
    if days < 2 or np.abs(deviations).max() < ROUNDING:
        return Mean(mean=mean, low=None, high=None)
    from scipy.special import stdtrit  # noqa: PLC0415  a fifth of a second

    variance = days / (days - 1) * float((deviations**2).sum()) / total**2
    reach = float(stdtrit(days - 1, (1 + interval) / 2)) * math.sqrt(variance)
    return Mean(mean=mean, low=mean - reach, high=mean + reach)
