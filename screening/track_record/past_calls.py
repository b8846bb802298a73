"""The calls that count, each with what came of it, read without the other columns."""

import pandas as pd

from screening.track_record.ledger import KEY, read_columns, select_counted
from screening.track_record.record_files import read_again, record_paths
from storage.paths import StoragePath

CALL_COLUMNS = (*KEY, "live", "exchange", "call", "score", "confidence", "sit_out")
OUTCOME_COLUMNS = (*KEY, "horizon", "return", "hedged_return")


def read_counted_calls(folder: StoragePath, symbol: str | None = None) -> pd.DataFrame:
    """Return the live and the replayed calls that count (`CALL_COLUMNS`).

    `folder` is the track record's; with `symbol` only its calls are returned.

    Raises
    ------
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    calls = read_again(lambda: _read(folder, "calls", CALL_COLUMNS, symbol), folder)
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
        lambda: _read(folder, "outcomes", OUTCOME_COLUMNS, symbol), folder
    )
    # The last row of a call adds the hedge, if it was missing before.
    ordered = found.sort_values("hedged_return", kind="stable", na_position="first")
    return ordered.drop_duplicates([*KEY, "horizon"], keep="last", ignore_index=True)


def _read(
    folder: StoragePath, kind: str, columns: tuple[str, ...], symbol: str | None
) -> pd.DataFrame:
    paths = record_paths(folder, kind)
    if not paths:
        return _EMPTY[list(columns)]
    found = read_columns(folder, kind, paths, columns)
    return found if symbol is None else found[found["symbol"] == symbol]


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
