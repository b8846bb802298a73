"""Tables of a home: Parquet files on a disk or in a store."""

import io
from pathlib import Path

import pandas as pd

from config.places import AnyPath, read_whole


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
