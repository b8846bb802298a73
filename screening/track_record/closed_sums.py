"""The sums of closed calls as files of the record: `closed/NUMBER_PART.parquet`.

They can be computed again from the files of the calls and of the outcomes.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from screening.track_record.day_sums import RecordSums
from screening.track_record.record_files import (
    ABOUT,
    CLOSED,
    PARTS,
    newest_start,
)
from storage.home import write_file_atomic
from storage.paths import StoragePath, files_in, read_bytes, remove

VERSION = 1
"""Rises if the sums change their meaning; sums of another version are not read."""


@dataclass(frozen=True)
class ClosedSums:
    """The sums of all as-of sessions up to `until`, from the rows of `files`.

    `files` are the sizes in bytes by `calls/NAME` or `outcomes/NAME`. A file that is
    not among them may add rows of these sessions.
    """

    number: int
    until: pd.Timestamp
    horizons: tuple[int, ...]
    files: Mapping[str, int]
    found: RecordSums


def read_closed_sums(
    folder: StoragePath, horizons: tuple[int, ...], sizes: Mapping[str, int]
) -> ClosedSums | None:
    """Return the sums in the record's `folder`, None if there are none to use.

    Sums of other `horizons`, or of a file that is not among `sizes`, are not used: the
    whole record is read then.

    Raises
    ------
    FileNotFoundError
        If a file is gone, because a night has just replaced it.
    """
    start = newest_start(folder)
    if start is None:
        return None
    try:
        tables = {part: _read(folder, start, part) for part in PARTS}
        about = json.loads(tables["sums"].schema.metadata[ABOUT])
        fits = about["version"] == VERSION and about["horizons"] == list(horizons)
        if not fits or not about["files"].keys() <= sizes.keys():
            return None
        return ClosedSums(
            number=int(start),
            until=pd.Timestamp(about["until"], unit="ns"),
            horizons=horizons,
            files=about["files"],
            found=RecordSums(
                **{name: table.to_pandas() for name, table in tables.items()}
            ),
        )
    except (pa.ArrowException, ValueError, KeyError, TypeError):
        return None  # Damaged: they are computed again.


def _read(folder: StoragePath, start: str, part: str) -> pa.Table:
    content = read_bytes(_path(folder, start, part))
    return parquet.ParquetFile(io.BytesIO(content)).read(use_threads=False)


def _path(folder: StoragePath, start: str, part: str) -> StoragePath:
    return folder / CLOSED / f"{start}_{part}.parquet"


def write_closed_sums(folder: StoragePath, closed: ClosedSums) -> None:
    """Write the sums, then remove those with other numbers.

    Raises
    ------
    StorageError
        If the disk or the store refuses; the earlier sums are then still in use.
    """
    start = f"{closed.number:06d}"
    about = {
        "version": VERSION,
        "until": closed.until.as_unit("ns").value,
        "horizons": list(closed.horizons),
        "files": dict(closed.files),
    }
    for part in PARTS:
        table = pa.Table.from_pandas(getattr(closed.found, part), preserve_index=False)
        known = (table.schema.metadata or {}) | {ABOUT: json.dumps(about).encode()}
        table = table.replace_schema_metadata(known)
        write_file_atomic(
            _path(folder, start, part),
            partial(parquet.write_table, table),
        )
    for path in files_in(folder / CLOSED):
        if not path.name.startswith(start):
            remove(path)
