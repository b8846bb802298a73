"""The record as a night reads it: open calls as rows, closed calls as sums.

A call is closed if all calls of its month are due at every horizon. The sums of closed
as-of sessions are read instead of their rows. A later file with rows of such a session
(a replay, a late outcome) opens it again until the night's end: its rows are read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pandera.pandas as pa

from config.settings import RecordSettings
from screening.track_record.closed_sums import ClosedSums, read_closed_sums
from screening.track_record.day_sums import RecordSums, sum_days
from screening.track_record.ledger import (
    CALLS,
    OUTCOMES,
    latest_outcomes,
    order_calls,
    read_parts,
)
from screening.track_record.record_files import (
    KINDS,
    month_of,
    read_again,
    record_sizes,
)
from screening.track_record.track_record import TrackRecords, records_of_sums
from storage.paths import StoragePath

Days = Collection[pd.Timestamp]

SCHEMAS: Mapping[str, pa.DataFrameSchema] = {"calls": CALLS, "outcomes": OUTCOMES}


@dataclass(frozen=True)
class OpenRecord:
    """The rows of the open as-of sessions, and the sums of all others.

    `days` are the sessions up to `until` whose rows were read all the same.
    """

    calls: pd.DataFrame
    outcomes: pd.DataFrame
    closed: ClosedSums | None
    days: Days

    @property
    def until(self) -> pd.Timestamp:
        """Return the last closed as-of session; all sessions after it are open."""
        return self.closed.until if self.closed else pd.Timestamp.min

    def added(self, calls: pd.DataFrame, outcomes: pd.DataFrame) -> "OpenRecord":
        """Return the record with the rows that a night has added."""
        return OpenRecord(
            order_calls(_stack(self.calls, calls)),
            latest_outcomes(_stack(self.outcomes, outcomes)),
            self.closed,
            self.days,
        )

    def sums(self, horizons: tuple[int, ...], now: datetime) -> RecordSums:
        """Return the sums of all calls; open calls are due by `now`."""
        found = sum_days(self.calls, self.outcomes, horizons, now)
        if self.closed is None:
            return found
        rest = self.closed.found.where_days(pd.Index(self.days), among=False)
        return rest.joined(found)


def _stack(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    if first.empty or second.empty:
        return second if first.empty else first
    return pd.concat([first, second], ignore_index=True)


def read_records(
    folder: StoragePath, settings: RecordSettings, now: datetime
) -> TrackRecords:
    """Return the records of the live and of the replayed calls of a home.

    Raises
    ------
    StorageError
        If a file of the ledger can't be read or is not one of its files.
    """
    record = read_open_record(folder, settings.horizons)
    return records_of_sums(record.sums(settings.horizons, now), settings)


def read_open_record(
    folder: StoragePath,
    horizons: tuple[int, ...],
    find_days: Callable[[pd.DataFrame], Days] = lambda _: (),
) -> OpenRecord:
    """Return the open part of the record in `folder`.

    `find_days` gets the unfinished calls of the sums and returns closed as-of sessions
    whose rows are wanted as well.

    Raises
    ------
    StorageError
        As `read_records`.
    """
    return read_again(lambda: _read(folder, horizons, find_days), folder)


def _read(
    folder: StoragePath,
    horizons: tuple[int, ...],
    find_days: Callable[[pd.DataFrame], Days],
) -> OpenRecord:
    sizes = record_sizes(folder)
    closed = read_closed_sums(folder, horizons, sizes)
    if closed is None:
        rows = {kind: _rows(folder, kind, list(sizes)) for kind in KINDS}
        return _record(rows["calls"], rows["outcomes"], None, ())
    new = [name for name, size in sizes.items() if closed.files.get(name) != size]
    fresh = {kind: _rows(folder, kind, new) for kind in KINDS}
    days = {day for rows in fresh.values() for day in rows["as_of"].unique()}
    days |= {*find_days(closed.found.unfinished)}
    days = {day for day in days if day <= closed.until}
    known = [name for name in sizes if name not in new]
    found = {
        kind: _stack(fresh[kind], _known_rows(folder, kind, known, closed, days))
        for kind in KINDS
    }
    return _record(found["calls"], found["outcomes"], closed, days)


def _record(
    calls: pd.DataFrame, outcomes: pd.DataFrame, closed: ClosedSums | None, days: Days
) -> OpenRecord:
    calls = calls.drop_duplicates(["symbol", "as_of", "made_at"])
    return OpenRecord(order_calls(calls), latest_outcomes(outcomes), closed, days)


def _rows(
    folder: StoragePath, kind: str, names: list[str], days: Days | None = None
) -> pd.DataFrame:
    paths = [folder / name for name in names if name.startswith(f"{kind}/")]
    return read_parts(folder / kind, paths, SCHEMAS[kind], "track record", days)


def _known_rows(
    folder: StoragePath, kind: str, known: list[str], closed: ClosedSums, days: Days
) -> pd.DataFrame:
    """Return the open rows of files that the sums know, and their rows of `days`."""
    found = _rows(folder, kind, [name for name in known if not month_of(name)])
    is_open = found["as_of"] > closed.until
    rows = found[is_open | found["as_of"].isin(list(days))]
    for name in known if days else ():
        if month_of(name):
            rows = _stack(rows, _rows(folder, kind, [name], days))
    return rows
