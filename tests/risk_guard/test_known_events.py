"""Merging: confirmed over estimated, one event once, differences said."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import AS_OF, NOW, event, window

from config.errors import NoCalendar, RateLimited, SymbolError
from config.settings import GuardSettings
from risk_guard.assessment import assess
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event, is_regulatory
from risk_guard.known_events import KnownEvents, collect_events, merge_events
from risk_guard.market_context import MarketContext

SETTINGS = GuardSettings()


def answer(*events: Event, knows: bool = False, **more: Any) -> EventAnswer:  # noqa: ANN401
    """Return an answer with these events."""
    return EventAnswer(events, covers_future=knows, **more)


@dataclass(frozen=True)
class Told:
    """A source that answers as it is told to."""

    name: str
    answer: EventAnswer = field(default_factory=lambda: answer(knows=True))
    error: SymbolError | None = None

    def ask(self, _symbol: str, _as_of: date, _now: datetime) -> EventAnswer:
        """Return the answer, or fail."""
        if self.error:
            raise self.error
        return self.answer


def known(*sources: Told) -> KnownEvents:
    """Return what these sources know of CBA.AX."""
    return collect_events("CBA.AX", sources, AS_OF, NOW, SETTINGS)


def on(day: int, kind: str = "earnings", **changes: object) -> Event:
    """Return an event `day` days after the as-of session."""
    return event(AS_OF + timedelta(days=day), kind, **changes)


def merged(*events: Event) -> tuple[Event, ...]:
    """Return what is left of the events."""
    return merge_events(events, AS_OF, SETTINGS)[0]


PILLAR3 = window(AS_OF - timedelta(days=11), AS_OF + timedelta(days=15))
ESTIMATE = {"status": "estimated", "source": "yahoo"}


def test_one_event_of_two_sources_is_one() -> None:
    """The same type and day: one event, confirmed if one is, both sources named."""
    (one,) = merged(on(3, **ESTIMATE), on(3, title="Results"))
    assert (one.status, one.title) == ("confirmed", "Results")
    assert one.source == "event_calendar.csv, yahoo"


@pytest.mark.parametrize("day", [-9, -1, 0, 1, 7])
def test_a_confirmed_date_settles_the_window_it_stands_in(day: int) -> None:
    """Once it has passed or is in the look-ahead, the window is gone."""
    assert merged(PILLAR3, on(day, "basel_iii")) == (on(day, "basel_iii"),)
    titled = on(day, "regulatory", title="Pillar 3 report")
    assert merged(PILLAR3, titled) == (titled,)


@pytest.mark.parametrize(
    "other",
    [
        on(8, "basel_iii"),
        on(20, "basel_iii"),
        on(1, "earnings"),
        on(1, "regulatory", title="APRA enquiry"),
    ],
)
def test_other_dates_leave_the_window(other: Event) -> None:
    """A date further off, outside it or of something else settles nothing."""
    assert PILLAR3 in merged(PILLAR3, other)


def test_a_confirmed_date_takes_an_estimate_s_place() -> None:
    """Within two weeks they are one event; the confirmed stays and both are told."""
    events, notes = merge_events((on(2, **ESTIMATE), on(5)), AS_OF, SETTINGS)
    assert events == (on(5),)
    assert len(notes) == 1
    assert str(on(2).first) in notes[0]
    assert str(on(5).first) in notes[0]


def test_a_report_that_its_source_moves_after_its_day_is_not_lost() -> None:
    """Yahoo's confirmed day has passed, and Yahoo now expects the report next week."""
    passed, moved = on(-4, source="yahoo"), on(3, **ESTIMATE)
    assert merged(passed, moved) == (passed, moved)
    assert merged(passed, on(-4), moved)[-1] == moved
    assert merged(on(2, source="yahoo"), on(1, **ESTIMATE)) == (on(2, source="yahoo"),)


def test_two_confirmed_dates_both_stay_and_are_told() -> None:
    """Where sources differ, neither is dropped in silence."""
    events, notes = merge_events((on(2, source="yahoo"), on(5)), AS_OF, SETTINGS)
    assert len(events) == 2
    assert notes[0].startswith("sources differ: ")


@pytest.mark.parametrize(
    ("mine", "other", "used"),
    [
        (on(2), on(4, source="yahoo"), "both are used, because both are confirmed"),
        (
            on(2),
            on(4, **ESTIMATE),
            f"{on(2).first} is used, because a confirmed date replaces an estimate",
        ),
        (
            on(2, status="estimated"),
            on(4, **ESTIMATE),
            "both are used, because neither is confirmed",
        ),
        (
            on(9),
            on(5, **ESTIMATE),
            "both are used, because the confirmed date is more than 7 days ahead",
        ),
    ],
)
def test_the_note_on_two_dates_says_which_is_used_and_why(
    mine: Event, other: Event, used: str
) -> None:
    """It names both days with their sources."""
    events, (note,) = merge_events((mine, other), AS_OF, SETTINGS)
    assert note.endswith(f"; {used}")
    assert mine.sentence in note
    assert other.sentence in note
    assert len(events) == (1 if "replaces" in used else 2)


def test_a_joined_event_keeps_the_time_of_day_that_a_source_names() -> None:
    """The confirmed source's time counts first; a date without a time yields."""
    timed = on(2, source="yahoo", time="before_open")
    assert [one.time for one in merged(on(2), timed)] == ["before_open"]
    late = on(2, time="after_close")
    assert [one.time for one in merged(late, timed)] == ["after_close"]


def test_two_dates_of_one_source_are_two_events() -> None:
    """A file may hold two reports within two weeks."""
    events, notes = merge_events((on(2), on(9)), AS_OF, SETTINGS)
    assert (len(events), notes) == (2, ())


@given(
    st.lists(
        st.builds(
            on,
            st.integers(-20, 20),
            st.sampled_from(["earnings", "dividend", "basel_iii", "regulatory"]),
        ),
        max_size=6,
    )
)
def test_merging_again_changes_nothing(events: list[Event]) -> None:
    """What is merged is merged, in any order."""
    once = merged(*events)
    assert merged(*once) == once == merged(*events[::-1])


told = st.builds(
    on,
    st.integers(-20, 25),
    st.sampled_from(["earnings", "dividend", "basel_iii", "regulatory"]),
    status=st.sampled_from(["confirmed", "estimated"]),
    source=st.sampled_from(["yahoo", "event_calendar.csv"]),
    title=st.sampled_from(["", "Pillar 3"]),
)


def risk(*events: Event) -> float:
    """Return the risk score of what is left of the events."""
    left = KnownEvents(merged(*events))
    return assess(left, "XASX", AS_OF, MarketContext(), SETTINGS).risk_score


@given(st.lists(told | st.just(PILLAR3), max_size=4), told)
def test_an_event_to_come_never_lowers_the_risk(
    events: list[Event], more: Event
) -> None:
    """Whatever it settles or joins; one that has passed may end an estimate."""
    if more.first >= AS_OF:
        assert risk(*events, more) >= risk(*events)


def test_one_source_that_knows_is_enough() -> None:
    """Then nothing is unknown, and a source that failed is named."""
    limited = Told("yahoo", error=RateLimited("Yahoo said 429."))
    found = known(limited, Told("file", answer(on(1), knows=True)))
    assert (found.events, found.gaps) == ((on(1),), ())
    assert found.notes == ("rate_limited: Yahoo said 429",)


def test_no_source_that_knows_leaves_a_gap() -> None:
    """Past events and rules alone say nothing of what comes; reasons are kept."""
    rule = Told("rule", answer(PILLAR3))
    missing = Told("file", error=NoCalendar("there is no file."))
    quiet = Told("yahoo", answer(gap="Yahoo names none"))
    found = known(rule, missing, quiet)
    assert found.events == (PILLAR3,)
    assert found.gaps == ("there is no file.", "Yahoo names none")


def test_without_sources_nothing_is_known() -> None:
    """No source at all is a gap too."""
    assert known().gaps == ("no event source is connected",)


def test_a_note_is_said_once() -> None:
    """What explains the gap does not stand beside it again."""
    expired = "the file is expired"
    told = answer(gap=expired, notes=(expired,))
    found = known(Told("file", told))
    assert (found.gaps, found.notes) == ((expired,), ())


def test_far_events_are_left_out() -> None:
    """Half a year ago or ahead is not around the as-of session."""
    assert known(Told("file", answer(on(-200), on(200), knows=True))).events == ()


@pytest.mark.parametrize(
    "title",
    [
        "Basel III report",
        "PILLAR 3 Disclosure",
        "Pillar-3",
        "Prudential disclosures",
        "APRA letter",
        "capital adequacy",
        "Liquidity Coverage ratio",
        "net stable funding ratio",
    ],
)
def test_a_title_makes_an_event_regulatory(title: str) -> None:
    """Any of the published words, in any case."""
    assert is_regulatory(title)


@pytest.mark.parametrize("title", ["Caterpillar 3Q25 results", "Capra AGM", ""])
def test_words_within_words_do_not(title: str) -> None:
    """A Caterpillar call is no Pillar 3 report."""
    assert not is_regulatory(title)


def test_events_beyond_the_look_ahead_are_kept_apart() -> None:
    """A far event is in `later` once, changes no risk, and a near one is not in it."""
    far = on(60)
    found = known(Told("a", answer(on(5), on(8, **ESTIMATE), far, far, knows=True)))
    assert found.later == (far,)
    assert len(found.later_provenance) == 1
    assert far not in found.events
