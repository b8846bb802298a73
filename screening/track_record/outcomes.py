"""Outcomes: due calls, scored by the closes of one night's tables. Pure.

return = close at the horizon / close at the as-of session - 1. Both adjusted closes
come from one table, so that both have the same dividend and split adjustments.
hedged return = return - beta at the time of the call * return of the index over the
same sessions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from market_data.sessions import nth_session_after
from screening.track_record.ledger import KEY, OUTCOMES, select_counted


@dataclass(frozen=True)
class PricedSymbol:
    """One symbol's adjusted closes by session on a night, with those of its index.

    `as_of` is the session as of which the closes are adjusted. Without known closes of
    the index, `index` is '' and `index_closes` is None.
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
    """Return the outcomes of due calls that are not scored yet (`OUTCOMES`).

    Only versions that count are scored, live and replayed, by prices of the source that
    they were made with. A call without one of its closes is left for a later night. So
    is the hedged return if a close of the index is missing; the return does not change.
    """
    waiting = _waiting(calls, outcomes, horizons)
    places = waiting.groupby(["symbol", "source"]).indices
    found = [
        scored
        for by in priced
        if (by.symbol, by.source) in places
        and len(scored := _score_symbol(waiting.iloc[places[by.symbol, by.source]], by))
    ]
    rows = pd.concat(found) if found else waiting.iloc[:0]
    return rows.assign(scored_at=at)[list(OUTCOMES.columns)].reset_index(drop=True)


def days_to_score(
    unfinished: pd.DataFrame, priced: Iterable[PricedSymbol]
) -> set[pd.Timestamp]:
    """Return the as-of sessions of calls that `score` can score or hedge now.

    `unfinished` are calls as in `RecordSums`.
    """
    places = unfinished.groupby(["symbol", "source"]).indices
    days: set[pd.Timestamp] = set()
    for by in priced:
        rows = unfinished.iloc[places.get((by.symbol, by.source), [])]
        rows = rows[rows["session"] <= pd.Timestamp(by.as_of)]
        for hedge, closes in ((False, by.closes), (True, by.index_closes)):
            if closes is not None and len(rows):
                ends = _ends(rows[rows["lacks_hedge"] == hedge], closes)
                known = ends["from"].notna() & ends["to"].notna()
                days |= set(rows.loc[known.index[known], "as_of"])
    return days


def add_due_sessions(calls: pd.DataFrame, horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return one row per call and horizon, with the `session` at which it is due."""
    steps = pd.DataFrame({"horizon": list(horizons)}, dtype="int64")
    every = calls.merge(steps, how="cross")
    due = every[["exchange", "as_of", "horizon"]].drop_duplicates()
    due["session"] = pd.Series(
        [
            pd.Timestamp(nth_session_after(exchange, as_of.date(), horizon))
            for exchange, as_of, horizon in due.itertuples(index=False)
        ],
        index=due.index,
        dtype="datetime64[ns]",
    )
    return every.merge(due, on=["exchange", "as_of", "horizon"])


def _waiting(
    calls: pd.DataFrame, outcomes: pd.DataFrame, horizons: tuple[int, ...]
) -> pd.DataFrame:
    """Return the calls that count, by horizon, without a return or without a hedge.

    The columns of `OUTCOMES` hold the outcome so far, NaN if there is no outcome.
    """
    both = [select_counted(calls, live=live) for live in (True, False)]
    wanted = add_due_sessions(pd.concat(both, ignore_index=True), horizons)
    so_far = outcomes.drop(columns="session")
    joined = wanted.merge(so_far, on=[*KEY, "horizon"], how="left")
    lacks_hedge = joined["hedged_return"].isna() & joined["hedge_beta"].notna()
    return joined[joined["return"].isna() | lacks_hedge]


def _score_symbol(waiting: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    """Return the symbol's new outcomes: first scores, and hedges of earlier scores."""
    due = waiting[waiting["session"] <= pd.Timestamp(by.as_of)]
    found = _add_hedge(_add_return(due, by), by)
    is_new = due["return"].isna() | found["hedged_return"].notna()
    return found[found["return"].notna() & is_new]


def _add_return(due: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    """Return the rows with closes and return; rows that have them keep theirs."""
    ends = _ends(due, by.closes)
    new: dict[str, Any] = {
        "close_from": ends["from"],
        "close_to": ends["to"],
        "return": ends["to"] / ends["from"] - 1,
        "priced_as_of": pd.Timestamp(by.as_of),
        "prices_fingerprint": by.fingerprint,
    }
    return due.assign(**{name: due[name].fillna(value) for name, value in new.items()})


def _add_hedge(due: pd.DataFrame, by: PricedSymbol) -> pd.DataFrame:
    if by.index_closes is None:
        return due.assign(hedge_index="")
    ends = _ends(due, by.index_closes)
    index_return = ends["to"] / ends["from"] - 1
    return due.assign(
        hedge_index=by.index,
        index_from=ends["from"],
        index_to=ends["to"],
        index_return=index_return,
        hedged_return=due["return"] - due["hedge_beta"] * index_return,
    )


def _ends(due: pd.DataFrame, closes: pd.Series) -> Mapping[str, pd.Series]:
    """Return the closes at both ends of each row's horizon, NaN if missing."""
    positive = closes[closes > 0]
    return {
        name: pd.Series(positive.reindex(due[column]).to_numpy(), index=due.index)
        for name, column in {"from": "as_of", "to": "session"}.items()
    }
