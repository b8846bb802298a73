"""How good the 80 % intervals and the probabilities of a rise are, ours and others.

All forecasters are compared on the same rows. docs/evaluation.md defines the figures.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from evaluation.day_bootstrap import DayBootstrap, Estimate, divide_sums

NOMINAL_COVERAGE = 0.8
"""Share of returns that each interval should hold."""

OURS, FIRST_EDITION = "ours", "first_edition"

INTERVALS = {
    OURS: "predicted_return",
    FIRST_EDITION: FIRST_EDITION,
    "ordinary": "ordinary",
    "ewma": "ewma",
    "garch": "garch",
}
"""Names of the compared intervals, with the start of their columns in the record."""

THIRDS = ("low", "middle", "high")

MIN_MONTH_DAYS = 5
"""Forecast sessions that a month needs to count in the monthly miss."""

PROBABILITIES = {
    OURS: "probability_up",
    FIRST_EDITION: "first_edition_probability_up",
    "base_rate": "majority_probability_up",
}
"""Names and columns of the compared probabilities of a rise."""


class IntervalFigures(BaseModel, frozen=True):
    """Figures of one forecaster's intervals over some rows."""

    coverage: Estimate
    score: Estimate = Field(description="Mean interval score, as a fraction of price")
    against_first_edition: Estimate = Field(
        description="Its score / that of the first edition's interval"
    )


Group = dict[str, IntervalFigures]
"""Figures over one group of rows, by forecaster."""


class Intervals(BaseModel, frozen=True):
    """Figures of all forecasters over all rows, and over groups of them."""

    rows: int = Field(description="Rows where every compared forecaster has one")
    overall: Group
    by_month: dict[str, Group] = Field(description="By month of the forecast session")
    by_scale: dict[str, Group] = Field(description="By third of `return_scale`")
    by_reaction: dict[str, Group] = Field(description="By `event_reaction`")
    monthly_miss: dict[str, float | None] = Field(
        description="Root mean square over months of coverage - 0.8, by forecaster; "
        "a month with fewer than 5 forecast sessions does not count"
    )


class RiseProbability(BaseModel, frozen=True):
    """Brier scores over the rows that have all compared probabilities."""

    brier_score: dict[str, Estimate]
    ours_less_base_rate: Estimate


def interval_metrics(record: pd.DataFrame, draws: DayBootstrap) -> Intervals:
    """Return the figures of all intervals; `record` holds rows with a known return.

    A forecaster without any interval is left out. Of the others only the rows count in
    which each has one.
    """
    names = [name for name in INTERVALS if _part(record, name, "low").notna().any()]
    lows = pd.DataFrame({name: _part(record, name, "low") for name in names})
    rows = record[lows.notna().all(axis=1)] if names else record.iloc[:0]
    inside = pd.DataFrame({name: covers_return(rows, name) for name in names})
    scores = pd.DataFrame({name: interval_score(rows, name) for name in names})
    days = rows["forecast_session"]

    def group(member: pd.Series) -> Group:
        part = inside[member], scores[member], days[member]
        return {name: _figures(name, *part, draws) for name in names}

    months = days.str.slice(0, 7)
    every = pd.Series(data=True, index=rows.index)
    return Intervals(
        rows=len(rows),
        overall=group(every),
        by_month={month: group(months == month) for month in sorted(set(months))},
        by_scale={key: group(third) for key, third in _thirds(rows).items()},
        by_reaction={key: group(part) for key, part in _reactions(rows).items()},
        monthly_miss=_monthly_miss(inside, days),
    )


def rise_probabilities(record: pd.DataFrame, draws: DayBootstrap) -> RiseProbability:
    """Return the Brier scores; `record` holds rows with a known return."""
    columns = {name: _column(record, column) for name, column in PROBABILITIES.items()}
    probabilities = pd.DataFrame(columns).dropna()
    up = (record["realized_return"] > 0).astype(float)
    squares = probabilities.sub(up[probabilities.index], axis=0) ** 2
    days = record["forecast_session"]
    return RiseProbability(
        brier_score={name: draws.mean(squares[name], days) for name in PROBABILITIES},
        ours_less_base_rate=draws.mean(squares[OURS] - squares["base_rate"], days),
    )


def covers_return(record: pd.DataFrame, name: str) -> pd.Series:
    """Return 1 for a realized return inside the interval, else 0; NaN without one."""
    low, high = _part(record, name, "low"), _part(record, name, "high")
    inside = record["realized_return"].between(low, high).astype(float)
    return inside.where(low.notna())


def interval_score(record: pd.DataFrame, name: str) -> pd.Series:
    """Return each row's interval score, lower is better; NaN without an interval.

    The width, plus 10 times the distance of the return from an interval that does not
    hold it (Winkler 1972; Gneiting and Raftery 2007, for 80 %).
    """
    low, high = _part(record, name, "low"), _part(record, name, "high")
    realized, penalty = record["realized_return"], 2 / (1 - NOMINAL_COVERAGE)
    below, above = (low - realized).clip(lower=0), (realized - high).clip(lower=0)
    return (high - low) + penalty * (below + above)


def _monthly_miss(inside: pd.DataFrame, days: pd.Series) -> dict[str, float | None]:
    """Return the root mean square over months of coverage - 0.8, None without one."""
    months = days.str.slice(0, 7)
    counts = days.groupby(months).transform("nunique") >= MIN_MONTH_DAYS
    shares = inside[counts].groupby(months[counts]).mean()
    misses = ((shares - NOMINAL_COVERAGE) ** 2).mean() ** 0.5
    return {
        str(name): float(miss) if np.isfinite(miss) else None
        for name, miss in misses.items()
    }


def _figures(
    name: str,
    inside: pd.DataFrame,
    scores: pd.DataFrame,
    days: pd.Series,
    draws: DayBootstrap,
) -> IntervalFigures:
    first = scores.get(FIRST_EDITION, pd.Series(np.nan, scores.index))
    both = pd.DataFrame({"own": scores[name], "first": first})
    return IntervalFigures(
        coverage=draws.mean(inside[name], days),
        score=draws.mean(scores[name], days),
        against_first_edition=draws.estimate(both, days, divide_sums),
    )


def _thirds(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return which rows are in each third of `return_scale`, of all days together."""
    ranks = _column(rows, "return_scale").rank(method="first")
    place = np.ceil(ranks * len(THIRDS) / ranks.count())
    return {name: place == number for number, name in enumerate(THIRDS, start=1)}


def _reactions(rows: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return which forecast sessions react to a report; the last two are all rows."""
    reaction = _column(rows, "event_reaction")
    reacts = reaction.isin(["yes", "possible"])
    return {
        "yes": reaction == "yes",
        "possible": reaction == "possible",
        "yes or possible": reacts,
        "no or unknown": ~reacts,
    }


def _part(record: pd.DataFrame, name: str, part: str) -> pd.Series:
    return _column(record, f"{INTERVALS[name]}_{part}")


def _column(record: pd.DataFrame, column: str) -> pd.Series:
    """Return the column; NaN in all rows if the record, an older one, lacks it."""
    return record.get(column, pd.Series(np.nan, record.index))
