"""Closes months of the record: their nights become one file, their calls sums.

Each step leaves a record that reads the same, so a kill between two steps loses and
doubles nothing, and the next night does the rest:

1. the file of the month gets all rows of its nights;
2. the sums, which name the files that they are of, replace the earlier sums;
3. the files of the nights are removed.
"""

from collections.abc import Mapping
from datetime import date, datetime

import pandas as pd

from screening.track_record.closed_sums import ClosedSums, write_closed_sums
from screening.track_record.ledger import KEY, read_parts
from screening.track_record.open_record import SCHEMAS, OpenRecord
from screening.track_record.outcomes import add_due_sessions
from screening.track_record.record_files import (
    KINDS,
    next_number,
    night_month_of,
    record_sizes,
)
from storage.home import write_file_atomic
from storage.paths import StoragePath, remove

ROWS_PER_GROUP = 5_000
"""Rows that a reader of one as-of session reads at least."""


def close_months(
    folder: StoragePath,
    record: OpenRecord,
    horizons: tuple[int, ...],
    as_of: date,
    now: datetime,
) -> None:
    """Close the months whose calls all came due before `as_of`, the night's session.

    `record` holds the rows that the night has added. The caller holds the home's lock.

    Raises
    ------
    StorageError
        If the disk or the store refuses; the record is whole all the same.
    """
    days = record.calls[["exchange", "as_of"]].drop_duplicates()
    until = max(record.until, last_closed(days, horizons, as_of))
    if until == pd.Timestamp.min:
        return
    month, sizes = f"{until:%Y-%m}", record_sizes(folder)
    done = [name for name in sizes if "" < night_month_of(name) <= month]
    if until == record.until and not done and not record.days:
        return
    for kind in KINDS:
        names = [name for name in done if name.startswith(f"{kind}/")]
        for closing in sorted({night_month_of(name) for name in names}):
            write_month(folder, kind, closing, names, sizes)
    files = {
        name: size for name, size in record_sizes(folder).items() if name not in done
    }
    _write_sums(folder, record, horizons, until, files, now)
    for name in done:
        remove(folder / name)


def last_closed(
    days: pd.DataFrame, horizons: tuple[int, ...], as_of: date
) -> pd.Timestamp:
    """Return the end of the last month whose calls have all come due.

    `days` has the `exchange` and `as_of` of calls. Without such a month the first
    possible timestamp is returned.
    """
    night = pd.Timestamp(as_of)
    due = add_due_sessions(days, horizons)
    undue = due.loc[due["session"] >= night, "as_of"]
    first: pd.Timestamp = min([night, *undue])
    closed = days.loc[days["as_of"] < first.replace(day=1), "as_of"]
    if closed.empty:
        return pd.Timestamp.min
    return pd.Timestamp(first.replace(day=1) - pd.Timedelta(days=1))


def write_month(
    folder: StoragePath,
    kind: str,
    month: str,
    nights: list[str],
    sizes: Mapping[str, int],
) -> None:
    """Write all rows of the nights of `month` to its file, with those it has."""
    names = [name for name in nights if night_month_of(name) == month]
    names += [name for name in sizes if name == f"{kind}/{month}.parquet"]
    paths = [folder / name for name in names]
    rows = read_parts(folder / kind, paths, SCHEMAS[kind], "track record")
    rows = rows.sort_values([*KEY[1:], "symbol"], kind="stable", ignore_index=True)
    write_file_atomic(
        folder / kind / f"{month}.parquet",
        lambda path: rows.to_parquet(path, row_group_size=ROWS_PER_GROUP),
    )


def _write_sums(  # noqa: PLR0913, PLR0917  what the sums are of
    folder: StoragePath,
    record: OpenRecord,
    horizons: tuple[int, ...],
    until: pd.Timestamp,
    files: Mapping[str, int],
    now: datetime,
) -> None:
    sums = record.sums(horizons, now)
    days = sums.sums["as_of"]
    closed = sums.where_days(pd.Index(days[days <= until].unique()), among=True)
    number = next_number(folder)
    write_closed_sums(folder, ClosedSums(number, until, horizons, files, closed))
