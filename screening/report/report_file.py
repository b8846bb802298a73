"""Where a night's morning report is."""

from datetime import date

from storage.paths import StoragePath

REPORT_NAME = "_morning_report.html"
"""End of a report's file name, after the as-of date."""


def report_path(folder: StoragePath, as_of: date) -> StoragePath:
    """Return the path of a night's morning report."""
    return folder / f"{as_of}{REPORT_NAME}"
