"""The track record: counts, hit rates and mean returns of past calls. Pure.

Each figure has an interval that clusters by as-of session, because the calls of one
night share that night's market. A HOLD has no direction, so it has no hit rate.
"""

import math
from datetime import date, datetime

import numpy as np
import pandas as pd
from pydantic import BaseModel

from config.settings import RecordSettings
from market_data.sessions import as_of_session
from screening.blend import COMPONENTS
from screening.track_record.ledger import KEY, select_counted
from screening.track_record.outcomes import add_due_sessions
from screening.track_record.sit_out_cost import (
    SitOutCost,
    sit_out_cost,
    worst_returns,
)

TOO_FEW = "too few to tell"

ROUNDING = 1e-12
"""A day's sum of deviations from the mean may be this far from 0 by rounding alone."""

_DIRECTIONS = {"BUY": 1.0, "SELL": -1.0, "HOLD": math.nan}


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
    live, replayed = (
        _record(calls, outcomes, settings, now, live=live) for live in (True, False)
    )
    return TrackRecords(live=live, replayed=replayed)


def _record(
    calls: pd.DataFrame,
    outcomes: pd.DataFrame,
    settings: RecordSettings,
    now: datetime,
    *,
    live: bool,
) -> TrackRecord:
    counted = select_counted(calls, live=live)
    joined = add_due_sessions(counted, settings.horizons).merge(
        outcomes.drop(columns="session"), on=[*KEY, "horizon"], how="left"
    )
    last = {
        code: pd.Timestamp(as_of_session(code, now.date(), now))
        for code in counted["exchange"].unique()
    }
    complete = pd.to_datetime(joined["exchange"].map(last))  # Typed even if empty.
    joined["is_due"] = joined["session"] <= complete
    days = counted["as_of"].dt.date
    next_session = joined[(joined["horizon"] == 1) & joined["return"].notna()]
    return TrackRecord(
        live=live,
        calls=len(counted),
        replaced=int((calls["live"] == live).sum()) - len(counted),
        first=days.min() if len(days) else None,
        last=days.max() if len(days) else None,
        min_calls=settings.min_calls,
        horizons=tuple(
            _horizon(sessions, joined[joined["horizon"] == sessions], settings)
            for sessions in settings.horizons
        ),
        sit_outs=_sit_outs(next_session, settings),
    )


def _sit_outs(scored: pd.DataFrame, settings: RecordSettings) -> SitOutCost | None:
    """Return what sitting out cost; `scored` are calls with their next return."""
    sat_out = scored["sit_out"].fillna(value=False).astype(bool)
    if sat_out.sum() < settings.min_calls:
        return None
    returns, days = scored["return"], scored["as_of"].dt.date
    return sit_out_cost(days, returns, sat_out, worst_returns(returns))


def _horizon(sessions: int, calls: pd.DataFrame, settings: RecordSettings) -> Horizon:
    scored = calls[calls["return"].notna()]
    unscored = calls[calls["return"].isna()]
    direction = scored["call"].map(_DIRECTIONS)
    directional = scored[direction.notna()]
    sat_out = scored[scored["sit_out"].fillna(value=False)]

    def group(name: str, rows: pd.DataFrame) -> GroupStatistics:
        return _statistics(name, rows, direction, settings)

    return Horizon(
        sessions=sessions,
        calls=len(calls),
        scored=len(scored),
        pending=int((~unscored["is_due"]).sum()),
        waiting=int(unscored["is_due"].sum()),
        directional_calls=group("BUY and SELL", directional),
        by_call=tuple(
            group(call, scored[scored["call"] == call]) for call in _DIRECTIONS
        ),
        by_component=tuple(_component(name, scored, settings) for name in COMPONENTS),
        by_haircut=(
            *(
                group(f"{cut:.0%}", rows)
                for cut, rows in directional.groupby("haircut")
            ),
            group("sit-out", sat_out),
        ),
    )


def _component(
    name: str, scored: pd.DataFrame, settings: RecordSettings
) -> GroupStatistics:
    """Return the statistics of following only this component's direction."""
    direction = np.sign(scored[f"{name}_direction"])
    return _statistics(name, scored[direction.abs() > 0], direction, settings)


def _statistics(
    group: str, scored: pd.DataFrame, direction: pd.Series, settings: RecordSettings
) -> GroupStatistics:
    """Return the statistics of a group; `direction` is +1, -1, or NaN for a HOLD."""
    days = scored["as_of"]
    hedged = scored["hedged_return"].dropna()
    counts = {"calls": len(scored), "days": days.nunique(), "hedged_calls": len(hedged)}
    if len(scored) < settings.min_calls:
        return GroupStatistics(group=group, **counts, verdict=TOO_FEW)
    means = _means(scored["return"], days, direction, settings.interval)
    if len(hedged) >= settings.min_calls:
        found = _means(hedged, days, direction, settings.interval)
        means |= {f"hedged_{name}": mean for name, mean in found.items()}
    return GroupStatistics(group=group, **counts, **means)


def _means(
    returns: pd.Series, days: pd.Series, direction: pd.Series, interval: float
) -> dict[str, Mean | None]:
    followed = direction.loc[returns.index]
    values = {
        "hit_rate": mark_hits(followed, returns).dropna(),
        "mean_return": returns,
        "mean_gain": (followed * returns).dropna(),
    }
    means = {
        name: clustered_mean(series, days.loc[series.index], interval)
        for name, series in values.items()
    }
    return means | {"hit_rate": _clip_to_shares(means["hit_rate"])}


def mark_hits(direction: pd.Series, returns: pd.Series) -> pd.Series:
    """Return 1.0 for each hit, 0.0 for each miss: the only definition of a hit.

    A hit is a return with the sign of the direction, so a return of exactly 0 is always
    a miss. The result is NaN if the direction is 0 or NaN, or if the return is NaN.
    """
    gain = direction * returns
    return (gain > 0).astype(float).where(gain.notna() & (direction != 0))


def _clip_to_shares(rate: Mean | None) -> Mean | None:
    """Return the rate with its interval cut to 0 to 1."""
    if rate is None or rate.low is None or rate.high is None:
        return rate
    return Mean(mean=rate.mean, low=max(0.0, rate.low), high=min(1.0, rate.high))


def clustered_mean(values: pd.Series, days: pd.Series, interval: float) -> Mean | None:
    """Return the mean of `values` with its interval clustered by `days`.

    `values` hold no NaN. The result is None without values, and has no ends if there is
    only one day or if all days are alike. This closed form suits the few means of the
    nightly report; `evaluation.day_bootstrap` draws days at random for ratios and
    correlations, which have no closed form.

    Notes
    -----
    The variance is G / (G - 1) * sum over days of (sum of the day's deviations)^2 / n^2
    for n values of G days. The interval is that of Student's t with G - 1 degrees of
    freedom (Cameron and Miller 2015, with the mean as the only regressor).
    """
    if values.empty:
        return None
    mean = float(values.mean())
    sums = (values - mean).groupby(days).sum()
    count = len(sums)
    if count < 2 or np.abs(sums).max() < ROUNDING:
        return Mean(mean=mean, low=None, high=None)
    from scipy.special import stdtrit  # noqa: PLC0415  a fifth of a second

    variance = count / (count - 1) * float((sums**2).sum()) / len(values) ** 2
    reach = float(stdtrit(count - 1, (1 + interval) / 2)) * math.sqrt(variance)
    return Mean(mean=mean, low=mean - reach, high=mean + reach)
