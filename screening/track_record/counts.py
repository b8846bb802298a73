"""How many calls a track record has, without loading them as tables of pandas."""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from config.errors import StorageError
from screening.track_record.record_files import (
    ABOUT,
    ALL,
    CLOSED,
    month_of,
    newest_start,
    read_again,
    record_sizes,
)
from storage.paths import StoragePath, read_all

COLUMNS = ["symbol", "as_of", "live"]
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def count_calls(folder: StoragePath) -> tuple[int, int]:
    """Return the numbers of live and of replayed calls in the record's `folder`.

    Each symbol and as-of session counts once per kind, as in `select_counted`.

    Raises
    ------
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own takes 4 MB more.
    try:
        return read_again(lambda: _count(folder), folder)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise StorageError(
            f"{folder / 'calls'} holds a file that is not a whole Parquet file of the "
            f"track record ({str(error)[:200]})",
            "move that file out of the folder",
        ) from error


def _count(folder: StoragePath) -> tuple[int, int]:
    sizes = {
        name: size
        for name, size in record_sizes(folder).items()
        if name.startswith("calls/")
    }
    closed = _closed_counts(folder, sizes)
    fresh = [name for name, size in sizes.items() if closed.files.get(name) != size]
    known = [name for name in sizes if name not in fresh]
    nights = [name for name in known if not month_of(name)]
    rows = _rows(folder, fresh)
    again = {row[2] for row in rows if row[2] <= closed.until}
    rows |= {row for row in _rows(folder, nights) if row[2] > closed.until}
    if again:
        rows |= {row for row in _rows(folder, known) if row[2] in again}
    counts = [sum(row[0] is live for row in rows) for live in (True, False)]
    for (live, session), calls in closed.calls.items():
        if session not in again:
            counts[not live] += calls
    return counts[0], counts[1]


@dataclass(frozen=True)
class _Closed:
    """The closed calls that count, by kind and session in nanoseconds, to `until`."""

    calls: Mapping[tuple[bool, int], int]
    files: Mapping[str, int]
    until: int = -(2**63)


def _closed_counts(folder: StoragePath, sizes: Mapping[str, int]) -> _Closed:
    nothing, start = _Closed({}, {}), newest_start(folder)
    if start is None:
        return nothing
    try:
        content = read_all([folder / CLOSED / f"{start}_sums.parquet"])[0]
        names = ("live", "as_of", "horizon", "group", "calls")
        file = parquet.ParquetFile(io.BytesIO(content))
        table = file.read(list(names), use_threads=False)
        about = json.loads(table.schema.metadata[ABOUT])
        files = {
            name: size
            for name, size in about["files"].items()
            if name.startswith("calls/")
        }
        until = int(about["until"])
        columns = (_values(table[name]) for name in names)
        first = about["horizons"][0]
        calls = {
            (live, session): count
            for live, session, horizon, group, count in zip(*columns, strict=True)
            if group == ALL and horizon == first
        }
    except (pa.ArrowException, ValueError, KeyError, TypeError):
        return nothing  # Damaged: all calls are counted.
    return _Closed(calls, files, until) if files.keys() <= sizes.keys() else nothing


def _rows(folder: StoragePath, names: Iterable[str]) -> set[tuple[bool, str, int]]:
    """Return kind, symbol and as-of session of the calls in these files."""
    found: set[tuple[bool, str, int]] = set()
    for content in read_all([folder / name for name in names]):
        file = parquet.ParquetFile(io.BytesIO(content))
        table = file.read(columns=COLUMNS, use_threads=False)
        symbols, sessions, live = (_values(table[column]) for column in COLUMNS)
        found.update(zip(live, symbols, sessions, strict=True))
    return found


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return the values, instants as nanoseconds.

    Arrow would load pandas for instants, and 8 MB to convert them to numbers.
    """
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    factor = NANOSECONDS[column.type.unit]
    parts = (chunk.view(pa.int64()).to_pylist() for chunk in column.chunks)
    return [value * factor for part in parts for value in part]
