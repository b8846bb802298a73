"""Live nights and replays under a clock of ours: a replay changes no later night."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from own_nights import (
    NEXT,
    NIGHTS,
    REPORT,
    Yahoo,
    evening,
    files,
    judged,
    known,
    live,
    plan,
)

from market_data.sample import SampleSource
from market_data.sources import Feeds
from pipeline.events import events
from pipeline.sources import open_sources
from risk_guard.past_reports import PastReport


def passing() -> Yahoo:
    """Return a Yahoo that names the report until its day is over, then the next."""
    return Yahoo({day: [REPORT if day < REPORT else NEXT] for day in NIGHTS})


def test_a_report_that_a_replay_looked_back_at_is_still_sat_out(tmp_path: Path) -> None:
    """The night of 2025-11-18 is replayed on the 20th; the 21st sits out as before."""
    yahoo = passing()
    first = judged(live(tmp_path, yahoo, date(2025, 11, 18)), date(2025, 11, 18))
    again = known(tmp_path, yahoo, date(2025, 11, 18), evening(date(2025, 11, 20)))
    assert judged(again, date(2025, 11, 18)) == first
    assert (first.status, first.sit_out) == ("confirmed", True)
    assert yahoo.asked == [date(2025, 11, 18)]
    later = judged(live(tmp_path, yahoo, date(2025, 11, 21)), date(2025, 11, 21))
    assert (later.sit_out, later.sessions_to_event) == (True, -2)
    assert later.warning == ""


def test_a_night_that_was_never_asked_is_unknown(tmp_path: Path) -> None:
    """Not `none`, and the reason names the calendar; nothing is written."""
    found = known(tmp_path, passing(), date(2025, 11, 18), evening(date(2025, 11, 24)))
    told = judged(found, date(2025, 11, 18))
    assert (told.status, told.sit_out, told.haircut) == ("unknown", None, 0.20)
    assert "Yahoo's calendar was not asked on that night" in told.warning
    assert not (tmp_path / "data" / "events").exists()


def test_a_replay_between_two_live_nights_uses_the_earlier(tmp_path: Path) -> None:
    """The events count, other events are unknown, and the row names the date."""
    yahoo = passing()
    live(tmp_path, yahoo, date(2025, 11, 14))
    found = known(tmp_path, yahoo, date(2025, 11, 17), evening(date(2025, 11, 24)))
    told = judged(found, date(2025, 11, 17))
    assert (told.status, told.sit_out) == ("unknown", True)
    assert "the events that yahoo named as of 2025-11-14 are used" in told.warning


def test_the_second_run_of_a_night_finds_the_report_passed(tmp_path: Path) -> None:
    """Before the next close Yahoo has moved on: the night's report is not lost."""
    yahoo = Yahoo({date(2025, 11, 19): [REPORT], date(2025, 11, 20): [NEXT]})
    live(tmp_path, yahoo, REPORT)
    second = known(tmp_path, yahoo, REPORT, datetime(2025, 11, 20, 14, tzinfo=UTC))
    assert judged(second, REPORT).sit_out
    yahoo.calendars = {date(2025, 11, 24): None}
    later = judged(live(tmp_path, yahoo, date(2025, 11, 24)), date(2025, 11, 24))
    assert (later.status, later.sit_out) == ("unknown", True)


def test_a_moved_date_is_in_the_warning(tmp_path: Path) -> None:
    """From when to when, and as of which night it was seen."""
    moved = date(2025, 11, 25)
    yahoo = Yahoo({day: [REPORT if day < NIGHTS[1] else moved] for day in NIGHTS})
    live(tmp_path, yahoo, NIGHTS[0])
    found = judged(live(tmp_path, yahoo, NIGHTS[1]), NIGHTS[1])
    assert (
        "earnings moved from 2025-11-19 (yahoo) to 2025-11-25 (yahoo), seen as of "
        "2025-11-17" in found.warning
    )
    assert not found.sit_out


def test_each_exchange_has_its_own_last_session(tmp_path: Path) -> None:
    """After Sydney's close and before New York's, one night is live in both."""
    noon = datetime(2025, 11, 18, 12, tzinfo=UTC)
    both = {"symbols": ("BHP.AX", "NVDA")}
    night = plan(tmp_path, date(2025, 11, 18), noon, **both)
    assert not any(map(night.is_replay, night.symbols))
    before = plan(tmp_path, date(2025, 11, 17), noon, **both)
    assert [before.is_replay(one) for one in before.symbols] == [True, False]
    weekend = plan(tmp_path, date(2025, 11, 14), datetime(2025, 11, 16, 9, tzinfo=UTC))
    assert not weekend.is_replay("NVDA")


def test_what_yahoo_said_counts_in_a_run_on_another_source(tmp_path: Path) -> None:
    """A night that was sat out is sat out again on prices of a folder."""
    live(tmp_path, passing(), date(2025, 11, 18))
    night = plan(tmp_path, date(2025, 11, 18), evening(NIGHTS[-1]), source="sample")
    sources = open_sources(night, Feeds(SampleSource()))
    found = judged(events(night, sources, "NVDA", None), night.as_of)
    assert (found.status, found.sit_out) == ("confirmed", True)


def test_a_run_on_another_source_does_not_mention_yahoo(tmp_path: Path) -> None:
    """If Yahoo never had events in this home, its calendar is no gap."""
    night = plan(tmp_path, date(2025, 11, 18), evening(NIGHTS[-1]), source="sample")
    sources = open_sources(night, Feeds(SampleSource()))
    (gap,) = events(night, sources, "NVDA", None).gaps
    assert gap.startswith("there is no event_calendar.csv")


AUGUST = PastReport(date(2025, 8, 27), "after_close", "yahoo earnings")
SEEN = PastReport(REPORT, "after_close", "yahoo")


def test_past_reports_travel_with_the_events(tmp_path: Path) -> None:
    """Yahoo's list and its calendar's sightings, live and replayed; one request."""
    yahoo = passing()
    assert live(tmp_path, yahoo, NIGHTS[0]).past_reports == (AUGUST,)
    after = live(tmp_path, yahoo, date(2025, 11, 21))
    assert (after.past_reports, after.report_gaps) == ((AUGUST, SEEN), ())
    assert yahoo.listed == [NIGHTS[0]]
    before = files(tmp_path)
    for day, count in [(NIGHTS[0], 1), (REPORT, 1), (date(2025, 11, 20), 2)]:
        again = known(tmp_path, yahoo, day, evening(NIGHTS[-1]))
        assert again.past_reports == (AUGUST, SEEN)[:count]
    assert (yahoo.listed, files(tmp_path)) == ([NIGHTS[0]], before)


def test_a_replay_asks_for_no_list(tmp_path: Path) -> None:
    """It says that there is none, beside the row's own sentences."""
    yahoo = passing()
    found = known(tmp_path, yahoo, date(2025, 11, 18), evening(NIGHTS[-1]))
    gap = "Yahoo's past earnings of NVDA are not stored"
    assert (found.past_reports, found.report_gaps) == ((), (gap,))
    assert gap not in (*found.gaps, *found.notes)
    assert yahoo.listed == []


def test_a_run_on_another_source_uses_the_stored_list(tmp_path: Path) -> None:
    """And the reports in the folder source's own file."""
    live(tmp_path, passing(), NIGHTS[0])
    (tmp_path / "events").mkdir()
    text = '{"earnings": [{"datetime": "2025-05-28T20:20:00Z"}]}'
    (tmp_path / "events" / "NVDA.json").write_text(text)
    night = plan(tmp_path, date(2025, 11, 18), evening(NIGHTS[-1]), source="sample")
    night = replace(night, folder=tmp_path)
    found = events(night, open_sources(night, Feeds(SampleSource())), "NVDA", None)
    may = PastReport(date(2025, 5, 28), "after_close", "folder")
    assert (found.past_reports, found.report_gaps) == ((may, AUGUST), ())


DAYS = st.none() | st.lists(
    st.sampled_from([REPORT, date(2025, 11, 21), date(2025, 11, 26), NEXT]),
    max_size=2,
    unique=True,
)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_no_replay_changes_a_later_live_night(data: st.DataObject) -> None:
    """With replays of any sessions in between, live nights answer as without them."""
    yahoo = Yahoo({day: data.draw(DAYS) for day in NIGHTS})
    replays = {
        day: data.draw(st.lists(st.sampled_from(NIGHTS[:place]), max_size=3))
        for place, day in enumerate(NIGHTS)
        if place
    }
    with TemporaryDirectory() as name:
        plain, busy = Path(name) / "plain", Path(name) / "busy"
        plain.mkdir()
        busy.mkdir()
        for day in NIGHTS:
            assert live(busy, yahoo, day) == live(plain, yahoo, day)
            for past in replays.get(day, []):
                known(busy, yahoo, past, evening(day) + timedelta(minutes=30))
        assert files(busy) == files(plain)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_replay_says_what_the_live_night_said(data: st.DataObject) -> None:
    """A night whose calendar answered is judged the same when it is run again."""
    yahoo = Yahoo({day: data.draw(DAYS) for day in NIGHTS})
    with TemporaryDirectory() as name:
        home = Path(name)
        found = {day: judged(live(home, yahoo, day), day) for day in NIGHTS}
        for day, said in found.items():
            again = judged(known(home, yahoo, day, evening(date(2025, 12, 1))), day)
            assert (again.sit_out, again.status) == (said.sit_out, said.status)
