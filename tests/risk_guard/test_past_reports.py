"""Past reports: which count as past, and which of several sources are the same."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, NOW, event, window

from config.settings import GuardSettings
from market_data.sessions import FIRST_DATE
from risk_guard.calendar_file import read_calendar
from risk_guard.event_history import EventHistory, RememberedEvents
from risk_guard.event_sources import EventAnswer, EventSource, FolderReports
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents, collect_events
from risk_guard.past_reports import PastReport, merge_reports, past_reports
from risk_guard.sightings import StoredAnswer

FILE = "event_calendar.csv"


def on(day: int, source: str = FILE, time: str = "unknown") -> PastReport:
    """Return a report `day` days after the as-of session."""
    return PastReport(AS_OF + timedelta(days=day), time, source)  # type: ignore[arg-type]


def known(*sources: EventSource, as_of: date = AS_OF) -> KnownEvents:
    """Return what these sources know of CBA.AX."""
    return collect_events("CBA.AX", sources, as_of, NOW, GuardSettings())


@pytest.mark.parametrize(
    ("report", "is_past"),
    [
        (on(0, time="before_open"), True),
        (on(0, time="during"), True),
        (on(0, time="after_close"), False),
        (on(0), False),
        (on(-1, time="after_close"), True),  # Sunday, before Monday's open.
        (on(-3), True),  # Friday: it can react on Friday or Monday.
        (on(1, time="before_open"), False),
    ],
)
def test_a_report_is_past_once_the_price_has_reacted(
    report: PastReport, *, is_past: bool
) -> None:
    """Its last possible reaction session is the as-of session, or is before it."""
    assert past_reports([report], "XASX", AS_OF) == ((report,) if is_past else ())


def test_a_report_after_the_as_of_session_moves_no_other() -> None:
    """A replay may not use tomorrow's date, not even to correct yesterday's."""
    tuesday = AS_OF + timedelta(days=1)
    monday, wednesday = on(0), on(2, "folder", "before_open")
    assert past_reports([monday, wednesday], "XASX", tuesday) == (monday,)


def test_the_preferred_day_decides_whether_a_report_is_past() -> None:
    """A calendar line of Monday is Tuesday's report after the close."""
    tuesday = AS_OF + timedelta(days=1)
    late = on(1, "yahoo", "after_close")
    assert past_reports([on(0), late], "XASX", tuesday) == ()
    assert past_reports([on(0)], "XASX", tuesday) == (on(0),)


def test_reports_before_the_first_known_session_are_left_out() -> None:
    """They have no reaction session."""
    old = PastReport(FIRST_DATE - timedelta(days=1), "unknown", "folder")
    first = PastReport(FIRST_DATE, "unknown", "folder")
    assert past_reports([old, first], "XASX", AS_OF) == (first,)


@pytest.mark.parametrize(
    ("kept", "other"),
    [
        (on(-9, FILE, "during"), on(-10, "folder")),  # a known time
        (on(-9, "folder"), on(-10)),
        (on(-9, "yahoo"), on(-10)),
        (on(-9, "yahoo earnings"), on(-10)),
        (on(-9, "yahoo", "during"), on(-9, FILE, "before_open")),
        (on(-9, "folder"), on(-9, "yahoo earnings")),
        (on(-9, "yahoo earnings"), on(-9, "yahoo")),
    ],
)
def test_of_the_same_report_the_better_source_is_kept(
    kept: PastReport, other: PastReport
) -> None:
    """A known time first, then the folder and Yahoo, then calendar files."""
    assert merge_reports([kept, other]) == merge_reports([other, kept]) == [kept]


@pytest.mark.parametrize(("apart", "count"), [(0, 1), (1, 1), (2, 1), (3, 2)])
def test_two_days_are_the_most_that_sources_differ(apart: int, count: int) -> None:
    """Further apart they are two reports."""
    assert len(merge_reports([on(-20, "yahoo"), on(-20 + apart, "folder")])) == count


def test_two_days_of_one_source_are_two_reports() -> None:
    """Results and the Pillar 3 report of a bank are often a day apart."""
    assert merge_reports([on(-20), on(-19)]) == [on(-20), on(-19)]
    found = merge_reports([on(-20), on(-19), on(-19, "yahoo")])
    assert found == [on(-20), on(-19, "yahoo")]


EARNINGS = PastReport(date(2025, 11, 10), "after_close", "yahoo earnings")
PILLAR_3 = PastReport(date(2025, 11, 11), "unknown", FILE, "regulatory")


@pytest.mark.parametrize("apart", [0, 1, 2])
def test_reports_of_different_kinds_are_never_joined(apart: int) -> None:
    """A calendar's Pillar 3 report a day after Yahoo's earnings is another report."""
    other = replace(PILLAR_3, day=EARNINGS.day + timedelta(days=apart))
    same = replace(other, source="folder", time="before_open")
    assert merge_reports([EARNINGS, other, same]) == [EARNINGS, same]
    assert merge_reports([same, other, EARNINGS]) == [EARNINGS, same]


def test_a_calendar_file_s_report_keeps_its_kind(tmp_path: Path) -> None:
    """A title of a regulatory report makes an earnings line one of that kind."""
    path = tmp_path / FILE
    path.write_text(
        "ticker,event_type,date,title\nCBA.AX,earnings,2025-05-14,Results\n"
        "CBA.AX,earnings,2025-05-15,Pillar 3 report\n"
    )
    kinds = [report.kind for report in known(read_calendar(path)).past_reports]
    assert kinds == ["earnings", "regulatory"]


reports = st.lists(
    st.builds(
        on,
        st.integers(-12, 0),
        st.sampled_from([FILE, "folder", "yahoo"]),
        st.sampled_from(["unknown", "after_close"]),
    ),
    max_size=7,
)


@given(reports)
def test_every_report_is_near_one_that_is_kept(found: list[PastReport]) -> None:
    """No report is lost; the order of the sources does not matter."""
    kept = merge_reports(found)
    assert set(kept) <= set(found)
    assert kept == sorted(kept, key=lambda one: one.day)
    assert merge_reports(found[::-1]) == kept
    for one in found:
        assert any(abs((one.day - other.day).days) <= 4 for other in kept)


def test_past_lines_of_a_calendar_file_are_past_reports(tmp_path: Path) -> None:
    """Of all report types, however old; no dividend, no coming line."""
    path = tmp_path / FILE
    path.write_text(
        "ticker,event_type,date\nCBA.AX,earnings,2014-08-13\n"
        "CBA.AX,basel_iii,2025-05-14\nCBA.AX,regulatory,2025-06-10\n"
        "CBA.AX,dividend,2025-08-20\nCBA.AX,earnings,2025-11-12\n"
        "NAB.AX,earnings,2025-05-07\n"
    )
    assert known(read_calendar(path)).past_reports == (
        PastReport(date(2014, 8, 13), "unknown", FILE),
        PastReport(date(2025, 5, 14), "unknown", FILE, "regulatory"),
        PastReport(date(2025, 6, 10), "unknown", FILE, "regulatory"),
    )


def remembered(tmp_path: Path, *answers: StoredAnswer) -> RememberedEvents:
    """Return Yahoo's calendar on a replay, with these stored answers."""
    history = EventHistory(tmp_path)
    for one in answers:
        history.record("CBA.AX", history.read("CBA.AX"), one)
    return RememberedEvents(
        read_calendar(tmp_path / "none.csv", "yahoo"),
        history,
        drops_past_events=True,
        replayed=frozenset({"CBA.AX"}),
    )


def answer(day: int, *events: Event) -> StoredAnswer:
    """Return Yahoo's answer of the night `day` days after the as-of session."""
    at = NOW + timedelta(days=day)
    return StoredAnswer("yahoo", at.date(), at, events, covers_future=True)


def yahoo(day: int, **changes: str) -> Event:
    """Return Yahoo's earnings `day` days after the as-of session."""
    return event(AS_OF + timedelta(days=day), source="yahoo", **changes)


def test_a_sighting_whose_event_has_passed_is_a_past_report(tmp_path: Path) -> None:
    """With its time of day; a date that was withdrawn before its day is none."""
    passed, moved = yahoo(-30, time="before_open"), yahoo(-20)
    answers = [answer(-40, passed, moved), answer(-25, yahoo(90))]
    found = known(remembered(tmp_path, *answers)).past_reports
    assert found == (on(-30, "yahoo", "before_open"),)


def test_a_sighting_of_a_later_night_is_not_used(tmp_path: Path) -> None:
    """A replay reads answers for sessions up to its own."""
    source = remembered(tmp_path, answer(1, yahoo(-5)))
    assert known(source).past_reports == ()
    later = AS_OF + timedelta(days=1)
    assert known(source, as_of=later).past_reports == (on(-5, "yahoo"),)


@pytest.mark.parametrize(
    "guess",
    [
        yahoo(-30, status="estimated"),
        window(AS_OF - timedelta(50), AS_OF, status="confirmed", source="yahoo"),
    ],
)
def test_an_uncertain_day_is_no_past_report(tmp_path: Path, guess: Event) -> None:
    """A wrong day would be taken for a reaction."""
    assert known(remembered(tmp_path, answer(-40, guess))).past_reports == ()


def folder(tmp_path: Path, *entries: object) -> FolderReports:
    """Return the reports of a folder whose file of CBA.AX has these entries."""
    (tmp_path / "events").mkdir()
    path = tmp_path / "events" / "CBA.AX.json"
    path.write_text(json.dumps({"earnings": list(entries)}))
    return FolderReports(tmp_path)


def test_the_folder_s_reports_have_days_and_times_of_the_exchange(
    tmp_path: Path,
) -> None:
    """An instant has a time of day, a date has none; a coming report is not past."""
    texts = ["2025-02-11T20:30:00Z", "2025-05-14", "2025-08-13T16:10", "2025-11-12"]
    source = folder(tmp_path, *({"datetime": text} for text in texts))
    found = known(source)
    assert found.past_reports == (
        PastReport(date(2025, 2, 12), "before_open", "folder"),
        PastReport(date(2025, 5, 14), "unknown", "folder"),
        PastReport(date(2025, 8, 13), "unknown", "folder"),
    )
    assert found.report_gaps == ()


@pytest.mark.parametrize(
    "entry",
    [1, None, "2025-05-14", {}, {"datetime": None}, {"datetime": "soon"}]
    + [{"datetime": text} for text in ("0001-01-01T00:00:00Z", "9999-12-31")],
)
def test_an_unreadable_report_costs_itself_only(tmp_path: Path, entry: object) -> None:
    """It is counted in a gap, which is no note of the row."""
    found = known(folder(tmp_path, entry, {"datetime": "2025-05-14"}))
    assert found.past_reports == (PastReport(date(2025, 5, 14), "unknown", "folder"),)
    lost = "1 earnings of events/CBA.AX.json can't be read and are left out"
    assert (found.report_gaps, found.notes) == ((lost,), ())


@pytest.mark.parametrize("text", ["", "[]", '{"earnings": 3}'])
def test_a_broken_file_of_the_folder_is_a_gap(tmp_path: Path, text: str) -> None:
    """It names the file."""
    source = folder(tmp_path)
    (tmp_path / "events" / "CBA.AX.json").write_text(text)
    found = known(source)
    (gap,) = found.report_gaps
    assert (found.past_reports, "events/CBA.AX.json" in gap) == ((), True)


@pytest.mark.parametrize("text", ["{}", '{"earnings": null}', '{"earnings": []}', None])
def test_a_folder_without_reports_has_no_gap(tmp_path: Path, text: str | None) -> None:
    """The file and its list are optional."""
    source = folder(tmp_path)
    path = tmp_path / "events" / "CBA.AX.json"
    path.unlink() if text is None else path.write_text(text)
    found = known(source)
    assert (found.past_reports, found.report_gaps) == ((), ())


def test_one_report_of_all_sources_is_one(tmp_path: Path) -> None:
    """The folder's time of day, and the days of the others are not added."""
    path = tmp_path / FILE
    path.write_text("ticker,event_type,date\nCBA.AX,earnings,2025-08-14\n")
    instant = datetime(2025, 8, 12, 21, 30, tzinfo=UTC)
    sources = [
        read_calendar(path),
        folder(tmp_path, {"datetime": instant.isoformat()}),
        remembered(tmp_path, answer(-100, yahoo(-88))),
    ]
    expected = (PastReport(date(2025, 8, 13), "before_open", "folder"),)
    assert known(*sources).past_reports == expected


def test_past_reports_change_no_event_and_no_note(tmp_path: Path) -> None:
    """They are kept beside the events that the row shows."""

    class Reports:
        name = "reports"

        def ask(self, _symbol: str, _as_of: date, _now: datetime) -> EventAnswer:
            """Return a past report and a gap."""
            return EventAnswer(
                (), covers_future=False, past_reports=(on(-9),), report_gaps=("why",)
            )

    path = tmp_path / FILE
    path.write_text("ticker,event_type,date\nCBA.AX,earnings,2025-11-12\n")
    plain, more = known(read_calendar(path)), known(read_calendar(path), Reports())
    assert (more.events, more.gaps, more.notes) == (
        plain.events,
        plain.gaps,
        plain.notes,
    )
    assert (more.past_reports, more.report_gaps) == ((on(-9),), ("why",))
