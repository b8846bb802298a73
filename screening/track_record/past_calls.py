"""The calls that count, each with what came of it, read without the other columns."""

from collections.abc import Sequence

import pandas as pd

from screening.track_record.ledger import KEY, read_columns, select_counted
from screening.track_record.record_files import read_again, record_paths
from storage.paths import StoragePath
from storage.tables import Filter

CALL_COLUMNS = (*KEY, "live", "exchange", "call", "score", "confidence", "sit_out")
OUTCOME_COLUMNS = (*KEY, "horizon", "return", "hedged_return")
NEXT_CALL = (*KEY, "live", "call")
NEXT_OUTCOME = (*KEY, "return", "hedged_return")


def read_counted_calls(folder: StoragePath, symbol: str | None = None) -> pd.DataFrame:
    """Return the live and the replayed calls that count (`CALL_COLUMNS`).

    `folder` is the track record's; with `symbol` only its calls are returned.

    Raises
    ------
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    calls = read_again(
        lambda: _read(folder, "calls", CALL_COLUMNS, _of(symbol)), folder
    )
    both = [select_counted(calls, live=live) for live in (True, False)]
    return pd.concat(both).sort_values("as_of", kind="stable", ignore_index=True)


def read_outcomes(folder: StoragePath, symbol: str | None = None) -> pd.DataFrame:
    """Return the returns of scored calls (`OUTCOME_COLUMNS`), one row per horizon.

    Raises
    ------
    StorageError
        As `read_counted_calls`.
    """
    found = read_again(
        lambda: _read(folder, "outcomes", OUTCOME_COLUMNS, _of(symbol)), folder
    )
    return _select_outcomes(found, [*KEY, "horizon"])


def read_next_returns(folder: StoragePath) -> pd.DataFrame:
    """Return the calls that count and whose return after one session is known.

    The columns are `NEXT_CALL` and `NEXT_OUTCOME`.

    Raises
    ------
    StorageError
        As `read_counted_calls`.
    """
    calls, outcomes = read_again(lambda: _read_next(folder), folder)
    both = [select_counted(calls, live=live) for live in (True, False)]
    counted = pd.concat(both).sort_values("as_of", kind="stable", ignore_index=True)
    return counted.merge(_select_outcomes(outcomes, KEY), on=KEY)


def _read_next(folder: StoragePath) -> tuple[pd.DataFrame, pd.DataFrame]:
    return (
        _read(folder, "calls", NEXT_CALL),
        _read(folder, "outcomes", NEXT_OUTCOME, [("horizon", "==", 1)]),
    )


def _of(symbol: str | None) -> list[Filter] | None:
    return None if symbol is None else [("symbol", "==", symbol)]


def _select_outcomes(found: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return the last row of each key: it adds the hedge, if it was missing before."""
    ordered = found.sort_values("hedged_return", kind="stable", na_position="first")
    return ordered.drop_duplicates(key, keep="last", ignore_index=True)


def _read(
    folder: StoragePath,
    kind: str,
    columns: tuple[str, ...],
    filters: Sequence[Filter] | None = None,
) -> pd.DataFrame:
    paths = record_paths(folder, kind)
    if not paths:
        return _EMPTY[list(columns)]
    return read_columns(folder, kind, paths, columns, filters)


_EMPTY = pd.DataFrame(columns=[*dict.fromkeys(CALL_COLUMNS + OUTCOME_COLUMNS)]).astype(
    {
        "symbol": "str",
        "as_of": "datetime64[ns]",
        "made_at": "datetime64[ns, UTC]",
        "live": "bool",
        "exchange": "str",
        "call": "str",
        "score": "float64",
        "confidence": "float64",
        "sit_out": "boolean",
        "horizon": "int64",
        "return": "float64",
        "hedged_return": "float64",
    }
)
