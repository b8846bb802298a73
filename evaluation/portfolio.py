"""What following the calls would have brought: returns, turnover, cost, day by day.

Each day every symbol with a row has an equal share of the money; a call's position is
its sign times `position_scale` with the guard, its sign alone without.
"""

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from evaluation.day_bootstrap import DayBootstrap, Estimate

SIGNS = {"BUY": 1.0, "HOLD": 0.0, "SELL": -1.0}


class Portfolio(BaseModel):
    """Means a day, as shares of the money; cost and net return at the given rate."""

    model_config = ConfigDict(frozen=True)

    cost_bps: float = Field(description="Cost of turnover, 1/100 of 1 %")
    daily_return: Estimate
    daily_exposure: Estimate = Field(description="Sum of the sizes of all shares")
    daily_turnover: Estimate = Field(description="Sum of the changes of all shares")
    daily_cost: Estimate
    daily_net_return: Estimate
    total_return: float = Field(description="Sum of the daily returns")
    total_net_return: float = Field(description="Sum of the daily net returns")


def portfolios(
    record: pd.DataFrame, draws: DayBootstrap, cost_bps: float
) -> dict[str, Portfolio]:
    """Return what was earned with the guard, without it, and by holding everything.

    `record` holds the rows whose realized return is known.
    """
    return {
        name: _portfolio(daily(record, position, cost_bps), draws, cost_bps)
        for name, position in positions(record).items()
    }


def positions(record: pd.DataFrame) -> dict[str, pd.Series]:
    """Return each row's position in [-1, 1]: with guard, without, and always held."""
    guarded = record["prediction"].map(SIGNS) * record["position_scale"]
    return {
        "with_guard": guarded,
        "without_guard": record["prediction_without_guard"].map(SIGNS),
        "buy_and_hold": pd.Series(1.0, record.index),
    }


def daily(record: pd.DataFrame, position: pd.Series, cost_bps: float) -> pd.DataFrame:
    """Return `gross`, `exposure`, `turnover`, `cost` and `net` by day, in order.

    A share is position / symbols with a row that day; exposure is the sum of their
    sizes. Turnover is the sum of the
    shares' absolute changes from the day before (from nothing, on the first): a symbol
    without a row has none. Shares do not drift with prices.
    """
    days = record["forecast_session"]
    shares = position / record.groupby(days)["symbol"].transform("size")
    held = record[["forecast_session", "symbol"]].assign(share=shares)
    table = held.pivot_table(
        values="share", index="forecast_session", columns="symbol", fill_value=0.0
    )
    turnover = table.diff().fillna(table.iloc[:1]).abs().sum(axis=1)
    gross = (shares * record["realized_return"]).groupby(days).sum()
    cost = turnover * cost_bps / 10_000
    return pd.DataFrame(
        {
            "gross": gross,
            "exposure": table.abs().sum(axis=1),
            "turnover": turnover,
            "cost": cost,
            "net": gross - cost,
        }
    )


def _portfolio(table: pd.DataFrame, draws: DayBootstrap, cost_bps: float) -> Portfolio:
    days = pd.Series(table.index, table.index)
    return Portfolio(
        cost_bps=cost_bps,
        daily_return=draws.mean(table["gross"], days),
        daily_exposure=draws.mean(table["exposure"], days),
        daily_turnover=draws.mean(table["turnover"], days),
        daily_cost=draws.mean(table["cost"], days),
        daily_net_return=draws.mean(table["net"], days),
        total_return=float(table["gross"].sum()),
        total_net_return=float(table["net"].sum()),
    )
