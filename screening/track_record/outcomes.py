"""Outcomes: due calls, scored by the closes of one night's tables. Pure.

return = close at the horizon / close at the as-of session - 1. Both adjusted closes
come from one table, so that both have the same dividend and split adjustments.
hedged return = return - beta at the time of the call * return of the index over the
same sessions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    priced: Sequence[PricedSymbol],
    horizons: tuple[int, ...],
    at: datetime,
) -> pd.DataFrame:
    """Return the outcomes of due calls that are not scored yet (`OUTCOMES`).

    `priced` has each symbol and source once. Only versions that count are scored, live
    and replayed, by prices of the source that they were made with. A call without one
    of its closes is left for a later night. So is the hedged return if a close of the
    index is missing; the return does not change.
    """
    due = _with_closes(_waiting(calls, outcomes, horizons), priced)
    found = _add_hedge(_add_return(due))
    is_new = due["return"].isna() | found["hedged_return"].notna()
    rows = found[found["return"].notna() & is_new]
    return rows.assign(scored_at=at)[list(OUTCOMES.columns)].reset_index(drop=True)


def days_to_score(
    unfinished: pd.DataFrame, priced: Sequence[PricedSymbol]
) -> set[pd.Timestamp]:
    """Return the as-of sessions of calls that `score` can score or hedge now.

    `unfinished` are calls as in `RecordSums`.
    """
    due = _with_closes(unfinished, priced)
    known = due["from"].notna() & due["to"].notna()
    hedged = due["from_of_index"].notna() & due["to_of_index"].notna()
    return set(due.loc[hedged.where(due["lacks_hedge"], known), "as_of"])


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


def _with_closes(rows: pd.DataFrame, priced: Sequence[PricedSymbol]) -> pd.DataFrame:
    """Return the rows that are due by known prices, with the closes of both sessions.

    `from` and `to` are the symbol's closes, `from_of_index` and `to_of_index` those of
    its index, NaN if missing. `by_as_of`, `by_fingerprint` and `by_index` are what
    `PricedSymbol` says of them.
    """
    facts = pd.DataFrame(
        [(by.symbol, by.source, by.as_of, by.fingerprint, by.index) for by in priced],
        columns=["symbol", "source", "by_as_of", "by_fingerprint", "by_index"],
    ).astype({"by_as_of": "datetime64[ns]"})
    due = rows.merge(facts, on=["symbol", "source"])
    due = due[due["session"] <= due["by_as_of"]].reset_index(drop=True)
    wanted = set(due[["symbol", "source"]].itertuples(index=False, name=None))
    among = {(by.symbol, by.source): by for by in priced}
    closes = {key: among[key].closes for key in wanted}
    of_index = {key: among[key].index_closes for key in wanted}
    return due.assign(
        **{
            "from": _closes(due, "as_of", closes),
            "to": _closes(due, "session", closes),
            "from_of_index": _closes(due, "as_of", of_index),
            "to_of_index": _closes(due, "session", of_index),
        }
    )


def _closes(
    due: pd.DataFrame, session: str, closes: Mapping[tuple[str, str], pd.Series | None]
) -> NDArray[np.float64]:
    """Return each row's close at the session of that column, NaN if it is missing."""
    known = [found[found > 0] for found in closes.values() if found is not None]
    if not known:
        return np.full(len(due), np.nan)
    keys = [key for key, found in closes.items() if found is not None]
    wanted = pd.MultiIndex.from_frame(due[["symbol", "source", session]])
    return np.asarray(pd.concat(known, keys=keys).reindex(wanted), np.float64)


def _add_return(due: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with closes and return; rows that have them keep theirs."""
    new = {
        "close_from": due["from"],
        "close_to": due["to"],
        "return": due["to"] / due["from"] - 1,
        "priced_as_of": due["by_as_of"],
        "prices_fingerprint": due["by_fingerprint"],
    }
    return due.assign(**{name: due[name].fillna(value) for name, value in new.items()})


def _add_hedge(due: pd.DataFrame) -> pd.DataFrame:
    index_return = due["to_of_index"] / due["from_of_index"] - 1
    return due.assign(
        hedge_index=due["by_index"],
        index_from=due["from_of_index"],
        index_to=due["to_of_index"],
        index_return=index_return,
        hedged_return=due["return"] - due["hedge_beta"] * index_return,
    )
