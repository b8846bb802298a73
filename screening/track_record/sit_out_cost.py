"""What sitting out has cost and avoided, in one sentence for the user."""

from contextlib import suppress
from datetime import date

import pandas as pd
from pydantic import BaseModel, Field

from config.errors import StorageError
from storage.paths import StoragePath, read_bytes

YEAR = 252
"""Sessions from which a cost is given by the year."""

WORST = 0.01
"""Share of the nights that count as the worst ones."""


class SitOutCost(BaseModel, frozen=True):
    """What the sit-outs of some nights cost and avoided; all returns are fractions."""

    rule: str = Field("", description="The rule of all these nights, '' if not known")
    first: date = Field(description="First as-of session")
    last: date = Field(description="Last as-of session")
    sessions: int = Field(description="Different as-of sessions")
    forgone: float = Field(
        description="Mean over stocks of the summed returns of the nights sat out"
    )
    worst: int = Field(description="The worst nights: 1 % of all")
    avoided: int = Field(description="How many of these were sat out")


def sit_out_cost(
    days: pd.Series,
    returns: pd.Series,
    sat_out: pd.Series,
    worst: pd.Series,
    rule: str = "",
) -> SitOutCost:
    """Return the cost of these nights, one row per stock and as-of session.

    `days` hold dates, `returns` the next session's fractions without NaN, `sat_out` and
    `worst` truth values. There is at least one row.
    """
    sessions = days.nunique()
    return SitOutCost(
        rule=rule,
        first=days.min(),
        last=days.max(),
        sessions=sessions,
        forgone=float((returns * sat_out).mean()) * sessions,
        worst=int(worst.sum()),
        avoided=int((worst & sat_out).sum()),
    )


def worst_returns(returns: pd.Series) -> pd.Series:
    """Return which returns are the lowest: 1 % of them, at least one."""
    return returns.rank(method="first") <= max(1, int(WORST * len(returns)))


def cost_sentence(cost: SitOutCost, whose: str) -> str:
    """Return `Sitting out has cost 1.3 % a year and avoided 3 of the 7 worst days`.

    The days count per stock. `whose` starts the explanation in brackets.
    """
    a_year = cost.sessions >= YEAR
    share = cost.forgone * YEAR / cost.sessions if a_year else cost.forgone
    verb = "gained" if share < 0 else "cost"
    span = "a year" if a_year else f"in {cost.sessions} sessions"
    rule = f", rule `{cost.rule}`" if cost.rule else ""
    return (
        f"Sitting out has {verb} {abs(100 * share):.1f} % {span} and avoided "
        f"{cost.avoided} of the {cost.worst} worst days ({whose} of {cost.first} to "
        f"{cost.last}{rule}; a day counts once per stock)."
    )


def read_cost(path: StoragePath) -> SitOutCost | None:
    """Return the cost that an evaluation wrote, None without a readable file."""
    with suppress(OSError, StorageError, ValueError):
        return SitOutCost.model_validate_json(read_bytes(path))
    return None
