"""How past calls fared: counts, hit rates, mean returns, with their intervals. Pure.

A hit is a return with the sign of the call's direction; a return of exactly 0 hits
nothing. HOLD is no bet and has no hit. Calls of one night share that night's market, so
intervals are clustered by as-of session.
"""

import math
from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict
from scipy.special import stdtrit

from config.settings import RecordSettings
from market_data.sessions import as_of_session
from screening.blend import COMPONENTS
from screening.track_record.ledger import KEY, counting
from screening.track_record.outcomes import with_due_sessions

TOO_FEW = "too few to tell"

ALIKE = 1e-12
"""Rounding of a day's sum of deviations from the mean."""

_DIRECTIONS = {"BUY": 1.0, "SELL": -1.0, "HOLD": math.nan}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Mean(_Value):
    """A mean with the ends of its interval.

    The ends are None where the interval can't be told: all calls of one session, or
    sessions that are all alike.
    """

    mean: float
    low: float | None
    high: float | None


class GroupStatistics(_Value):
    """How one group of scored calls fared; None is "not known".

    `calls` are the scored ones, of `days` as-of sessions. `mean_return` is the stock's,
    `mean_gain` that of who followed the group's direction: the return, or minus it.
    `hedged_calls` of them had a beta and the index' closes. Below the minimum of calls
    all figures are None and `verdict` is "too few to tell".
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


class Horizon(_Value):
    """The calls as they stood so many sessions after their as-of session.

    `pending` have not come due; `waiting` have, and no night has had the closes to
    score them. `bets` are BUY and SELL together. `by_component` counts each scored call
    in which the component spoke and leant either way, whatever the call was; `by_haircut`
    counts bets by the share that event risk took, and the calls that were sat out.
    """

    sessions: int
    calls: int
    scored: int
    pending: int
    waiting: int
    bets: GroupStatistics
    by_call: tuple[GroupStatistics, ...]
    by_component: tuple[GroupStatistics, ...]
    by_haircut: tuple[GroupStatistics, ...]


class TrackRecord(_Value):
    """The record of the live calls, or of the replayed ones: never of both.

    `calls` are those that count; `replaced` are earlier versions of them, which stay in
    the ledger and count nowhere.
    """

    live: bool
    calls: int
    replaced: int
    first: date | None
    last: date | None
    min_calls: int
    horizons: tuple[Horizon, ...]


class TrackRecords(_Value):
    """Both records, side by side and never mixed."""

    live: TrackRecord
    replayed: TrackRecord


def track_records(
    calls: pd.DataFrame, outcomes: pd.DataFrame, settings: RecordSettings, now: datetime
) -> TrackRecords:
    """Return the records of the live and of the replayed calls (`CALLS`, `OUTCOMES`).

    `now` tells what has come due.
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
    counted = counting(calls, live=live)
    due = with_due_sessions(counted, settings.horizons)
    joined = due.merge(
        outcomes.drop(columns="session"), on=[*KEY, "horizon"], how="left"
    )
    last = _last_sessions(counted["exchange"].unique(), now)
    over = pd.to_datetime(joined["exchange"].map(last))  # Typed where none is due.
    joined["is_due"] = joined["session"] <= over
    days = counted["as_of"].dt.date
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
    )


def _last_sessions(exchanges: Iterable[str], now: datetime) -> dict[str, pd.Timestamp]:
    return {
        code: pd.Timestamp(as_of_session(code, now.date(), now)) for code in exchanges
    }


def _horizon(sessions: int, asked: pd.DataFrame, settings: RecordSettings) -> Horizon:
    scored = asked[asked["return"].notna()]
    unscored = asked[asked["return"].isna()]
    direction = scored["call"].map(_DIRECTIONS)
    return Horizon(
        sessions=sessions,
        calls=len(asked),
        scored=len(scored),
        pending=int((~unscored["is_due"]).sum()),
        waiting=int(unscored["is_due"].sum()),
        bets=_fared("BUY and SELL", scored[direction.notna()], direction, settings),
        by_call=tuple(
            _fared(call, scored[scored["call"] == call], direction, settings)
            for call in _DIRECTIONS
        ),
        by_component=tuple(
            _component(component, scored, settings) for component in COMPONENTS
        ),
        by_haircut=_by_haircut(scored, direction, settings),
    )


def _component(
    component: str, scored: pd.DataFrame, settings: RecordSettings
) -> GroupStatistics:
    """Return how those fared who followed the component alone where it leant either way."""
    lean = np.sign(scored[f"{component}_direction"])
    leaning = scored[lean.abs() > 0]
    return _fared(component, leaning, lean, settings)


def _by_haircut(
    scored: pd.DataFrame, direction: pd.Series, settings: RecordSettings
) -> tuple[GroupStatistics, ...]:
    bets = scored[direction.notna()]
    sat_out = scored[scored["sit_out"].fillna(value=False)]
    tiers = [
        _fared(f"{cut:.0%}", bets[bets["haircut"] == cut], direction, settings)
        for cut in sorted(bets["haircut"].unique())
    ]
    return (*tiers, _fared("sit-out", sat_out, direction, settings))


def _fared(
    group: str, scored: pd.DataFrame, direction: pd.Series, settings: RecordSettings
) -> GroupStatistics:
    """Return the figures of a group; `direction` is +1, -1, or NaN for no bet."""
    days = scored["as_of"]
    known = {"group": group, "calls": len(scored), "days": days.nunique()}
    hedged = scored[scored["hedged_return"].notna()]
    known["hedged_calls"] = len(hedged)
    if len(scored) < settings.min_calls:
        return GroupStatistics(**known, verdict=TOO_FEW)
    raw = _figures(scored["return"], days, direction, settings.interval)
    enough = len(hedged) >= settings.min_calls
    against = (
        _figures(hedged["hedged_return"], days, direction, settings.interval)
        if enough
        else {}
    )
    return GroupStatistics(
        **known, **raw, **{f"hedged_{name}": m for name, m in against.items()}
    )


def _figures(
    returns: pd.Series, days: pd.Series, direction: pd.Series, interval: float
) -> dict[str, Mean | None]:
    bet = direction.loc[returns.index]
    gains = (bet * returns).dropna()
    values = {
        "hit_rate": (gains > 0).astype(float),
        "mean_return": returns,
        "mean_gain": gains,
    }
    means = {
        name: clustered_mean(one, days.loc[one.index], interval)
        for name, one in values.items()
    }
    return means | {"hit_rate": _within_shares(means["hit_rate"])}


def _within_shares(rate: Mean | None) -> Mean | None:
    """Return the rate with its interval cut to what a share can be."""
    if rate is None or rate.low is None or rate.high is None:
        return rate
    return Mean(mean=rate.mean, low=max(0.0, rate.low), high=min(1.0, rate.high))


def clustered_mean(values: pd.Series, days: pd.Series, interval: float) -> Mean | None:
    """Return the mean of `values` with its interval clustered by `days`; no NaN in it.

    The variance is G / (G - 1) * sum over days of (sum of the day's deviations)^2 / n^2
    for n values of G days, the interval that of Student's t with G - 1 degrees of
    freedom (Cameron and Miller 2015, with the mean as the only regressor). None where
    there is no value; without ends for one day, or days that are all alike.
    """
    if values.empty:
        return None
    mean = float(values.mean())
    sums = (values - mean).groupby(days).sum()
    count = len(sums)
    # Days that are alike to rounding say nothing of how far days differ.
    if count < 2 or np.abs(sums).max() < ALIKE:
        return Mean(mean=mean, low=None, high=None)
    variance = count / (count - 1) * float((sums**2).sum()) / len(values) ** 2
    reach = float(stdtrit(count - 1, (1 + interval) / 2)) * math.sqrt(variance)
    return Mean(mean=mean, low=mean - reach, high=mean + reach)
