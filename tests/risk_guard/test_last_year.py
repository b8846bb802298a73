"""The estimate from last year's date: when it is given, and how often it is right."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from equipment import needed
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, NOW, event

from config.settings import GuardSettings
from risk_guard.assessment import assess
from risk_guard.calendar_file import read_calendar
from risk_guard.event_sources import FolderReports
from risk_guard.events import Event
from risk_guard.known_events import collect_events
from risk_guard.last_year import last_year_windows
from risk_guard.market_context import MarketContext
from risk_guard.past_reports import PastReport, merge_reports

SETTINGS = GuardSettings()
LIST = "yahoo earnings"


def came(*days: int, source: str = LIST) -> list[PastReport]:
    """Return reports so many days after the as-of session."""
    return [PastReport(AS_OF + timedelta(day), "unknown", source) for day in days]


def windows(reports: list[PastReport], *coming: Event) -> list[tuple[int, int]]:
    """Return first and last days of the windows, counted from the as-of session."""
    found = last_year_windows(reports, coming, AS_OF, NOW, SETTINGS)
    assert all((one.source, one.status) == ("last year", "estimated") for one in found)
    return [((one.first - AS_OF).days, (one.last - AS_OF).days) for one in found]


def coming(day: int, kind: str = "earnings", **changes: str) -> Event:
    """Return an event `day` days after the as-of session."""
    return event(AS_OF + timedelta(days=day), kind, **changes)


@pytest.mark.parametrize(
    ("day", "shown"),
    [(15, False), (14, True), (7, True), (0, True), (-7, True), (-8, False)],
)
def test_the_window_is_shown_from_the_look_ahead_to_its_end(
    day: int, *, shown: bool
) -> None:
    """It is 7 days before and after the day a year later, also on its own days."""
    assert windows(came(day - 364)) == ([(day - 7, day + 7)] if shown else [])


def test_a_year_with_29_february_keeps_the_weekday() -> None:
    """The expected day is 52 weeks later, whatever the calendar's length."""
    leap = [PastReport(date(2024, 2, 29), "unknown", LIST)]
    (found,) = last_year_windows(leap, (), date(2025, 2, 20), NOW, SETTINGS)
    assert (found.first, found.last) == (date(2025, 2, 20), date(2025, 3, 6))
    assert found.title == "Last year's report came on 2024-02-29"


@pytest.mark.parametrize(
    ("day", "is_over"), [(-14, True), (-3, True), (0, True), (-15, False)]
)
def test_the_window_ends_once_this_year_s_report_has_come(
    day: int, *, is_over: bool
) -> None:
    """A report up to 14 days from the expected day is the same report."""
    assert windows(came(-364, day)) == ([] if is_over else [(-7, 7)])


def test_each_report_of_a_year_has_its_own_window() -> None:
    """Of two reports 12 days apart, the one that came ends its own window only."""
    assert windows(came(-367, -355)) == [(-10, 4), (2, 16)]
    assert windows(came(-367, -355, -2)) == [(2, 16)]


@pytest.mark.parametrize("spacing", [91, 182])
def test_quarterly_and_half_yearly_reporters_have_one_window(spacing: int) -> None:
    """The reports of the other quarters neither give nor end it."""
    assert windows(came(*range(-728 + 5, 0, spacing))) == [(-2, 12)]


def test_a_doubled_report_has_one_window() -> None:
    """Two days of one source, one day apart: the window holds both, and ends once."""
    assert windows(came(-364, -363)) == [(-7, 8)]
    assert windows(came(-364, -363, 0)) == []


@pytest.mark.parametrize("day", [0, 3, 60, 200])
@pytest.mark.parametrize("status", ["confirmed", "estimated"])
def test_there_is_no_estimate_if_a_source_names_the_report(
    day: int, status: str
) -> None:
    """Inside the window or elsewhere, confirmed or not."""
    assert windows(came(-364), coming(day, status=status)) == []


@pytest.mark.parametrize(
    "other",
    [coming(-1), coming(201), coming(3, "dividend"), coming(3, "basel_iii")],
)
def test_other_events_leave_the_estimate(other: Event) -> None:
    """A date that passed unconfirmed, one that is too far, or no earnings."""
    assert windows(came(-364), other) == [(-7, 7)]


def test_regulatory_reports_have_no_estimate() -> None:
    """An enquiry does not return each year, and banks have the APS 330 rule."""
    report = PastReport(AS_OF - timedelta(364), "unknown", "file", "regulatory")
    assert windows([report]) == []


def test_without_last_year_s_report_there_is_no_estimate() -> None:
    """A list that was cut short gives fewer windows and no wrong one."""
    assert windows([]) == windows(came(-91, -182, -273)) == []


@given(st.lists(st.integers(-800, 0), max_size=12))
def test_more_reports_of_last_year_never_end_a_window(days: list[int]) -> None:
    """Every window holds a day a year after a known report, whatever the list."""
    found = windows(came(*days))
    assert all(
        any(first <= day + 364 - 7 and day + 364 + 7 <= last for day in days)
        for first, last in found
    )
    assert all(first <= 7 and last >= 0 for first, last in found)


def test_an_estimate_raises_the_risk_and_nothing_else(tmp_path: Path) -> None:
    """The status stays unknown, no sit-out is forced, and no interval is widened."""
    path = tmp_path / "event_calendar.csv"
    path.write_text("ticker,event_type,date\nCBA.AX,earnings,2024-11-12\n")
    known = collect_events("CBA.AX", [read_calendar(path)], AS_OF, NOW, SETTINGS)
    found = assess(known, "XASX", AS_OF, MarketContext(), SETTINGS)
    assert (found.status, found.sit_out, found.reaction) == ("unknown", None, None)
    assert (found.risk_score, found.haircut) == (0.65, 0.45)
    assert found.event
    assert found.event.source == "last year"


def test_a_report_that_was_withdrawn_leaves_the_estimate(tmp_path: Path) -> None:
    """The line of this year is gone from the file, so last year's date counts again."""
    path = tmp_path / "event_calendar.csv"
    text = "ticker,event_type,date\nCBA.AX,earnings,2024-11-12\n"
    for line, count in (("CBA.AX,earnings,2025-11-13\n", 0), ("", 1)):
        path.write_text(text + line)
        known = collect_events("CBA.AX", [read_calendar(path)], AS_OF, NOW, SETTINGS)
        assert [one.source for one in known.events].count("last year") == count


def test_real_reports_come_in_their_windows() -> None:
    """At least 95 % of held-out reports with a report about a year before."""
    folder = needed("market/events")
    source, now = FolderReports(folder.parent), datetime(2030, 1, 1, tzinfo=UTC)
    hits = []
    for path in folder.glob("*.json"):
        answer = source.ask(path.stem, now.date(), now)
        reports = merge_reports(answer.past_reports)
        for place, report in enumerate(reports):
            earlier = reports[:place]
            if any(340 <= (report.day - one.day).days <= 390 for one in earlier):
                eve = report.day - timedelta(days=1)
                found = last_year_windows(earlier, (), eve, now, SETTINGS)
                hits.append(any(one.first <= report.day <= one.last for one in found))
    assert len(hits) > 1000
    assert sum(hits) / len(hits) >= 0.95
