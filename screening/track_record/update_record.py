"""The track record of the updates before the opening: its files, and its figures.

Append-only, as the record of the calls. An update is scored by the prices of a later
night: opening gap, close to close, and open to close, which is what somebody who buys
at the opening gets.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import BaseModel

from config.settings import RecordSettings
from market_data.prices import CLOSE, OPEN
from screening.track_record.calls import is_live
from screening.track_record.day_sums import mark_hits
from screening.track_record.ledger import (
    INSTANT,
    KEY,
    SESSION,
    read_record_files,
    select_counted,
)
from screening.track_record.track_record import Mean, clustered_mean
from storage.home import write_file_atomic
from storage.paths import StoragePath

UPDATES = pa.DataFrameSchema(
    {
        "symbol": pa.Column(str),
        "as_of": pa.Column(SESSION),
        "made_at": pa.Column(INSTANT),
        "live": pa.Column(bool),
        "forecast_session": pa.Column(SESSION),
        "lead": pa.Column(str),
        "lead_session": pa.Column(SESSION),
        "lead_return": pa.Column(float),
        "expected_gap": pa.Column(float),
        "expected_move": pa.Column(float),
        "low": pa.Column(float, nullable=True),
        "high": pa.Column(float, nullable=True),
        "probability_up": pa.Column(float, nullable=True),
    },
    strict=True,
    ordered=True,
    coerce=True,
    unique=KEY,
)
"""One row per version of an update; `expected_move` is slope * lead return."""

SCORED = pa.DataFrameSchema(
    {
        "symbol": pa.Column(str),
        "as_of": pa.Column(SESSION),
        "made_at": pa.Column(INSTANT),
        "scored_at": pa.Column(INSTANT),
        "gap": pa.Column(float, pa.Check.gt(-1)),
        "return": pa.Column(float, pa.Check.gt(-1)),
        "open_to_close": pa.Column(float, pa.Check.gt(-1)),
    },
    strict=True,
    ordered=True,
    coerce=True,
)
"""One row per scored update, from the adjusted prices of one later night."""


class UpdateRecord(BaseModel, frozen=True):
    """The hits of live or of replayed updates; None below the minimum of updates.

    A hit is a move with the sign of what the update expected: of `expected_gap` for the
    gap, of slope * lead return for the other two. Intervals cluster by session.
    """

    live: bool
    updates: int
    scored: int
    days: int
    first: date | None = None
    last: date | None = None
    gap: Mean | None = None
    close_to_close: Mean | None = None
    open_to_close: Mean | None = None
    in_interval: Mean | None = None


class UpdateRecords(BaseModel, frozen=True):
    """The records of live and of replayed updates, which are never added up."""

    live: UpdateRecord
    replayed: UpdateRecord


def read_updates(folder: StoragePath) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all updates (`UPDATES`) and their outcomes (`SCORED`).

    Raises
    ------
    StorageError
        If a file can't be read or is not one of the record's files.
    """
    updates = read_record_files(folder / "updates", UPDATES, "record of updates")
    scored = read_record_files(folder / "scored", SCORED, "record of updates")
    return updates, scored.drop_duplicates(KEY, ignore_index=True)


def append_updates(
    folder: StoragePath,
    updates: pd.DataFrame,
    scored: pd.DataFrame,
    as_of: date,
    at: datetime,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add a run's updates and new outcomes, as one file each; return both, checked.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
    """
    name = f"{as_of.isoformat()}_{at:%Y%m%dT%H%M%S%f}.parquet"
    checked = {
        kind: schema.validate(
            frame.reindex(columns=list(schema.columns)).reset_index(drop=True)
        )
        for kind, (frame, schema) in {
            "scored": (scored, SCORED),
            "updates": (updates, UPDATES),
        }.items()
    }
    for kind, table in checked.items():
        if len(table):
            write_file_atomic(folder / kind / name, table.to_parquet)
    return checked["updates"], checked["scored"]


def make_updates(rows: Sequence[Mapping[str, Any]], made_at: datetime) -> pd.DataFrame:
    """Return one update (`UPDATES`) per row of the update's CSV that has one.

    An update that is recorded after the opening is not live, whenever it was computed.
    """
    updates = [
        {
            "symbol": row["symbol"],
            "as_of": pd.Timestamp(row["as_of"]),
            "made_at": made_at,
            "live": row["live"] and _in_time(row, made_at),
            "forecast_session": pd.Timestamp(row["forecast_session"]),
            "lead": row["lead"],
            "lead_session": pd.Timestamp(row["lead_session"]),
            "lead_return": row["lead_return"],
            "expected_gap": row["expected_gap"],
            "expected_move": row["lead_slope"] * row["lead_return"],
            "low": row.get("predicted_return_low"),
            "high": row.get("predicted_return_high"),
            "probability_up": row.get("probability_up"),
        }
        for row in rows
        if row.get("lead_return") is not None
    ]
    return pd.DataFrame(updates, columns=list(UPDATES.columns))


def _in_time(row: Mapping[str, Any], made_at: datetime) -> bool:
    return is_live(row["symbol"], pd.Timestamp(row["as_of"]).date(), made_at)


def score_updates(
    updates: pd.DataFrame,
    scored: pd.DataFrame,
    bars: Mapping[str, pd.DataFrame],
    at: datetime,
) -> pd.DataFrame:
    """Return the outcomes (`SCORED`) of updates that are not scored yet.

    `bars` are adjusted prices by symbol. An update whose prices are missing waits.
    """
    counted = pd.concat([select_counted(updates, live=live) for live in (True, False)])
    known = set(map(tuple, scored[KEY].to_numpy()))
    waiting = [row for row in counted.to_dict("records") if _key(row) not in known]
    found = [
        {**{name: row[name] for name in KEY}, "scored_at": at, **moves}
        for row in waiting
        if (moves := _moves(bars.get(str(row["symbol"])), row))
    ]
    return pd.DataFrame(found, columns=list(SCORED.columns))


def _key(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def _moves(bars: pd.DataFrame | None, row: Mapping[Any, Any]) -> dict[str, float]:
    """Return gap, return and open to close of the row's session; {} if not known."""
    days = [row["as_of"], row["forecast_session"]]
    if bars is None or not set(days) <= set(bars.index):
        return {}
    before, close = bars[CLOSE].loc[days]
    opening = float(bars[OPEN].loc[days[1]])
    return {
        "gap": opening / before - 1,
        "return": close / before - 1,
        "open_to_close": close / opening - 1,
    }


def update_records(
    updates: pd.DataFrame, scored: pd.DataFrame, settings: RecordSettings
) -> UpdateRecords:
    """Return the records of the live and of the replayed updates."""
    live, replayed = (
        _record(updates, scored, settings, live=live) for live in (True, False)
    )
    return UpdateRecords(live=live, replayed=replayed)


def _record(
    updates: pd.DataFrame, scored: pd.DataFrame, settings: RecordSettings, *, live: bool
) -> UpdateRecord:
    counted = select_counted(updates, live=live)
    table = counted.merge(scored, on=KEY)
    record = UpdateRecord(
        live=live,
        updates=len(counted),
        scored=len(table),
        days=table["as_of"].nunique(),
        first=counted["as_of"].min().date() if len(counted) else None,
        last=counted["as_of"].max().date() if len(counted) else None,
    )
    if len(table) < settings.min_calls:
        return record
    return record.model_copy(update=_hits(table, settings.interval))


def _hits(table: pd.DataFrame, interval: float) -> dict[str, Mean | None]:
    gap, move = (np.sign(table[name]) for name in ("expected_gap", "expected_move"))
    inside = table["return"].between(table["low"], table["high"]).astype(float)
    marks = {
        "gap": mark_hits(gap, table["gap"]),
        "close_to_close": mark_hits(move, table["return"]),
        "open_to_close": mark_hits(move, table["open_to_close"]),
        "in_interval": inside.where(table["low"].notna()),
    }
    known = {name: values.dropna() for name, values in marks.items()}
    return {
        name: clustered_mean(values, table["as_of"].loc[values.index], interval)
        for name, values in known.items()
    }
