"""The guard's scorecard: what each rule for sit-outs costs and avoids (SPEC 15)."""

from datetime import date

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from config.settings import EvaluationSettings
from evaluation.day_bootstrap import DayBootstrap, Estimate, divide_sums
from evaluation.intervals import OURS, covers_return, interval_score
from evaluation.scorecard.known_in_time import KnownReports
from evaluation.scorecard.nights import (
    AS_THEY_WERE,
    LARGE,
    LOSS,
    POLICIES,
    REACTION_SESSION,
)
from evaluation.scorecard.random_sit_outs import RandomSitOuts, random_sit_outs
from features.windows import Floats

YEAR = 252
"""Sessions of a year."""

ORDINARY = "ordinary"

FORECASTERS = (OURS, ORDINARY)
"""The guard's interval, and the one that knows of no report."""


class IntervalScores(BaseModel, frozen=True):
    """How good 80 % intervals are over some nights."""

    coverage: Estimate
    score: Estimate = Field(description="Mean interval score, as a fraction of price")


class PolicyFigures(BaseModel, frozen=True):
    """What one rule sits out, and how good the intervals of the other nights are.

    Shares are of all nights, of all squared returns, of the largest 1 % of moves and of
    the worst 1 % of losses; the last two are each stock's own.
    """

    sessions: Estimate = Field(description="Share of nights sat out")
    squared_returns: Estimate
    largest_moves: Estimate
    worst_losses: Estimate
    forgone_a_year: Estimate = Field(
        description="Mean return of the nights sat out, times their number in a year "
        "of one stock; below 0 it was avoided"
    )
    traded: dict[str, IntervalScores] = Field(
        description="The guard's interval on the nights not sat out, by group"
    )
    random: RandomSitOuts


class GuardScorecard(BaseModel, frozen=True):
    """The scorecard over all nights with a known return."""

    first: date = Field(description="First as-of session")
    last: date = Field(description="Last as-of session")
    symbols: tuple[str, ...]
    nights: int = Field(description="One per stock and as-of session")
    reports: int = Field(description="Reports between the two dates")
    policies: dict[str, PolicyFigures]
    intervals: dict[str, dict[str, IntervalScores]] = Field(
        description="By group of nights, then by forecaster"
    )
    known_in_time: tuple[KnownReports, ...]
    contradicted_times: tuple[str, ...] = Field(
        description="Stocks that move in another session than the times of day of "
        "their reports say"
    )


def policy_figures(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> dict[str, PolicyFigures]:
    """Return the figures of each policy that is a column of `guard_nights`' table."""
    draws = DayBootstrap(settings)
    return {
        name: _figures(nights, nights[name], draws)
        for name in POLICIES
        if name in nights
    }


def interval_figures(
    nights: pd.DataFrame, settings: EvaluationSettings
) -> dict[str, dict[str, IntervalScores]]:
    """Return the figures of both intervals on reaction sessions and on others."""
    draws = DayBootstrap(settings)
    by_price = nights[REACTION_SESSION]
    groups = _groups(nights) | {"reaction by prices": by_price}
    return {
        group: {name: _scores(nights[part], name, draws) for name in FORECASTERS}
        for group, part in groups.items()
    }


def add_as_they_were(nights: pd.DataFrame, record: pd.DataFrame) -> pd.DataFrame:
    """Return the nights of a forecast record, with its sit-outs.

    A night whose sit-out is not known counts as traded.
    """
    rows = record[record["data_status"] != "failed"][["symbol", "as_of"]].assign(
        **{AS_THEY_WERE: record["event_skip_trading"] == "true"}
    )
    return nights.merge(rows, on=["symbol", "as_of"])


def _figures(
    nights: pd.DataFrame, sat_out: pd.Series, draws: DayBootstrap
) -> PolicyFigures:
    days, moves = nights["forecast_session"], nights["realized_return"]
    weights = {
        "squared_returns": moves**2,
        "largest_moves": nights[LARGE].astype(float),
        "worst_losses": nights[LOSS].astype(float),
    }
    inside, settings = sat_out.astype(float), draws.settings

    def share(weight: pd.Series) -> Estimate:
        parts = pd.DataFrame({"inside": inside * weight, "all": weight})
        return draws.estimate(parts, days, divide_sums)

    forgone = pd.DataFrame({"inside": inside * moves, "all": 1.0})
    values = pd.DataFrame(weights | {"move": moves}).to_numpy(float)
    return PolicyFigures(
        sessions=draws.mean(inside, days),
        **{name: share(weight) for name, weight in weights.items()},
        forgone_a_year=draws.estimate(forgone, days, _a_year),
        traded={
            group: _scores(nights[part & ~sat_out], OURS, draws)
            for group, part in _groups(nights).items()
        },
        random=random_sit_outs(
            values, int(inside.sum()), YEAR, settings.confidence_level, settings.seed
        ),
    )


def _groups(nights: pd.DataFrame) -> dict[str, pd.Series]:
    """Return which nights' forecast sessions may react, by the times of day."""
    reacts = nights["event_reaction"] != "no"
    return {"reaction": reacts, "other": ~reacts}


def _scores(nights: pd.DataFrame, name: str, draws: DayBootstrap) -> IntervalScores:
    days = nights["forecast_session"]
    return IntervalScores(
        coverage=draws.mean(covers_return(nights, name), days),
        score=draws.mean(interval_score(nights, name), days),
    )


def _a_year(sums: Floats) -> Floats:
    return np.asarray(YEAR * divide_sums(sums))
