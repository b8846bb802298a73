"""Tables of a home: Parquet files on a disk or in a store.

A signed table names what it belongs to, and carries a fingerprint of what was written:
one that was cut, edited or moved to another place is refused.
"""

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from config.errors import LONGEST_QUOTE, DamagedTable, quote_value
from storage.home import write_file_atomic
from storage.paths import StoragePath, read_all, read_bytes, remove_tree

NAMES, FINGERPRINT = "names", "fingerprint"
"""The two attributes that a signed table has beside its own."""


def read_table(path: StoragePath) -> pd.DataFrame:
    """Return the Parquet table at `path`, all of one version of it.

    Raises
    ------
    OSError
        If there is none, or the disk refuses.
    ValueError
        If the file is no Parquet.
    StorageError
        If the store refuses or does not answer.
    """
    return _parsed(read_bytes(path))


def _parsed(content: bytes) -> pd.DataFrame:
    try:
        return pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # Arrow and pandas raise a dozen types for bad bytes.
        said = " ".join(str(error).split())[:80]
        raise ValueError(
            f"no Parquet table ({type(error).__name__}: {said})"
        ) from error


def read_tables(paths: Sequence[StoragePath]) -> pd.DataFrame:
    """Return the rows of all Parquet tables at `paths`, which have the same columns.

    Raises
    ------
    OSError, ValueError, StorageError
        As `read_table`; a `ValueError` too where columns differ, or for no paths.
    """
    # Arrow joins a year of nights before pandas sees it: 1.6 ms a file, not 3.7.
    contents = read_all(paths)
    try:
        found = [parquet.read_table(io.BytesIO(content)) for content in contents]
        joined: pd.DataFrame = pa.concat_tables(found).to_pandas()
    except Exception as error:  # As in `_parsed`.
        raise ValueError(str(error)[:200]) from error
    return joined


def write_signed(path: StoragePath, table: pd.DataFrame, **names: str) -> None:
    """Write a table of numbers that says by `names` what it belongs to.

    Its attributes are kept. A folder in its place is removed: only what can be made
    anew is written with this function.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
    """
    signed = table.copy(deep=False)
    signed.attrs = table.attrs | {NAMES: names}
    signed.attrs[FINGERPRINT] = _fingerprint(signed)
    if isinstance(path, Path) and path.is_dir():
        remove_tree(path)
    write_file_atomic(path, signed.to_parquet)


def read_signed(path: StoragePath, **names: str) -> pd.DataFrame:
    """Return a table as `write_signed` got it, with its own attributes.

    Raises
    ------
    DamagedTable
        If there is none, it is not what was written, or belongs to something else.
    StorageError
        If the store refuses or does not answer.
    """
    try:
        table = read_table(path)
        sign = table.attrs.pop(FINGERPRINT, None)
        _require_names(table.attrs.get(NAMES), names)
        _require_unchanged(table, sign)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise DamagedTable(f"{path.name} can't be used: {said}") from error
    del table.attrs[NAMES]
    return table


def _require_names(found: object, wanted: Mapping[str, str]) -> None:
    if not isinstance(found, dict):
        raise ValueError("an earlier version or another program wrote it")  # noqa: TRY004
    if found != wanted:
        belongs = " ".join(str(found.get(name))[:LONGEST_QUOTE] for name in wanted)
        raise ValueError(
            f"it belongs to {quote_value(belongs)}, not to {' '.join(wanted.values())}"
        )


def _require_unchanged(table: pd.DataFrame, sign: object) -> None:
    with suppress(ValueError, TypeError, OverflowError):  # No numbers any more.
        if sign == _fingerprint(table):
            return
    raise ValueError("its content was changed after it was written")


def _fingerprint(table: pd.DataFrame) -> str:
    """Return the SHA-256 of names, attributes, columns, types, index and numbers."""
    kinds = [str(table.index.dtype), *map(str, table.dtypes)]
    described = [table.attrs, [*map(str, table.columns)], kinds, str(table.index.name)]
    values = table.to_numpy(dtype="float64", na_value=math.nan)
    # A NaN has many forms, and Parquet keeps one of them.
    numbers = np.where(np.isnan(values), math.nan, values)
    index = table.index.to_numpy().astype("int64")
    text = json.dumps(described, sort_keys=True).encode()
    return hashlib.sha256(text + index.tobytes() + numbers.tobytes()).hexdigest()
