"""Removes the HTML pages of old nights; CSVs and records always stay."""

from datetime import UTC, date, datetime, timedelta

from screening.report.earlier import list_published_nights
from screening.report.report_file import REPORT_NAME, report_path
from screening.update_row import UPDATE_NAME, update_page_path
from storage.home import Home
from storage.paths import StoragePath, convert_write_errors, files_in, remove


def remove_old_pages(home: Home, kept_days: int | None, today: date) -> int:
    """Remove reports and updates of nights older than `kept_days`; return how many.

    A page's age is counted from its night, or from the day it was written if that is
    later: a replay writes pages of old nights. None keeps all pages. The pages of the
    last night always stay. A file with another name than a page's is not touched.

    Raises
    ------
    StorageError
        If the disk or the store refuses.
    """
    if kept_days is None:
        return 0
    folder, removed = home.morning_reports, 0
    first = today - timedelta(kept_days)
    pages = {path.name: path for path in files_in(folder)}
    nights = {night for name in pages if (night := _night(name))}
    reported = {night for night in nights if report_path(folder, night).name in pages}
    published = list_published_nights(home.screening_csv)[:1]
    last = {max(reported, default=date.max), *published}
    for night in sorted(nights - last):
        if night >= first:
            continue
        for page in (report_path(folder, night), update_page_path(folder, night)):
            if page.name not in pages:
                continue
            with convert_write_errors(page):
                if _day_written(page) < first:
                    remove(page)
                    removed += 1
    return removed


def _night(name: str) -> date | None:
    """Return the night of a report or update by its name, None for another file."""
    try:
        night = date.fromisoformat(name[:10])
    except ValueError:
        return None
    ends = (REPORT_NAME, UPDATE_NAME)
    return night if name[10:] in ends else None


def _day_written(page: StoragePath) -> date:
    return datetime.fromtimestamp(page.stat().st_mtime, UTC).date()
