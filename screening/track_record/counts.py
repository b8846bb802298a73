"""How many calls a track record has, without loading them as tables of pandas."""

import io

import pyarrow as pa
from pyarrow import parquet

from config.errors import StorageError
from storage.paths import StoragePath, files_in, read_all

COLUMNS = ["symbol", "as_of", "live"]


def count_calls(folder: StoragePath) -> tuple[int, int]:
    """Return the numbers of live and of replayed calls in the record's `folder`.

    Each symbol and as-of session counts once per kind, as in `select_counted`.

    Raises
    ------
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    folder = folder / "calls"
    paths = [path for path in files_in(folder) if path.suffix == ".parquet"]
    counted: dict[bool, set[tuple[object, ...]]] = {True: set(), False: set()}
    try:
        for content in read_all(paths):
            file = parquet.ParquetFile(io.BytesIO(content))
            table = file.read(columns=COLUMNS, use_threads=False)
            # As a number: for an instant pyarrow would load pandas.
            sessions = table["as_of"].cast("int64").to_pylist()
            symbols, live = table["symbol"].to_pylist(), table["live"].to_pylist()
            for symbol, session, is_live in zip(symbols, sessions, live, strict=True):
                counted[is_live].add((symbol, session))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise StorageError(
            f"{folder} holds a file that is not a whole Parquet file of the track "
            f"record ({str(error)[:200]})",
            "move that file out of the folder",
        ) from error
    return len(counted[True]), len(counted[False])
