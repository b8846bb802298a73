"""The past calls of one symbol, each with what came of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel

from market_data.sessions import as_of_session
from screening.track_record.ledger import KEY
from screening.track_record.outcomes import add_due_sessions

State = Literal["scored", "waiting", "not due"]


class CallOutcome(BaseModel, frozen=True):
    """What came of a call after `sessions` sessions; returns are fractions.

    A call is `waiting` if `session` is complete, but no night has had its closes. Both
    returns are None until the call is scored; the hedged one also without a beta or an
    index.
    """

    sessions: int
    session: date
    state: State
    realised_return: float | None
    hedged_return: float | None


class SymbolCall(BaseModel, frozen=True):
    """One call; None is "not known".

    `rule` is the rule of a sit-out. `low` and `high` are the ends of the 80 % interval
    of the next session's return, fractions, from the CSV of that night.
    """

    as_of: date
    made_at: datetime
    live: bool
    call: str
    score: float
    confidence: float
    sit_out: bool | None
    rule: str | None
    low: float | None
    high: float | None
    outcomes: tuple[CallOutcome, ...]


class SymbolRecord(BaseModel, frozen=True):
    """The latest calls of a symbol, the last one first; `total` counts all."""

    symbol: str
    total: int
    calls: tuple[SymbolCall, ...]


def symbol_record(  # noqa: PLR0913  the tables of a record, and when it is read
    symbol: str,
    *,
    calls: pd.DataFrame,
    outcomes: pd.DataFrame,
    rows: pd.DataFrame,
    horizons: tuple[int, ...],
    now: datetime,
    total: int,
) -> SymbolRecord:
    """Return the record of a symbol's calls (`read_counted_calls`).

    `outcomes` are those of `read_outcomes`, `rows` those of the nights
    (`night_rows.TYPES`); both may hold more symbols.
    """
    keys = ["symbol", "as_of", "live"]
    known = rows.dropna(subset=["live"]).astype({"live": bool})
    known = known.drop_duplicates(keys, keep="last")[[*keys, "rule", "low", "high"]]
    joined = add_due_sessions(calls, horizons).merge(
        outcomes, on=[*KEY, "horizon"], how="left"
    )
    joined = joined.merge(known, on=keys, how="left")
    joined = joined.astype(object).where(joined.notna(), None)
    groups = joined.groupby(["as_of", "made_at"], sort=True)
    found = [_call(group.to_dict("records"), now) for _, group in groups]
    return SymbolRecord(symbol=symbol, total=total, calls=tuple(found[::-1]))


def _call(records: Sequence[Mapping[Any, Any]], now: datetime) -> SymbolCall:
    """Return the call of these rows, one row per horizon."""
    row = records[0]
    complete = as_of_session(row["exchange"], now.date(), now)
    return SymbolCall(
        **{name: row[name] for name in ("made_at", "live", "call", "score")},
        **{name: row[name] for name in ("confidence", "sit_out", "low", "high")},
        as_of=row["as_of"].date(),
        rule=(row["rule"] or None) if row["sit_out"] else None,
        outcomes=tuple(_outcome(one, complete) for one in records),
    )


def _outcome(row: Mapping[Any, Any], complete: date) -> CallOutcome:
    session = row["session"].date()
    unscored: State = "waiting" if session <= complete else "not due"
    return CallOutcome(
        sessions=row["horizon"],
        session=session,
        state=unscored if row["return"] is None else "scored",
        realised_return=row["return"],
        hedged_return=row["hedged_return"],
    )
