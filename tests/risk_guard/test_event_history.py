"""What sources said on live nights: stored once, used by replays, never changed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_events import AS_OF, NOW, event

from config.errors import RateLimited
from risk_guard.event_history import EventHistory, RememberedEvents
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event
from storage.home import Home, write_atomic
from storage.paths import files_in, read_bytes


@dataclass
class Calendar:
    """A source that names `events`, or does not answer (None); it counts requests."""

    events: tuple[Event, ...] | None = ()
    name: str = "yahoo"
    asked: int = 0

    def ask(self, _symbol: str, _as_of: date, _now: datetime) -> EventAnswer:
        """Return the events, or refuse."""
        self.asked += 1
        if self.events is None:
            raise RateLimited("Yahoo said 429.")
        return EventAnswer(self.events, covers_future=True)


def on(day: int, **changes: str) -> Event:
    """Return Yahoo's earnings `day` days after the as-of session."""
    return event(AS_OF + timedelta(days=day), source="yahoo", **changes)


@pytest.fixture
def calendar() -> Calendar:
    """Return a source that names no event yet."""
    return Calendar()


def night(
    home: Home,
    calendar: Calendar,
    day: int = 0,
    *,
    drops_past_events: bool = True,
    replay: bool = False,
) -> EventAnswer:
    """Return the answer of the night `day` days after the as-of session."""
    replayed = frozenset({"CBA.AX"} if replay else ())
    history = EventHistory(home.seen_events)
    source = RememberedEvents(
        calendar, history, drops_past_events=drops_past_events, replayed=replayed
    )
    at = NOW + timedelta(days=day)
    answer = source.ask("CBA.AX", AS_OF + timedelta(days=day), at)
    return replace(answer, events=tuple(undated(answer.events)))


def undated(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the events as `on` makes them."""
    return (replace(one, retrieved_at=NOW) for one in events)


def stored(home: Home) -> bytes | None:
    """Return the bytes of the symbol's file, None if there is none."""
    try:
        return read_bytes(home.seen_events / "CBA.AX.json")
    except FileNotFoundError:
        return None


def test_a_passed_event_is_kept_for_the_sit_out_after_it(
    home: Home, calendar: Calendar
) -> None:
    """Yahoo drops an event once it has passed; the history does not."""
    calendar.events = (on(1),)
    night(home, calendar)
    calendar.events = (on(90),)
    for day in (1, 2, 3):
        assert night(home, calendar, day).events == (on(90), on(1))


def test_a_moved_event_is_not_kept(home: Home, calendar: Calendar) -> None:
    """A date still to come that the source no longer names is gone."""
    calendar.events = (on(5),)
    night(home, calendar)
    calendar.events = (on(8),)
    assert night(home, calendar, 1).events == (on(8),)
    assert night(home, calendar, 6).events == (on(8),)


def test_stored_events_are_used_when_the_source_does_not_answer(
    home: Home, calendar: Calendar
) -> None:
    """They count, the future is not covered, and the row says so."""
    calendar.events = (on(2),)
    night(home, calendar)
    calendar.events = None
    answer = night(home, calendar, 1)
    assert answer.events == (on(2),)
    assert not answer.covers_future
    assert answer.gap == "rate_limited: Yahoo said 429"
    assert answer.notes == (
        "rate_limited: Yahoo said 429",
        f"the events that yahoo named as of {AS_OF} are used",
    )


def test_a_failure_with_nothing_stored_is_the_source_s_own(
    home: Home, calendar: Calendar
) -> None:
    """The source's own error is passed on if no earlier answer is stored."""
    calendar.events = None
    with pytest.raises(RateLimited):
        night(home, calendar)


def test_a_replay_asks_nothing_and_stores_nothing(
    home: Home, calendar: Calendar
) -> None:
    """A remote source is not asked in a replay, and the file keeps every byte."""
    calendar.events = (on(9),)
    night(home, calendar, 5)
    before = stored(home)
    for day in (-3, 0, 5, 6, 20):
        night(home, calendar, day, replay=True)
    assert (calendar.asked, stored(home)) == (1, before)


def test_a_replay_does_not_see_what_later_nights_learned(
    home: Home, calendar: Calendar
) -> None:
    """Only answers for sessions up to its own as-of are used."""
    calendar.events = (on(9),)
    night(home, calendar, 5)
    early, own, late = (night(home, calendar, n, replay=True) for n in (4, 5, 6))
    assert (early.events, own.events, late.events) == ((), (on(9),), (on(9),))
    assert [one.covers_future for one in (early, own, late)] == [False, True, False]
    assert early.gap.startswith("Yahoo's calendar was not asked on that night")
    assert late.notes == (f"the events that yahoo named as of {own_day(5)} are used",)


def own_day(day: int) -> date:
    """Return the day so many days after the as-of session."""
    return AS_OF + timedelta(days=day)


def test_a_replay_of_a_live_night_says_what_that_night_said(
    home: Home, calendar: Calendar
) -> None:
    """The same events, coverage and gap, whatever later nights stored."""
    live = {}
    for day, events in enumerate([(on(3),), (on(3), on(5)), (on(5),), (), (on(90),)]):
        calendar.events = events
        live[day] = night(home, calendar, day)
    for day, answer in live.items():
        again = night(home, calendar, day, replay=True)
        assert replace(again, sightings=()) == replace(answer, sightings=())


def test_a_date_withdrawn_while_ahead_is_not_kept(
    home: Home, calendar: Calendar
) -> None:
    """It is gone for good, also once its date has passed."""
    calendar.events = (on(5),)
    night(home, calendar)
    calendar.events = ()
    night(home, calendar, 1)
    assert night(home, calendar, 6).events == ()
    assert night(home, calendar, 6, replay=True).events == ()


def test_a_date_dropped_during_its_own_day_has_passed(
    home: Home, calendar: Calendar
) -> None:
    """Before the close the as-of session is still the day before; it is no move."""
    calendar.events = (on(1),)
    night(home, calendar)
    calendar.events = (on(91),)
    source = RememberedEvents(
        calendar, EventHistory(home.seen_events), drops_past_events=True
    )
    during = source.ask("CBA.AX", AS_OF, NOW + timedelta(hours=20))
    assert {one.first for one in during.events} == {own_day(1), own_day(91)}


def test_a_date_that_returns_is_a_new_sighting(home: Home, calendar: Calendar) -> None:
    """An interrupted sighting ends; the date counts while it is named."""
    for day, events in enumerate([(on(9),), (), (on(9),)]):
        calendar.events = events
        found = night(home, calendar, day)
    first, second = found.sightings
    assert (first.last_as_of, first.dropped_as_of) == (AS_OF, own_day(1))
    assert (second.first_as_of, second.dropped_as_of) == (own_day(2), None)
    assert night(home, calendar, 1, replay=True).events == ()
    assert night(home, calendar, 2, replay=True).events == (on(9),)


def test_a_replay_knows_the_status_of_its_night(home: Home, calendar: Calendar) -> None:
    """A date that was estimated then stays estimated, confirmed later or not."""
    for day, status in enumerate(["estimated", "confirmed"]):
        calendar.events = (on(9, status=status),)
        night(home, calendar, day)
    replays = [night(home, calendar, day, replay=True) for day in (0, 1)]
    assert [one.events[0].status for one in replays] == ["estimated", "confirmed"]


def test_two_answers_for_one_session_are_told_apart(
    home: Home, calendar: Calendar
) -> None:
    """The later one counts, the earlier one stays stored, a repeat is not added."""
    for events in ((on(4),), (on(6),), (on(6),)):
        calendar.events = events
        found = night(home, calendar)
    assert found.events == (on(6),)
    assert night(home, calendar, replay=True).events == (on(6),)
    assert len(json.loads(stored(home) or b"")["answers"]) == 2


ANSWERS = st.lists(
    st.frozensets(st.sampled_from([on(day) for day in (1, 3, 6, 9)])),
    min_size=2,
    max_size=5,
)


@settings(deadline=None)
@given(
    ANSWERS.flatmap(
        lambda answers: st.tuples(
            st.just(answers), st.permutations(range(len(answers)))
        )
    )
)
def test_the_order_of_live_nights_changes_no_later_answer(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[list[frozenset[Event]], list[int]],
) -> None:
    """Whatever order nights are run in, the same answers give the same memory."""
    answers, order = drawn
    found = []
    for nights in (range(len(answers)), order):
        home = Home(tmp_path_factory.mktemp("home"))
        for day in nights:
            night(home, Calendar(tuple(sorted(answers[day], key=str))), day)
        found.append(night(home, Calendar((on(90),)), len(answers)))
    assert set(found[0].events) == set(found[1].events)
    assert set(found[0].sightings) == set(found[1].sightings)


def test_a_local_file_is_read_in_a_replay_and_not_stored(
    home: Home, calendar: Calendar
) -> None:
    """The user supplies it: what it says today counts, and nothing is written."""
    calendar.events = (on(3),)
    assert night(home, calendar, drops_past_events=False, replay=True).events == (
        on(3),
    )
    assert stored(home) is None


def test_a_source_that_forgets_nothing_counts_as_it_is_now(
    home: Home, calendar: Calendar
) -> None:
    """A line taken out of the calendar file is gone, past or coming."""
    calendar.events = (on(-1), on(3))
    night(home, calendar, drops_past_events=False)
    calendar.events = ()
    assert night(home, calendar, drops_past_events=False).events == ()
    calendar.events = None
    assert night(home, calendar, drops_past_events=False).events == ()


FIRST_FORMAT = [
    {
        "event": {
            "type": "earnings",
            "first": f"{AS_OF + timedelta(days=day)}",
            "last": f"{AS_OF + timedelta(days=day)}",
            "title": "",
            "source": "yahoo",
            "status": "confirmed",
            "retrieved_at": "2025-11-10T08:30:00Z",
            "url": "",
        },
        "seen_as_of": f"{AS_OF + timedelta(days=seen)}",
    }
    for day, seen in ((-5, -9), (4, -2), (90, 0))
]


def test_a_file_of_the_first_format_becomes_sightings(
    home: Home, calendar: Calendar
) -> None:
    """Nothing is lost: events, the session that first knew them, and passed ones."""
    write_atomic(home.seen_events / "CBA.AX.json", json.dumps(FIRST_FORMAT))
    early = night(home, calendar, -3, replay=True)
    assert early.events == (on(-5),)
    assert not early.covers_future
    calendar.events = (on(4), on(90))
    assert set(night(home, calendar, 1).events) == {on(-5), on(4), on(90)}
    assert night(home, calendar, -2, replay=True).events == (on(-5), on(4))
    calendar.events = None
    assert set(night(home, calendar, 2).events) == {on(-5), on(4), on(90)}


def test_the_time_of_day_is_stored(home: Home, calendar: Calendar) -> None:
    """A replay reads it; in a file of before it is unknown, and the next is added."""
    calendar.events = (on(1, time="after_close"),)
    night(home, calendar)
    assert night(home, calendar, replay=True).events == calendar.events
    old = json.loads(stored(home) or b"")
    del old["events"][0]["time"]
    write_atomic(home.seen_events / "CBA.AX.json", json.dumps(old))
    assert night(home, calendar, replay=True).events == (on(1),)
    night(home, calendar)
    assert night(home, calendar, replay=True).events == calendar.events


def test_two_sources_don_t_disturb_each_other(home: Home) -> None:
    """Each symbol's file holds all its sources."""
    one = Calendar((on(1),))
    other = Calendar((replace(on(2), source="file"),), name="file")
    night(home, one)
    night(home, other)
    one.events = other.events = None
    assert night(home, one).events == (on(1),)
    assert [found.first for found in night(home, other).events] == [on(2).first]


@pytest.mark.parametrize(
    "content",
    ["", "[{", "\0", '{"a": 1}', '[{"event": 3}]', '{"events": [], "answers": [3]}'],
)
def test_a_torn_file_is_kept_beside_the_new_one(
    home: Home, calendar: Calendar, content: str
) -> None:
    """A live night says so once and begins anew; a replay says so, writing nothing."""
    write_atomic(home.seen_events / "CBA.AX.json", content)
    replay = night(home, calendar, replay=True)
    assert "can't read CBA.AX.json" in replay.notes[-1]
    assert stored(home) == content.encode()
    calendar.events = (on(1),)
    answer = night(home, calendar)
    assert answer.events == (on(1),)
    (kept,) = [p for p in files_in(home.seen_events) if "damaged" in p.name]
    assert answer.notes[-1].endswith(f"the damaged file is kept as {kept.name}")
    assert read_bytes(kept) == content.encode()
    assert night(home, calendar).notes == ()


def test_a_file_whose_answers_name_no_event_is_damaged(
    home: Home, calendar: Calendar
) -> None:
    """A place outside the list of events, before or behind it, is no event."""
    calendar.events = (on(1),)
    night(home, calendar)
    content = json.loads(stored(home) or b"")
    for place in (-1, 1):
        content["answers"][0]["events"] = [place]
        write_atomic(home.seen_events / "CBA.AX.json", json.dumps(content))
        assert "can't read" in night(home, calendar, 1, replay=True).notes[-1]


def test_a_file_that_can_t_be_opened_is_not_replaced(
    tmp_path: Path, calendar: Calendar
) -> None:
    """The night goes on with its own events, and says what it can't read."""
    home = Home(tmp_path)
    (home.seen_events / "CBA.AX.json").mkdir(parents=True)
    calendar.events = (on(1),)
    answer = night(home, calendar)
    assert answer.events == (on(1),)
    assert "can't read CBA.AX.json" in answer.notes[-1]
    assert (home.seen_events / "CBA.AX.json").is_dir()


def test_events_that_can_t_be_stored_still_count(
    tmp_path: Path, calendar: Calendar
) -> None:
    """A file in the folder's place costs the memory, not the night's sit-out."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "events").write_text("not a folder")
    calendar.events = (on(1),)
    answer = night(Home(tmp_path), calendar)
    assert answer.events == (on(1),)
    assert answer.notes
