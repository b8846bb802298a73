"""Closes many months at once, one after the other: an old home's first night.

Only the rows of one month are in memory. A kill leaves whole months done; as long as
there are no sums, all rows are read.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import reduce

import pandas as pd

from screening.track_record.closed_months import last_closed, write_month
from screening.track_record.closed_sums import (
    ClosedSums,
    read_closed_sums,
    write_closed_sums,
)
from screening.track_record.day_sums import RecordSums, sum_days
from screening.track_record.ledger import (
    latest_outcomes,
    order_calls,
    read_columns,
    read_parts,
)
from screening.track_record.open_record import SCHEMAS
from screening.track_record.record_files import (
    KINDS,
    month_of,
    next_number,
    night_month_of,
    record_sizes,
)
from storage.paths import StoragePath, remove

OPEN_MONTHS = 2
"""Months without sums that a night reads at once, besides one per 20 sessions."""


def convert_record(
    folder: StoragePath, horizons: tuple[int, ...], as_of: date, now: datetime
) -> None:
    """Close the months before a night of `as_of`, if more than a few are without sums.

    The caller holds the home's lock.

    Raises
    ------
    StorageError
        If a file can't be read, or if the disk or the store refuses; the record is
        whole all the same.
    """
    sizes = record_sizes(folder)
    closed = read_closed_sums(folder, horizons, sizes)
    done = closed.until if closed else pd.Timestamp.min
    months = {_month(name) for name in sizes} - {""}
    without = [month for month in months if pd.Timestamp(month) > done]
    if len(without) <= OPEN_MONTHS + max(horizons) // 20:
        return
    until = last_closed(_exchange_days(folder, sizes), horizons, as_of)
    if until <= done:
        return
    for month in sorted(months):
        if month <= f"{until:%Y-%m}":
            _close(folder, month, sizes)
    _write_sums(folder, horizons, until, now)


def _month(name: str) -> str:
    return month_of(name) or night_month_of(name)


def _exchange_days(folder: StoragePath, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return the as-of sessions of all calls, by exchange."""
    calls = [name for name in sizes if name.startswith("calls/")]
    found = [
        read_columns(
            folder,
            "calls",
            [folder / name for name in calls if _month(name) == month],
            ("exchange", "as_of"),
        ).drop_duplicates()
        for month in {_month(name) for name in calls}
    ]
    return pd.concat(found, ignore_index=True).drop_duplicates()


def _close(folder: StoragePath, month: str, sizes: Mapping[str, int]) -> None:
    """Put the nights of `month` into its files, then remove the files of the nights."""
    nights = [name for name in sizes if night_month_of(name) == month]
    for kind in KINDS:
        names = [name for name in nights if name.startswith(f"{kind}/")]
        if names:
            write_month(folder, kind, month, names, sizes)
    for name in nights:
        remove(folder / name)


def _write_sums(
    folder: StoragePath, horizons: tuple[int, ...], until: pd.Timestamp, now: datetime
) -> None:
    """Write the sums of all as-of sessions to `until`, from the rows of one at a time.

    A month's file can hold rows of sessions of other months: outcomes come later.
    """
    sizes = record_sizes(folder)
    days = {name: _days(folder, name, until) for name in sizes}
    every = sorted({day for found in days.values() for day in found})
    by_month = pd.Series(every, dtype="datetime64[ns]").groupby(
        [f"{day:%Y-%m}" for day in every]
    )
    found = [
        _sum(folder, days, set(of_month), horizons, now) for _, of_month in by_month
    ]
    number = next_number(folder)
    sums = reduce(RecordSums.joined, found)
    write_closed_sums(folder, ClosedSums(number, until, horizons, sizes, sums))


def _days(folder: StoragePath, name: str, until: pd.Timestamp) -> set[pd.Timestamp]:
    """Return the as-of sessions to `until` of a file of the record."""
    kind = name.partition("/")[0]
    rows = read_columns(folder, kind, [folder / name], ("as_of",))
    return {day for day in rows["as_of"].unique() if day <= until}


def _sum(
    folder: StoragePath,
    days_of: Mapping[str, Iterable[pd.Timestamp]],
    days: set[pd.Timestamp],
    horizons: tuple[int, ...],
    now: datetime,
) -> RecordSums:
    """Return the sums of the as-of sessions `days`."""
    names = [name for name, found in days_of.items() if not days.isdisjoint(found)]
    rows = {
        kind: read_parts(
            folder / kind,
            [folder / name for name in names if name.startswith(f"{kind}/")],
            SCHEMAS[kind],
            "track record",
            days,
        )
        for kind in KINDS
    }
    calls, outcomes = order_calls(rows["calls"]), latest_outcomes(rows["outcomes"])
    return sum_days(calls, outcomes, horizons, now)
