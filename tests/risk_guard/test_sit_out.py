"""The two rules for sit-outs, and how they compare on any events."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, event, window

from config.settings import GuardSettings
from market_data.sessions import next_session, nth_session_after
from risk_guard.assessment import EventAssessment, assess
from risk_guard.events import Event
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext
from risk_guard.past_reports import PastReport
from risk_guard.reactions import ReportTime
from risk_guard.sit_out import first_night_after, named_rule

PUBLISHED, REACTION = GuardSettings(), GuardSettings(sit_out="reaction")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2025, 11, day) for day in range(10, 14))

kinds = st.sampled_from(["earnings", "dividend", "basel_iii", "regulatory"])
times = st.sampled_from(["before_open", "during", "after_close", "unknown"])
days = st.integers(-20, 20).map(lambda shift: AS_OF + timedelta(days=shift))
some_events = st.lists(st.builds(event, days, kinds, time=times), max_size=4).map(tuple)


def judged(
    *events: Event,
    settings: GuardSettings = REACTION,
    as_of: date = AS_OF,
    gaps: tuple[str, ...] = (),
    unreacted: tuple[PastReport, ...] = (),
) -> EventAssessment:
    """Return the assessment of these events in Sydney, with calm prices."""
    known = KnownEvents(events, gaps, unreacted=unreacted)
    return assess(known, "XASX", as_of, MarketContext(), settings)


@pytest.mark.parametrize(
    ("time_of_day", "nights"),
    [
        ("before_open", [MONDAY, TUESDAY]),
        ("during", [MONDAY, TUESDAY]),
        ("after_close", [TUESDAY, WEDNESDAY]),
        ("unknown", [MONDAY, TUESDAY, WEDNESDAY]),
    ],
)
def test_nights_before_a_reaction_session_and_the_one_after_it_are_sat_out(
    time_of_day: ReportTime, nights: list[date]
) -> None:
    """A report of Tuesday reacts by its time of day; the session after counts too."""
    report = event(TUESDAY, time=time_of_day)
    week = [nth_session_after("XASX", MONDAY, step) for step in range(-4, 8)]
    sat_out = [day for day in week if judged(report, as_of=day).sit_out]
    assert sat_out == nights
    again = first_night_after("earnings", TUESDAY, time_of_day, "XASX", REACTION)
    assert again == next_session("XASX", nights[-1])


@given(some_events, st.lists(st.just("Yahoo said 429"), max_size=1).map(tuple))
def test_reaction_sits_out_no_night_that_published_does_not(
    events: tuple[Event, ...], gaps: tuple[str, ...]
) -> None:
    """A possible reaction session is the event's own session or the one after it."""
    narrow = judged(*events, gaps=gaps)
    wide = judged(*events, gaps=gaps, settings=PUBLISHED)
    assert bool(narrow.sit_out) <= bool(wide.sit_out)
    assert narrow.haircut == wide.haircut
    assert narrow.position_scale >= wide.position_scale


@given(some_events)
def test_each_reaction_session_is_sat_out_under_both_rules(
    events: tuple[Event, ...],
) -> None:
    """A confirmed report to which the next session can react forces HOLD."""
    found = judged(*events)
    if found.reaction != "no":
        assert found.sit_out
        assert judged(*events, settings=PUBLISHED).sit_out


@given(some_events)
def test_dividends_are_shown_and_not_sat_out(events: tuple[Event, ...]) -> None:
    """Without the ex-dividend dates the same nights are sat out."""
    dividend = event(TUESDAY, "dividend")
    assert judged(*events, dividend).sit_out == judged(*events).sit_out
    assert judged(dividend).event == dividend
    assert judged(dividend).risk_score > 0


@pytest.mark.parametrize(
    "unsure",
    [event(TUESDAY, status="estimated"), window(MONDAY, THURSDAY)],
)
def test_an_estimate_sits_nothing_out(unsure: Event) -> None:
    """It raises the risk; the rule asks for a confirmed date."""
    assert judged(unsure).sit_out is False
    assert judged(unsure).risk_score > 0


@pytest.mark.parametrize("settings", [PUBLISHED, REACTION])
def test_a_report_that_only_a_list_of_past_reports_names_is_sat_out(
    settings: GuardSettings,
) -> None:
    """It came after the close of the as-of session, so the next session reacts."""
    report = PastReport(MONDAY, "after_close", "folder")
    found = judged(unreacted=(report,), settings=settings)
    assert (found.reaction, found.sit_out, found.status) == ("yes", True, "confirmed")
    assert "earnings 2025-11-10 (confirmed, folder) is today" in found.sit_out_reason


@pytest.mark.parametrize(("sessions", "sat_out"), [(3, True), (4, False)])
def test_published_sits_out_the_sessions_after_a_listed_report(
    *, sessions: int, sat_out: bool
) -> None:
    """It has come, whether or not a calendar named it before."""
    as_of = nth_session_after("XASX", MONDAY, sessions)
    listed = PastReport(MONDAY, "before_open", "yahoo earnings")
    known = KnownEvents((), past_reports=(listed,))
    assert assess(known, "XASX", as_of, MarketContext(), PUBLISHED).sit_out is sat_out


def test_a_dividend_of_the_same_day_hides_no_report() -> None:
    """The report is sat out although the calendar names the ex-dividend date alone."""
    dividend = event(MONDAY, "dividend")
    found = judged(dividend, unreacted=(PastReport(MONDAY, "after_close", "folder"),))
    assert (found.reaction, found.sit_out) == ("yes", True)


def test_a_list_that_names_an_estimated_day_confirms_it() -> None:
    """The event of the row is the report that has come."""
    estimated = event(MONDAY, status="estimated")
    listed = PastReport(MONDAY, "after_close", "folder")
    found = judged(estimated, unreacted=(listed,), settings=PUBLISHED)
    assert found.status == "confirmed"


@pytest.mark.parametrize("settings", [PUBLISHED, REACTION])
def test_unknown_events_stay_unknown_under_both_rules(settings: GuardSettings) -> None:
    """No rule says "trade" if an event may be missing; the haircut stays."""
    found = judged(settings=settings, gaps=("Yahoo said 429",))
    assert (found.status, found.sit_out, found.haircut) == ("unknown", None, 0.20)


@pytest.mark.parametrize("settings", [PUBLISHED, REACTION])
def test_the_reason_names_the_rule(settings: GuardSettings) -> None:
    """And a row's text gives it back, whatever the setting is by then."""
    reason = judged(event(TUESDAY), settings=settings).sit_out_reason
    assert reason.startswith(f"by the rule `{settings.sit_out}`: earnings 2025-11-11")
    assert named_rule(f"HOLD at score +0.1, sat out {reason}", "published") == (
        settings.sit_out
    )
    assert named_rule("an older row", "reaction") == "reaction"
