"""Calls by the state of the exchange's index on the night (SPEC 15).

Only the index' part of the market's state is known here: an evaluation runs one symbol
at a time, so no night of it has other symbols.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field

from evaluation.day_bootstrap import DayBootstrap, Estimate
from screening.track_record.day_sums import mark_hits

SIGNS = {"BUY": 1.0, "HOLD": 0.0, "SELL": -1.0}

VOLATILITIES = ("calm", "usual", "wild")


class MarketGroup(BaseModel, frozen=True):
    """The calls of the nights on which the index was in one state."""

    forecasts: int
    call_hit_rate: Estimate = Field(description="BUY and SELL calls that were right")
    blend_hit_rate: Estimate = Field(description="Signs of the score that were right")
    mean_return: Estimate = Field(description="Next-session return, whatever the call")


def market_groups(record: pd.DataFrame, draws: DayBootstrap) -> dict[str, MarketGroup]:
    """Return the figures by the index' state; a state without any row is left out.

    A row whose index was not known is in no group. `record` has realized returns.
    """
    groups = {name: record[rows] for name, rows in _members(record).items()}
    return {
        name: _group(rows, draws) for name, rows in groups.items() if not rows.empty
    }


def _members(record: pd.DataFrame) -> Mapping[str, pd.Series]:
    """Return, by state, which rows belong to it; none for a record of before it."""
    if "market_volatility" not in record:
        return {}
    volatility, side = record["market_volatility"], record["market_against_sma_200"]
    return {
        **{f"{name}_volatility": volatility == name for name in VOLATILITIES},
        "above_sma_200": side > 0,
        "below_sma_200": side <= 0,
    }


def _group(rows: pd.DataFrame, draws: DayBootstrap) -> MarketGroup:
    days, realized = rows["forecast_session"], rows["realized_return"]
    calls, score = rows["prediction"].map(SIGNS), np.sign(rows["score"])
    return MarketGroup(
        forecasts=len(rows),
        call_hit_rate=draws.mean(mark_hits(calls, realized), days),
        blend_hit_rate=draws.mean(mark_hits(score, realized), days),
        mean_return=draws.mean(realized, days),
    )
