"""Sums of the scored calls of each as-of session, by group. Pure.

All statistics of the track record follow from these sums, so that a night needs the
calls that are still open, and only the sums of the others.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from market_data.sessions import as_of_session
from screening.blend import COMPONENTS
from screening.track_record.ledger import KEY, select_counted
from screening.track_record.outcomes import add_due_sessions
from screening.track_record.record_files import ALL

DIRECTIONAL, SAT_OUT, HAIRCUT = "BUY and SELL", "sit-out", "haircut "
"""Groups; the haircut follows `HAIRCUT` as a number."""

DIRECTIONS = {"BUY": 1.0, "SELL": -1.0, "HOLD": math.nan}

DAY = ["live", "as_of", "horizon", "group"]
"""The columns that identify a row of sums."""


@dataclass(frozen=True)
class RecordSums:
    """The sums of calls, their next returns, and what is not scored yet.

    `sums` has one row per `DAY`: `calls`, and per measure `sum_` and `n_`, the sum and
    the number of known values. The measures are hit, return and gain, also hedged. Rows
    of the group `ALL` count in `calls` all calls that count, scored or not, in
    `waiting` those that are due and not scored, in `versions` all versions. `returns`
    has one row per call that is scored after one session (`live`, `as_of`, `return`,
    `sit_out`). `unfinished` has one row per call and horizon without a return or, if
    `lacks_hedge`, without a hedged return.
    """

    sums: pd.DataFrame
    returns: pd.DataFrame
    unfinished: pd.DataFrame

    def where_days(self, days: "pd.Series | pd.Index", *, among: bool) -> "RecordSums":
        """Return the part of the as-of sessions that are, or are not, among `days`."""
        parts = (self.sums, self.returns, self.unfinished)
        return RecordSums(*(one[one["as_of"].isin(days) == among] for one in parts))

    def joined(self, other: "RecordSums") -> "RecordSums":
        """Return the sums of both; no as-of session of a kind may be in both."""
        pairs = (
            (self.sums, other.sums),
            (self.returns, other.returns),
            (self.unfinished, other.unfinished),
        )
        return RecordSums(*(_concat(*pair) for pair in pairs))


def _concat(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    if first.empty or second.empty:
        return second if first.empty else first
    return pd.concat([first, second], ignore_index=True)


def sum_days(
    calls: pd.DataFrame,
    outcomes: pd.DataFrame,
    horizons: tuple[int, ...],
    now: datetime,
) -> RecordSums:
    """Return the sums of calls with their outcomes (`CALLS`, `OUTCOMES`).

    The versions of a symbol and as-of session must all be among `calls`. A call is due
    if its session is complete at `now`.
    """
    joined = _join(calls, outcomes, horizons, now)
    scored = joined[joined["return"].notna()]
    after_one = scored[scored["horizon"] == 1]
    returns = after_one[["live", "as_of", "return"]].assign(
        sit_out=_is_true(after_one["sit_out"])
    )
    unfinished = joined[_lacks_return(joined) | _lacks_hedge(joined)]
    return RecordSums(
        _add_versions(_sum_groups(joined, scored), calls),
        returns.sort_values("as_of", kind="stable", ignore_index=True),
        unfinished[["live", "symbol", "source", "as_of", "horizon", "session"]].assign(
            lacks_hedge=~_lacks_return(unfinished)
        ),
    )


def _lacks_return(joined: pd.DataFrame) -> pd.Series:
    return joined["return"].isna()


def _lacks_hedge(joined: pd.DataFrame) -> pd.Series:
    return joined["hedged_return"].isna() & joined["hedge_beta"].notna()


def _is_true(values: pd.Series) -> pd.Series:
    return values.fillna(value=False).astype(bool)


def _join(
    calls: pd.DataFrame,
    outcomes: pd.DataFrame,
    horizons: tuple[int, ...],
    now: datetime,
) -> pd.DataFrame:
    """Return one row per call that counts and horizon, with its outcome if known."""
    both = [select_counted(calls, live=live) for live in (True, False)]
    counted = pd.concat(both, ignore_index=True)
    joined = add_due_sessions(counted, horizons).merge(
        outcomes.drop(columns="session"), on=[*KEY, "horizon"], how="left"
    )
    last = {
        code: pd.Timestamp(as_of_session(code, now.date(), now))
        for code in counted["exchange"].unique()
    }
    complete = pd.to_datetime(joined["exchange"].map(last))  # Typed even if empty.
    unscored_and_due = (joined["session"] <= complete) & joined["return"].isna()
    return joined.assign(waiting=unscored_and_due)


def _sum_groups(joined: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    direction = scored["call"].map(DIRECTIONS).astype(float)
    directional = scored[direction.notna()]
    cuts = directional["haircut"].map(lambda cut: f"{HAIRCUT}{cut!r}")
    tables = [
        _sum_group(joined, joined["call"].map(DIRECTIONS).astype(float), ALL),
        _sum_group(directional, direction, DIRECTIONAL),
        _sum_group(scored, direction, scored["call"]),
        _sum_group(directional, direction, cuts),
        _sum_group(scored[_is_true(scored["sit_out"])], direction, SAT_OUT),
    ]
    for name in COMPONENTS:
        own = np.sign(scored[f"{name}_direction"])
        tables.append(_sum_group(scored[own.abs() > 0], own, name))
    return pd.concat(tables, ignore_index=True)


def _sum_group(
    rows: pd.DataFrame, direction: pd.Series, group: str | pd.Series
) -> pd.DataFrame:
    """Return the sums of `rows`; `direction` is +1, -1, or NaN for a HOLD."""
    followed = direction.loc[rows.index]
    plain, hedged = rows["return"], rows["hedged_return"]
    values = pd.DataFrame(
        {
            "hit": mark_hits(followed, plain),
            "return": plain,
            "gain": followed * plain,
            "hedged_hit": mark_hits(followed, hedged),
            "hedged_return": hedged,
            "hedged_gain": followed * hedged,
        }
    )
    keys = rows[["live", "as_of", "horizon"]].assign(group=group)
    by_day = values.groupby([keys[name] for name in DAY], sort=True)
    counts = {"calls": by_day.size()}
    if isinstance(group, str) and group == ALL:
        counts["waiting"] = rows["waiting"].groupby([keys[name] for name in DAY]).sum()
    found = pd.concat(
        [
            pd.DataFrame(counts),
            by_day.sum().add_prefix("sum_"),
            by_day.count().add_prefix("n_"),
        ],
        axis="columns",
    )
    return found.reset_index()


def _add_versions(sums: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the sums with the number of all versions, in the rows of `ALL`."""
    versions = calls.groupby(["live", "as_of"]).size().rename("versions").reset_index()
    found = sums.merge(versions, on=["live", "as_of"], how="left")
    every = found["group"] == ALL
    return found.assign(
        versions=found["versions"].where(every, 0).astype("int64"),
        waiting=found["waiting"].where(every, 0).astype("int64"),
    )


def mark_hits(direction: pd.Series, returns: pd.Series) -> pd.Series:
    """Return 1.0 for each hit, 0.0 for each miss: the only definition of a hit.

    A hit is a return with the sign of the direction, so a return of exactly 0 is always
    a miss. The result is NaN if the direction is 0 or NaN, or if the return is NaN.
    """
    gain = direction * returns
    return (gain > 0).astype(float).where(gain.notna() & (direction != 0))
