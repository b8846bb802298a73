"""What a source said stands until it says otherwise."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from made_events import AS_OF, NOW, event

from config.errors import RateLimited
from config.home import Home, write_text_whole
from risk_guard.event_history import EventHistory, Remembered
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event


@dataclass
class Speaker:
    """A source that says `events` until it falls silent (None)."""

    events: tuple[Event, ...] | None = ()
    name: str = "yahoo"

    def ask(self, _symbol: str, _as_of: date, _now: datetime) -> EventAnswer:
        """Return the events, or refuse."""
        if self.events is None:
            raise RateLimited("Yahoo said 429.")
        return EventAnswer(self.events, knows_what_comes=True)


def on(day: int) -> Event:
    """Return Yahoo's earnings `day` days after the as-of session."""
    return event(AS_OF + timedelta(days=day), source="yahoo")


@pytest.fixture
def speaker() -> Speaker:
    """Return a source that says nothing yet."""
    return Speaker()


def night(
    home: Home, speaker: Speaker, day: int = 0, *, forgets: bool = True
) -> EventAnswer:
    """Return the answer of the night `day` days after the as-of session."""
    source = Remembered(speaker, EventHistory(home.seen_events), forgets=forgets)
    return source.ask("CBA.AX", AS_OF + timedelta(days=day), NOW)


def test_a_passed_event_is_kept_for_the_sit_out_after_it(
    home: Home, speaker: Speaker
) -> None:
    """Yahoo forgets an event once it has passed; the history does not."""
    speaker.events = (on(1),)
    night(home, speaker)
    speaker.events = (on(90),)
    for day in (1, 2, 3):
        assert night(home, speaker, day).events == (on(90), on(1))


def test_a_moved_event_is_not_kept(home: Home, speaker: Speaker) -> None:
    """A date still to come that the source no longer names is gone."""
    speaker.events = (on(5),)
    night(home, speaker)
    speaker.events = (on(8),)
    assert night(home, speaker, 1).events == (on(8),)
    assert night(home, speaker, 6).events == (on(8),)


def test_the_last_word_stands_when_the_source_is_silent(
    home: Home, speaker: Speaker
) -> None:
    """Its events still count, but nobody knows what else comes; the row says so."""
    speaker.events = (on(2),)
    night(home, speaker)
    speaker.events = None
    answer = night(home, speaker, 1)
    assert answer.events == (on(2),)
    assert not answer.knows_what_comes
    assert answer.gap == "rate_limited: Yahoo said 429"
    assert answer.notes == (f"yahoo has no answer, its word of {NOW.date()} stands",)


def test_silence_without_a_last_word_is_the_failure(
    home: Home, speaker: Speaker
) -> None:
    """Where nothing is remembered, the source's own failure comes through."""
    speaker.events = None
    with pytest.raises(RateLimited):
        night(home, speaker)


def test_an_earlier_night_does_not_see_what_later_ones_learned(
    home: Home, speaker: Speaker
) -> None:
    """A replay knows what its night knew, and takes nothing from tonight."""
    speaker.events = (on(9),)
    night(home, speaker, 5)
    speaker.events = ()
    assert night(home, speaker, 0).events == ()
    speaker.events = None
    assert night(home, speaker, 6).events == (on(9),)


def test_a_night_seen_twice_keeps_its_first_sight(home: Home, speaker: Speaker) -> None:
    """An event known since Monday is known on Tuesday, asked again on Friday or not."""
    speaker.events = (on(9),)
    night(home, speaker, 0)
    night(home, speaker, 4)
    speaker.events = None
    assert night(home, speaker, 1).events == (on(9),)


def test_a_source_that_forgets_nothing_is_taken_at_its_word(
    home: Home, speaker: Speaker
) -> None:
    """A line taken out of the calendar file is gone, past or coming."""
    speaker.events = (on(-1), on(3))
    night(home, speaker, forgets=False)
    speaker.events = ()
    assert night(home, speaker, forgets=False).events == ()
    speaker.events = None
    with pytest.raises(RateLimited):
        night(home, speaker, forgets=False)


def test_two_sources_don_t_disturb_each_other(home: Home) -> None:
    """Each symbol's file holds all its sources."""
    one = Speaker((on(1),))
    other = Speaker((replace(on(2), source="file"),), name="file")
    night(home, one)
    night(home, other)
    one.events = other.events = None
    assert night(home, one).events == (on(1),)
    assert [found.first for found in night(home, other).events] == [on(2).first]


@pytest.mark.parametrize("content", ["", "[{", '{"a": 1}', '[{"event": 3}]'])
def test_a_torn_file_counts_as_nothing(
    home: Home, speaker: Speaker, content: str
) -> None:
    """It is read as empty, which the night is told once, and written whole again."""
    write_text_whole(home.seen_events / "CBA.AX.json", content)
    speaker.events = (on(1),)
    answer = night(home, speaker)
    assert answer.events == (on(1),)
    assert "can't read CBA.AX.json" in answer.notes[-1]
    assert night(home, speaker).notes == ()
    speaker.events = None
    assert night(home, speaker).events == (on(1),)
