"""The ledger of calls and their outcomes: its columns and its files.

Each run adds its own files; no row is ever changed or removed. The files of a month
whose calls are closed become one file (`closed_months`). If a call has several
versions, the reader selects the version that counts (`select_counted`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrors

from config.errors import StorageError
from screening.blend import COMPONENTS
from storage.home import DRAFT, write_file_atomic
from storage.paths import StoragePath, files_in, is_there
from storage.tables import Filter, read_tables

INSTANT = "datetime64[ns, UTC]"
SESSION = "datetime64[ns]"

KEY = ["symbol", "as_of", "made_at"]
"""The columns that identify one version of a call."""

# A sum of weights may exceed 1 by rounding.
_ROUNDING = 1e-9
_SHARE = pa.Check.in_range(-_ROUNDING, 1 + _ROUNDING)
_DIRECTION = pa.Check.in_range(-1 - _ROUNDING, 1 + _ROUNDING)

CALLS = pa.DataFrameSchema(
    {
        "symbol": pa.Column(str),
        "as_of": pa.Column(SESSION),
        "made_at": pa.Column(INSTANT),
        "run_at": pa.Column(INSTANT),
        "live": pa.Column(bool),
        "source": pa.Column(str),
        "exchange": pa.Column(str),
        "forecast_session": pa.Column(SESSION),
        "close": pa.Column(float, pa.Check.gt(0)),
        "call": pa.Column(str, pa.Check.isin(["BUY", "HOLD", "SELL"])),
        "score": pa.Column(float, _DIRECTION),
        "confidence": pa.Column(float, pa.Check.in_range(0, 100 * (1 + _ROUNDING))),
        "haircut": pa.Column(float, _SHARE),
        "sit_out": pa.Column("boolean", nullable=True),
        "position_scale": pa.Column(float, _SHARE),
        "hedge_beta": pa.Column(float, nullable=True),
    }
    | {
        f"{component}_{part}": pa.Column(float, check, nullable=True)
        for component in COMPONENTS
        for part, check in {
            "direction": _DIRECTION,
            "confidence": _SHARE,
            "weight": _SHARE,
        }.items()
    }
    | {
        "lstm_confidence_after_haircut": pa.Column(float, _SHARE, nullable=True),
        "news_engine": pa.Column(str),
        "predicted_return": pa.Column(float, nullable=True),
        "probability_up": pa.Column(float, _SHARE, nullable=True),
        "inputs_fingerprint": pa.Column(str),
        "model_fingerprint": pa.Column(str),
    },
    strict=True,
    ordered=True,
    coerce=True,
    unique=KEY,
)
"""One row per version of a call; NaN if a component was missing or if not known.

`made_at` is when the run published the call. `live` is true if the forecast session had
not opened by then. `model_fingerprint` is empty if the call used no model.
"""

OUTCOMES = pa.DataFrameSchema(
    {
        "symbol": pa.Column(str),
        "as_of": pa.Column(SESSION),
        "made_at": pa.Column(INSTANT),
        "horizon": pa.Column("int64", pa.Check.ge(1)),
        "session": pa.Column(SESSION),
        "scored_at": pa.Column(INSTANT),
        "priced_as_of": pa.Column(SESSION),
        "prices_fingerprint": pa.Column(str),
        "close_from": pa.Column(float, pa.Check.gt(0)),
        "close_to": pa.Column(float, pa.Check.gt(0)),
        "return": pa.Column(float, pa.Check.gt(-1)),
        "hedge_index": pa.Column(str),
        "index_from": pa.Column(float, pa.Check.gt(0), nullable=True),
        "index_to": pa.Column(float, pa.Check.gt(0), nullable=True),
        "index_return": pa.Column(float, pa.Check.gt(-1), nullable=True),
        "hedged_return": pa.Column(float, nullable=True),
    },
    strict=True,
    ordered=True,
    coerce=True,
)
"""One row per scored call and horizon; a later row adds a hedge that was missing.

Both closes come from one table, adjusted as of `priced_as_of`; so do both closes of the
index.
"""


@dataclass(frozen=True)
class Ledger:
    """The ledger of one home; a caller that appends must hold the home's lock."""

    folder: StoragePath

    def calls(self) -> pd.DataFrame:
        """Return all versions of all calls (`CALLS`), oldest first.

        Raises
        ------
        StorageError
            If a file of the ledger can't be read or is not one of its files.
        """
        found = read_record_files(self.folder / "calls", CALLS, "track record")
        return order_calls(found)

    def outcomes(self) -> pd.DataFrame:
        """Return the outcomes of calls (`OUTCOMES`), one row per call and horizon.

        Raises
        ------
        StorageError
            As `calls`.
        """
        found = read_record_files(self.folder / "outcomes", OUTCOMES, "track record")
        return latest_outcomes(found)

    def append(
        self, calls: pd.DataFrame, outcomes: pd.DataFrame, as_of: date, at: datetime
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Add a run's calls and new outcomes, as one file each; return both, checked.

        Raises
        ------
        StorageError
            If the disk or store refuses, or if the files are already there.
        """
        name = f"{as_of.isoformat()}_{at:%Y%m%dT%H%M%S%f}.parquet"
        parts = {"outcomes": (outcomes, OUTCOMES), "calls": (calls, CALLS)}
        checked = {
            kind: _validate(schema, frame) for kind, (frame, schema) in parts.items()
        }
        for kind, frame in checked.items():
            path = self.folder / kind / name
            if is_there(path):
                raise StorageError(
                    f"the track record already has {path} and never changes a file",
                    "run the night again",
                )
            if len(frame):
                write_file_atomic(path, frame.to_parquet)
        return checked["calls"], checked["outcomes"]


def order_calls(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the calls (`CALLS`), oldest first."""
    return calls.sort_values(["made_at", "symbol"], kind="stable", ignore_index=True)


def latest_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the last row of each call and horizon: a later row adds a hedge."""
    found = outcomes.sort_values("scored_at", kind="stable", ignore_index=True)
    return found.drop_duplicates([*KEY, "horizon"], keep="last", ignore_index=True)


def read_record_files(
    folder: StoragePath, schema: pa.DataFrameSchema, record: str
) -> pd.DataFrame:
    """Return the rows of all Parquet files of a record's folder, in `schema`.

    A row that is in two files, as after a night that was killed, is returned once.

    `record` names the record in the error's message.

    Raises
    ------
    StorageError
        If a file is damaged or has other columns.
    """
    paths = [
        path
        for path in files_in(folder)
        if path.suffix == ".parquet" and not path.name.startswith(DRAFT)
    ]
    return read_parts(folder, paths, schema, record)


def read_parts(
    folder: StoragePath,
    paths: Sequence[StoragePath],
    schema: pa.DataFrameSchema,
    record: str,
    days: Collection[pd.Timestamp] | None = None,
) -> pd.DataFrame:
    """Return the rows of files of a record's `folder`, as `read_record_files`.

    With `days` only the rows of these as-of sessions are read.

    Raises
    ------
    FileNotFoundError
        If a file is gone: a night has moved its rows to the file of its month.
    StorageError
        If a file is damaged or has other columns.
    """
    try:
        if not paths:
            return schema.validate(pd.DataFrame(columns=list(schema.columns)))
        among = None if days is None else [("as_of", "in", list(days))]
        found = read_tables(paths, filters=among)
        key = [*KEY, "horizon", "scored_at"] if "scored_at" in found else KEY
        known = [name for name in key if name in found]
        return schema.validate(found.drop_duplicates(known, ignore_index=True))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, SchemaError, SchemaErrors) as error:
        raise StorageError(
            f"{folder} holds a file that is not a whole Parquet file of the {record} "
            f"({_shorten(error)})",
            "move that file out of the folder",
        ) from error


def read_columns(
    folder: StoragePath,
    kind: str,
    paths: Sequence[StoragePath],
    columns: Sequence[str],
    filters: Sequence[Filter] | None = None,
) -> pd.DataFrame:
    """Return these columns of files of one kind in a record's `folder`, unchecked.

    `filters` as in `read_tables`.

    Raises
    ------
    FileNotFoundError
        If a file is gone: a night has just moved its rows.
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    try:
        return read_tables(paths, columns, filters)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{folder / kind} holds a file that is not a whole Parquet file of the "
            f"track record ({str(error)[:200]})",
            "move that file out of the folder",
        ) from error


def _validate(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    try:
        return schema.validate(frame[list(schema.columns)].reset_index(drop=True))
    except (SchemaError, SchemaErrors) as error:
        raise StorageError(
            f"the run's calls do not fit the track record ({_shorten(error)})",
            "report this error to the developers",
        ) from error


def _shorten(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def select_counted(calls: pd.DataFrame, *, live: bool) -> pd.DataFrame:
    """Return the calls that count among the live or among the replayed calls.

    Each symbol and as-of session counts once, with the version published last. A run
    after the opening makes a replayed call, so it never replaces a live call.
    """
    kind = calls[calls["live"] == live].sort_values("made_at", kind="stable")
    return kind.drop_duplicates(["symbol", "as_of"], keep="last", ignore_index=True)
