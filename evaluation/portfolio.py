"""Portfolios that follow the calls: returns, exposure, turnover and cost by day.

Each day every symbol with a row gets an equal share of the money. With the guard, the
position is the call's sign times `position_scale`; without it, the sign alone.
"""

import pandas as pd
from pydantic import BaseModel, Field

from evaluation.day_bootstrap import DayBootstrap, Estimate

SIGNS = {"BUY": 1.0, "HOLD": 0.0, "SELL": -1.0}


class Portfolio(BaseModel, frozen=True):
    """Daily means and totals of one portfolio, as fractions of the money."""

    cost_bps: float = Field(description="Cost of turnover, in 1/100 of 1 %")
    daily_return: Estimate
    daily_exposure: Estimate = Field(description="Sum of the sizes of all shares")
    daily_turnover: Estimate = Field(description="Sum of the changes of all shares")
    daily_cost: Estimate
    daily_net_return: Estimate = Field(description="Return after cost")
    total_return: float = Field(description="Sum of the daily returns")
    total_net_return: float = Field(description="Sum of the daily net returns")


def portfolios(
    record: pd.DataFrame, draws: DayBootstrap, cost_bps: float
) -> dict[str, Portfolio]:
    """Return the portfolios that follow the calls, and that of holding all symbols.

    `record` holds the rows whose realized return is known.
    """
    return {
        name: _summarize(daily_returns(record, position, cost_bps), draws, cost_bps)
        for name, position in positions(record).items()
    }


def positions(record: pd.DataFrame) -> dict[str, pd.Series]:
    """Return each row's position in [-1, 1], by portfolio."""
    scale = record["position_scale"]
    found = {
        "with_guard": record["prediction"].map(SIGNS) * scale,
        "without_guard": record["prediction_without_guard"].map(SIGNS),
    }
    if "prediction_with_untradable" in record:
        signs = record["prediction_with_untradable"].map(SIGNS)
        found["with_untradable"] = signs * scale
    return found | {"buy_and_hold": pd.Series(1.0, record.index)}


def daily_returns(
    record: pd.DataFrame, position: pd.Series, cost_bps: float
) -> pd.DataFrame:
    """Return `return`, `exposure`, `turnover`, `cost` and `net_return` by day.

    A symbol's share is its position / number of symbols with a row that day, 0 on a day
    without a row. Exposure is the sum of the absolute shares. Turnover is the sum of
    their absolute changes from the day before, from 0 on the first day. Shares do not
    drift with prices.
    """
    days = record["forecast_session"]
    shares = position / record.groupby(days)["symbol"].transform("size")
    table = (
        record[["forecast_session", "symbol"]]
        .assign(share=shares)
        .pivot_table(
            values="share", index="forecast_session", columns="symbol", fill_value=0.0
        )
    )
    turnover = table.diff().fillna(table.iloc[:1]).abs().sum(axis=1)
    gross = (shares * record["realized_return"]).groupby(days).sum()
    cost = turnover * cost_bps / 10_000
    return pd.DataFrame(
        {
            "return": gross,
            "exposure": table.abs().sum(axis=1),
            "turnover": turnover,
            "cost": cost,
            "net_return": gross - cost,
        }
    )


def _summarize(table: pd.DataFrame, draws: DayBootstrap, cost_bps: float) -> Portfolio:
    days = pd.Series(table.index, table.index)
    means = {f"daily_{name}": draws.mean(table[name], days) for name in table}
    totals = {f"total_{name}": table[name].sum() for name in ("return", "net_return")}
    return Portfolio.model_validate({"cost_bps": cost_bps} | means | totals)
