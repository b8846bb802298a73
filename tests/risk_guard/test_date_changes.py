"""A report's date that moved or is no longer named: from when, to when, seen when."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from made_events import AS_OF, event

from config.settings import GuardSettings
from risk_guard.date_changes import date_changes, lost_reports
from risk_guard.events import Event
from risk_guard.sightings import EventSighting, StoredAnswer, find_sightings

SETTINGS = GuardSettings()
Said = Mapping[int, tuple[Event, ...]]
"""A source's answers by the day of the night, counted from the as-of session."""


def day(number: int) -> date:
    """Return the day so many days after the as-of session."""
    return AS_OF + timedelta(days=number)


def on(number: int, kind: str = "earnings", **changes: str) -> Event:
    """Return Yahoo's event of that day."""
    return event(day(number), kind, **({"source": "yahoo"} | changes))


def seen(source: str, said: Said) -> tuple[EventSighting, ...]:
    """Return the sightings of a source that answered so."""
    answers = [
        StoredAnswer(
            source,
            day(number),
            datetime.combine(day(number), datetime.min.time(), UTC),
            events,
            covers_future=True,
        )
        for number, events in said.items()
    ]
    return find_sightings(answers, "XASX")


def changes(said: Said, as_of: int, **others: Said) -> tuple[str, ...]:
    """Return what is said of Yahoo's dates, and of other sources' beside them."""
    found = [one for name, text in others.items() for one in seen(name, text)]
    return date_changes([*seen("yahoo", said), *found], day(as_of), SETTINGS)


def test_a_moved_report_names_both_dates_and_the_session() -> None:
    """From when, to when, by whom, and as of which night it was first seen."""
    (said,) = changes({0: (on(9),), 1: (on(9),), 2: (on(12),), 3: (on(12),)}, 3)
    moved = f"earnings moved from {day(9)} (yahoo) to {day(12)} (yahoo)"
    assert said == f"{moved}, seen as of {day(2)}"


@pytest.mark.parametrize(("new", "moved"), [(-3, True), (45, True), (46, False)])
def test_a_date_moves_by_less_than_half_a_quarter(new: int, *, moved: bool) -> None:
    """Earlier or later; one that is further off may be the next report's."""
    (said,) = changes({0: (on(30),), 1: (on(30 + new),)}, 1)
    assert said.startswith("earnings moved" if moved else "yahoo no longer names")


def test_the_next_quarter_s_report_is_no_move() -> None:
    """It follows one that has passed."""
    assert changes({0: (on(2),), 3: (on(93),)}, 3) == ()


def test_a_passed_date_that_is_put_off_by_days_has_moved() -> None:
    """Two reports of one company are never that close together."""
    (said,) = changes({0: (on(2),), 3: (on(8),)}, 3)
    assert f"from {day(2)} (yahoo) to {day(8)} (yahoo)" in said


def test_the_next_dividend_is_no_move() -> None:
    """Some funds pay each week."""
    assert changes({0: (on(2, "dividend"),), 3: (on(9, "dividend"),)}, 3) == ()


def test_a_date_that_is_no_longer_named_gets_a_warning() -> None:
    """With the night that last knew it, while the day lies ahead."""
    said = changes({0: (on(9),), 1: (on(9),), 2: ()}, 2)
    assert said == (
        f"yahoo no longer names earnings {day(9)}, which it last named as of {day(1)}",
    )
    assert changes({0: (on(9),), 2: ()}, 17) == ()


def test_a_range_that_narrows_is_no_move() -> None:
    """An estimate of several days that becomes one of them, or a day between."""
    ends = (on(7, status="estimated"), on(11, status="estimated"))
    assert changes({0: ends, 1: (on(9),)}, 1) == ()
    assert changes({0: ends, 1: ends[1:]}, 1) == ()
    (said,) = changes({0: ends, 1: (on(14),)}, 1)
    assert f"from {day(7)} or {day(11)} (yahoo) to {day(14)}" in said


def test_a_second_report_near_by_does_not_hide_a_withdrawn_one() -> None:
    """Both were confirmed: one of them is gone."""
    said = changes({0: (on(7), on(11)), 1: (on(11),)}, 1)
    assert said == (
        f"yahoo no longer names earnings {day(7)}, which it last named as of {day(0)}",
    )


def test_another_source_s_date_counts_as_the_new_one() -> None:
    """The calendar file drops its line; Yahoo names another day."""
    mine = on(9, source="file")
    (said,) = changes({1: (on(10),)}, 2, file={0: (mine,), 1: (mine,), 2: ()})
    assert said == (
        f"earnings moved from {day(9)} (file) to {day(10)} (yahoo), seen as of {day(2)}"
    )


def test_a_date_that_returns_is_not_warned_of() -> None:
    """It is named again, so nothing is missing."""
    assert changes({0: (on(9),), 1: (), 2: (on(9),)}, 2) == ()


def test_an_old_change_far_ahead_is_not_repeated_each_night() -> None:
    """It is said for a week, and again when the date is near."""
    said = {0: (on(100),), 1: (on(110),)}
    shown = [bool(changes(said, number)) for number in (1, 8, 9, 69, 80, 110, 111)]
    assert shown == [True, True, False, False, True, True, False]


def test_a_date_that_moves_twice_has_a_sentence_for_each_move() -> None:
    """Each names the dates of its own move and the night that first showed it."""
    first, second = changes({0: (on(9),), 1: (on(12),), 2: (on(15),)}, 2)
    moved = f"earnings moved from {day(9)} (yahoo) to {day(12)} (yahoo)"
    assert first == f"{moved}, seen as of {day(1)}"
    moved = f"earnings moved from {day(12)} (yahoo) to {day(15)} (yahoo)"
    assert second == f"{moved}, seen as of {day(2)}"


def test_a_moved_date_that_is_withdrawn_is_told_as_both() -> None:
    """The move comes first, and then that the new date is gone too."""
    moved, gone = changes({0: (on(9),), 1: (on(12),), 2: ()}, 2)
    assert moved.endswith(f"to {day(12)} (yahoo), seen as of {day(1)}")
    assert gone.startswith(f"yahoo no longer names earnings {day(12)}")


def test_a_date_that_moves_there_and_back_has_moved_back() -> None:
    """The first date is named again, so only the way back is still to be said."""
    (said,) = changes({0: (on(9),), 1: (on(12),), 2: (on(9),)}, 2)
    assert said == (
        f"earnings moved from {day(12)} (yahoo) to {day(9)} (yahoo), seen as of "
        f"{day(2)}"
    )


def test_a_date_that_is_missing_for_a_night_has_moved_from_the_one_before() -> None:
    """The sentence gives the night on which the new date was first seen."""
    (said,) = changes({0: (on(9),), 1: (), 2: (on(12),)}, 2)
    assert said == (
        f"earnings moved from {day(9)} (yahoo) to {day(12)} (yahoo), seen as of "
        f"{day(2)}"
    )


@pytest.mark.parametrize(
    ("old", "named", "is_lost"),
    [
        (on(5), (), True),
        (on(5), (on(98),), True),
        (on(5), (on(5, source="file"),), False),
        (on(5), (on(6),), False),
        (on(9), (), False),
        (on(5, "dividend"), (), False),
        (on(5, source="file"), (), False),
    ],
)
def test_a_report_in_the_look_ahead_that_yahoo_drops_is_lost(
    old: Event, named: tuple[Event, ...], *, is_lost: bool
) -> None:
    """Unless a source names a date near it; a deleted line is the user's decision."""
    own = tuple(one for one in named if one.source == old.source)
    sightings = seen(old.source, {0: (old, *own), 1: own})
    found = lost_reports(sightings, named, day(1), SETTINGS)
    assert bool(found) is is_lost
