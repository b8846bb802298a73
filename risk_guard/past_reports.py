"""Past reports of a company, merged from all sources."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from market_data.sessions import FIRST_DATE
from risk_guard.events import REGULATORY, REPORTS, Event
from risk_guard.reactions import ReportTime, reaction_sessions

SAME_REPORT_DAYS = 2
"""Days by which two sources may differ about the same report."""

FOLDER, YAHOO_LIST, YAHOO = "folder", "yahoo earnings", "yahoo"

PREFERRED = (FOLDER, YAHOO_LIST, YAHOO)
"""Sources by rank; all others, such as calendar files, come after them."""

type ReportKind = Literal["earnings", "regulatory"]
"""Basel III reports are regulatory."""


@dataclass(frozen=True)
class PastReport:
    """A report that the company has published; `day` is a day of the exchange."""

    day: date
    time: ReportTime
    source: str
    kind: ReportKind = "earnings"


def reports_among(events: Iterable[Event]) -> list[PastReport]:
    """Return the reports with a confirmed day: an estimated day may be wrong."""
    return [
        PastReport(event.first, event.time, event.source, kind_of(event))
        for event in events
        if event.type in REPORTS and event.status == "confirmed" and not event.is_window
    ]


def kind_of(event: Event) -> ReportKind:
    """Return the kind of a report; Basel III reports are regulatory."""
    return "regulatory" if event.type in REGULATORY else "earnings"


def past_reports(
    reports: Iterable[PastReport], exchange: str, as_of: date
) -> tuple[PastReport, ...]:
    """Return the distinct reports to which the price has reacted by `as_of`, by day.

    A report whose last possible reaction session is after `as_of` is not past.
    """
    return tuple(
        report
        for report in _known_reports(reports, as_of)
        if reaction_sessions(exchange, report.day, report.time)[-1] <= as_of
    )


def unreacted_reports(
    reports: Iterable[PastReport], exchange: str, as_of: date
) -> tuple[PastReport, ...]:
    """Return the distinct reports up to `as_of` to which the price may still react."""
    return tuple(
        report
        for report in _known_reports(reports, as_of)
        if reaction_sessions(exchange, report.day, report.time)[-1] > as_of
    )


def _known_reports(reports: Iterable[PastReport], as_of: date) -> list[PastReport]:
    """Return each report up to `as_of` once, by day."""
    known = [report for report in reports if FIRST_DATE <= report.day <= as_of]
    return merge_reports(known)


def merge_reports(reports: Iterable[PastReport]) -> list[PastReport]:
    """Return each report once, by day.

    Reports of one kind and of different sources up to `SAME_REPORT_DAYS` apart are the
    same. Two days of one source are two reports. So are earnings and a regulatory
    report, even on one day.
    """
    by_kind: dict[ReportKind, list[PastReport]] = {}
    for report in reports:
        by_kind.setdefault(report.kind, []).append(report)
    merged = [one for kind in sorted(by_kind) for one in _merge_kind(by_kind[kind])]
    return sorted(merged, key=lambda report: report.day)


def _merge_kind(reports: Iterable[PastReport]) -> list[PastReport]:
    """Return each report of one kind once, by day."""
    by_day: dict[date, list[PastReport]] = {}
    for report in reports:
        by_day.setdefault(report.day, []).append(report)
    for apart in range(1, SAME_REPORT_DAYS + 1):
        for day in sorted(by_day):
            _join_days(by_day, day, day + timedelta(days=apart))
    return [min(by_day[day], key=_rank) for day in sorted(by_day)]


def _join_days(by_day: dict[date, list[PastReport]], day: date, later: date) -> None:
    """Put the reports of two days together if no source names both days."""
    one, other = by_day.get(day, []), by_day.get(later, [])
    if not one or not other or _sources(one) & _sources(other):
        return
    del by_day[day], by_day[later]
    both = [*one, *other]
    by_day[min(both, key=_rank).day] = both


def _sources(reports: Iterable[PastReport]) -> set[str]:
    return {report.source for report in reports}


def _rank(report: PastReport) -> tuple[bool, int, date]:
    """Order by a known time of day, then by source, then by day."""
    place = len(PREFERRED)
    if report.source in PREFERRED:
        place = PREFERRED.index(report.source)
    return report.time == "unknown", place, report.day
