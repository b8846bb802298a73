"""Writes the archive of a home: the page over all nights."""

from dataclasses import replace
from datetime import date, datetime

import pandas as pd

from config.errors import StorageError
from config.settings import RecordSettings, Settings
from screening.archive.coverage import coverage_by_month
from screening.archive.curve import Curve, record_curve
from screening.archive.night_rows import refresh_night_rows
from screening.archive.nights import group_by_month, night_lines
from screening.archive.page import Archive, archive_page
from screening.archive.strips import symbol_strips
from screening.report.report_file import report_path
from screening.track_record.past_calls import read_next_returns
from storage.home import Home, write_atomic
from storage.paths import StoragePath, sizes_in


def write_archive(home: Home, settings: Settings, at: datetime) -> StoragePath:
    """Write the page over all nights of the home; return its path.

    Raises
    ------
    StorageError
        If the disk or the store refuses; the old page is unchanged.
    """
    write_atomic(home.archive, archive_page(_read_archive(home, settings, at)))
    return home.archive


def _read_archive(home: Home, settings: Settings, at: datetime) -> Archive:
    rows = refresh_night_rows(home)
    reports = sizes_in(home.morning_reports)

    def report_of(night: date) -> str:
        path = report_path(home.morning_reports, night)
        return f"{path.parent.name}/{path.name}" if path.name in reports else ""

    coverage_needed = settings.run.min_coverage
    lines = night_lines(rows.table, rows.unreadable, coverage_needed, report_of)
    found = Archive(at, group_by_month(lines), symbol_strips(rows.table))
    try:
        scored = read_next_returns(home.track_record)
    except StorageError as error:
        return replace(found, record_fault=error.sentence)
    judged = _add_intervals(scored, rows.table)
    return replace(
        found,
        curves=_curves(scored, settings.track_record),
        coverage=coverage_by_month(judged, settings.track_record),
    )


def _curves(scored: pd.DataFrame, settings: RecordSettings) -> tuple[Curve, ...]:
    """Return the curve of the live calls, and that of replayed calls if any."""
    live, replayed = scored[scored["live"]], scored[~scored["live"]]
    more = (record_curve(replayed, settings, "replay"),) if len(replayed) else ()
    return (record_curve(live, settings, "live"), *more)


def _add_intervals(scored: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return the scored calls whose night's CSV has an interval, with it."""
    keys = ["symbol", "as_of", "live"]
    known = table.dropna(subset=["low", "high", "live"]).astype({"live": bool})
    known = known.drop_duplicates(keys, keep="last")
    return scored.merge(known[[*keys, "low", "high"]], on=keys)
