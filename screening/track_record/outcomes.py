"""Calls that have come due, scored by the closes of one night's own tables. Pure.

return = close at the horizon / close at the as-of session - 1, both adjusted closes of
one table: a dividend or split since then stands in both, so no two bases meet.
hedged return = return - beta at the time of the call * the index' return over the same
sessions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from market_data.sessions import nth_session_after
from screening.track_record.ledger import KEY, OUTCOMES, counting


@dataclass(frozen=True)
class PricedSymbol:
    """One symbol's adjusted closes by session on a night, and its index' where known.

    `as_of` is the session whose prices the table is written in.
    """

    symbol: str
    as_of: date
    source: str
    closes: pd.Series
    fingerprint: str
    index: str = ""
    index_closes: pd.Series | None = None


def score(
    calls: pd.DataFrame,
    outcomes: pd.DataFrame,
    priced: Iterable[PricedSymbol],
    horizons: tuple[int, ...],
    at: datetime,
) -> pd.DataFrame:
    """Return what has come due and is not scored yet (`OUTCOMES`).

    Only versions that count are scored, live and replayed ones alike, by prices of the
    source that they were made with. A call waits where either close is not there; its
    hedged return, where the index' closes are not: a later night adds it to the return
    that stands.
    """
    waiting = _waiting(calls, outcomes, horizons)
    each = [_scored(waiting, one) for one in priced]
    found = [one for one in each if len(one)]
    rows = pd.concat(found) if found else waiting.iloc[:0]
    return rows.assign(scored_at=at)[list(OUTCOMES.columns)].reset_index(drop=True)


def with_due_sessions(calls: pd.DataFrame, horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return a row a call and horizon, with the `session` at which it comes due."""
    steps = pd.DataFrame({"horizon": list(horizons)}, dtype="int64")
    every = calls.merge(steps, how="cross")
    asked = every[["exchange", "as_of", "horizon"]].drop_duplicates()
    asked["session"] = pd.Series(
        [
            pd.Timestamp(nth_session_after(exchange, as_of.date(), horizon))
            for exchange, as_of, horizon in asked.itertuples(index=False)
        ],
        index=asked.index,
        dtype="datetime64[ns]",
    )
    return every.merge(asked, on=["exchange", "as_of", "horizon"])


def _waiting(
    calls: pd.DataFrame, outcomes: pd.DataFrame, horizons: tuple[int, ...]
) -> pd.DataFrame:
    """Return the calls that count, by horizon, without a return or without a hedge.

    Columns of `OUTCOMES` are those of the outcome so far, NaN where there is none.
    """
    both = [counting(calls, live=live) for live in (True, False)]
    wanted = with_due_sessions(pd.concat(both, ignore_index=True), horizons)
    so_far = outcomes.drop(columns="session")
    joined = wanted.merge(so_far, on=[*KEY, "horizon"], how="left")
    hedge_lacks = joined["hedged_return"].isna() & joined["hedge_beta"].notna()
    return joined[joined["return"].isna() | hedge_lacks]


def _scored(waiting: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    """Return the symbol's new outcomes: first scores, and hedges added to old ones."""
    its_own = (waiting["symbol"] == by.symbol) & (waiting["source"] == by.source)
    due = waiting[its_own & (waiting["session"] <= pd.Timestamp(by.as_of))]
    found = _hedged(_priced(due, by), by)
    news = due["return"].isna() | found["hedged_return"].notna()
    return found[found["return"].notna() & news]


def _priced(due: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    """Return the rows with closes and return, those that have them as they are."""
    ends = _ends(due, by.closes)
    new: dict[str, Any] = {
        "close_from": ends["from"],
        "close_to": ends["to"],
        "return": ends["to"] / ends["from"] - 1,
        "priced_as_of": pd.Timestamp(by.as_of),
        "prices_fingerprint": by.fingerprint,
    }
    return due.assign(**{name: due[name].fillna(value) for name, value in new.items()})


def _hedged(due: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    if by.index_closes is None:
        return due.assign(hedge_index="")
    ends = _ends(due, by.index_closes)
    moved = ends["to"] / ends["from"] - 1
    return due.assign(
        hedge_index=by.index,
        index_from=ends["from"],
        index_to=ends["to"],
        index_return=moved,
        hedged_return=due["return"] - due["hedge_beta"] * moved,
    )


def _ends(due: pd.DataFrame, closes: pd.Series) -> Mapping[str, pd.Series]:
    """Return the closes at both ends of each row's horizon, NaN where there is none."""
    real = closes[closes > 0]
    return {
        name: pd.Series(real.reindex(due[column]).to_numpy(), index=due.index)
        for name, column in {"from": "as_of", "to": "session"}.items()
    }
