"""The ledger of calls and of what became of them: its columns, its files.

Append-only: each run adds files of its own, and none is ever written again. Which of
several versions of a call counts is decided by the reader (`counting`).
"""

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaError, SchemaErrors

from config.errors import StorageError
from screening.blend import COMPONENTS
from storage.home import write_file_atomic
from storage.paths import StoragePath, files_in, is_there
from storage.tables import read_tables

INSTANT = "datetime64[ns, UTC]"
SESSION = "datetime64[ns]"

KEY = ["symbol", "as_of", "made_at"]
"""What tells one version of a call from all others."""

# Sums of weights that make 1 may lie a rounding above it.
_ROUNDING = 1e-9
_SHARE = pa.Check.in_range(-_ROUNDING, 1 + _ROUNDING)
_LEAN = pa.Check.in_range(-1 - _ROUNDING, 1 + _ROUNDING)

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
        "score": pa.Column(float, _LEAN),
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
            "direction": _LEAN,
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
"""One row a version of a call; NaN where a component was silent or nothing is known.

`made_at` is when the run published it; `live` that its forecast session had not opened
by then. `model_fingerprint` is empty where no model spoke.
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
"""One row a scored call and horizon; a second one only adds a hedge that lacked.

Both closes stand in one table, adjusted as of `priced_as_of`, and so do the index'.
"""


@dataclass(frozen=True)
class Ledger:
    """The ledger of one home; whoever appends holds the home's lock."""

    folder: StoragePath

    def calls(self) -> pd.DataFrame:
        """Return all versions of all calls (`CALLS`), oldest first.

        Raises
        ------
        StorageError
            If a file of the ledger can't be read or is none of ours.
        """
        return self._read("calls", CALLS).sort_values(
            ["made_at", "symbol"], kind="stable", ignore_index=True
        )

    def outcomes(self) -> pd.DataFrame:
        """Return what became of calls (`OUTCOMES`), a row a call and horizon.

        Raises
        ------
        StorageError
            As `calls`.
        """
        found = self._read("outcomes", OUTCOMES).sort_values(
            "scored_at", kind="stable", ignore_index=True
        )
        return found.drop_duplicates([*KEY, "horizon"], keep="last", ignore_index=True)

    def append(
        self, calls: pd.DataFrame, outcomes: pd.DataFrame, as_of: date, at: datetime
    ) -> None:
        """Add a run's calls and what it scored, each as a file of its own.

        Raises
        ------
        StorageError
            If the disk or store refuses, or the run has its files there already.
        """
        name = f"{as_of.isoformat()}_{at:%Y%m%dT%H%M%S%f}.parquet"
        parts = {"outcomes": (outcomes, OUTCOMES), "calls": (calls, CALLS)}
        for kind, (frame, schema) in parts.items():
            path = self.folder / kind / name
            if is_there(path):
                raise StorageError(
                    f"{path} must be new, got one that is there: the ledger never "
                    "changes a file; run again."
                )
            if len(frame):
                write_file_atomic(path, _checked(schema, frame).to_parquet)

    def _read(self, kind: str, schema: pa.DataFrameSchema) -> pd.DataFrame:
        folder = self.folder / kind
        paths = [path for path in files_in(folder) if path.suffix == ".parquet"]
        try:
            if not paths:
                return schema.validate(pd.DataFrame(columns=list(schema.columns)))
            return schema.validate(read_tables(paths))
        except (OSError, ValueError, SchemaError, SchemaErrors) as error:
            said = " ".join(str(error).split())[:200]
            raise StorageError(
                f"{folder} must hold whole Parquet files of the track record, got: "
                f"{said}; take the file that is none out of it."
            ) from error


def _checked(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    try:
        return schema.validate(frame[list(schema.columns)].reset_index(drop=True))
    except (SchemaError, SchemaErrors) as error:
        said = " ".join(str(error).split())[:200]
        raise StorageError(
            f"the track record must keep its schema, got: {said}; tell the developers."
        ) from error


def counting(calls: pd.DataFrame, *, live: bool) -> pd.DataFrame:
    """Return the calls that count, of the live or of the replayed ones alone.

    A symbol and as-of session count once: the version that was published last. A live
    one was published before the forecast session opened, so a run after it can't
    replace what could be acted on, and a replay never counts among the live ones.
    """
    kind = calls[calls["live"] == live].sort_values("made_at", kind="stable")
    return kind.drop_duplicates(["symbol", "as_of"], keep="last", ignore_index=True)
