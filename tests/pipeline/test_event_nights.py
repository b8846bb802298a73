"""Sequences of live nights while the calendars change: sit-out and warning of each."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from own_nights import Yahoo, evening, files, judged, known, live

from risk_guard.assessment import EventAssessment

FILE = "event_calendar.csv"


class Night(NamedTuple):
    """A night of November 2025: what the calendars name, and what the guard finds.

    `yahoo` and `file` are days of earnings: None for a Yahoo that does not answer, and
    for a home without a calendar file. `warning` is a part of the row's warning; "" is
    a row without a warning.
    """

    day: int
    yahoo: tuple[int, ...] | None
    file: tuple[int, ...] | None
    sit_out: bool | None
    warning: str


def on(day: int) -> date:
    """Return the day of November 2025; from 31 on, of the months after it."""
    return date(2025, 11, 1) + timedelta(days=day - 1)


def moved(old: int, new: int, seen: int, source: str = "yahoo") -> str:
    """Return the sentence of a report that moved."""
    return (
        f"earnings moved from {on(old)} ({source}) to {on(new)} ({source}), seen as of "
        f"{on(seen)}"
    )


def gone(day: int, seen: int, source: str = "yahoo") -> str:
    """Return the sentence of a date that is missing."""
    return (
        f"{source} no longer names earnings {on(day)}, which it last named as of "
        f"{on(seen)}"
    )


DIFFER = (
    "sources differ: earnings 2025-11-19 (confirmed, yahoo) since 2025-11-14, earnings "
    "2025-11-21 (confirmed, event_calendar.csv) since 2025-11-17; both are used, "
    "because both are confirmed"
)
NEXT = 117
OUT, TRADE, NOT_KNOWN = True, False, None
CASES = {
    "confirmed": [
        Night(13, (19,), None, TRADE, ""),
        Night(14, (19,), None, OUT, ""),
        Night(19, (19,), None, OUT, ""),
        Night(20, (NEXT,), None, OUT, ""),
        Night(24, (NEXT,), None, OUT, ""),
        Night(25, (NEXT,), None, TRADE, ""),
    ],
    "moved later": [
        Night(14, (19,), None, OUT, ""),
        Night(17, (25,), None, TRADE, moved(19, 25, 17)),
        Night(20, (25,), None, OUT, moved(19, 25, 17)),
    ],
    "moved earlier": [
        Night(14, (25,), None, TRADE, ""),
        Night(17, (19,), None, OUT, moved(25, 19, 17)),
        Night(20, (NEXT,), None, OUT, moved(25, 19, 17)),
    ],
    "moved twice": [
        Night(12, (19,), None, TRADE, ""),
        Night(13, (21,), None, TRADE, moved(19, 21, 13)),
        Night(14, (26,), None, TRADE, moved(21, 26, 14)),
    ],
    "dropped": [
        Night(14, (19,), None, OUT, ""),
        Night(17, (), None, NOT_KNOWN, gone(19, 14)),
        Night(20, (), None, NOT_KNOWN, gone(19, 14)),
    ],
    "dropped for the next quarter's": [
        Night(14, (19,), None, OUT, ""),
        Night(17, (NEXT,), None, NOT_KNOWN, gone(19, 14)),
        Night(19, (NEXT,), None, NOT_KNOWN, gone(19, 14)),
        Night(20, (NEXT,), None, TRADE, gone(19, 14)),
    ],
    "dropped long before": [
        Night(10, (19,), None, TRADE, ""),
        Night(11, (NEXT,), None, TRADE, gone(19, 10)),
        Night(12, (NEXT,), None, NOT_KNOWN, gone(19, 10)),
    ],
    "a line deleted for the next quarter's": [
        Night(14, (), (19, NEXT), OUT, ""),
        Night(17, (), (NEXT,), TRADE, gone(19, 14, FILE)),
    ],
    "dropped by Yahoo and not by the file": [
        Night(14, (19,), (19,), OUT, ""),
        Night(17, (NEXT,), (19,), OUT, gone(19, 14)),
        Night(25, (NEXT,), (19, NEXT), TRADE, ""),
    ],
    "doubled": [
        Night(14, (19, 20), None, OUT, "Also ahead: earnings 2025-11-20"),
        Night(17, (20,), None, OUT, gone(19, 14)),
        Night(25, (NEXT,), None, OUT, ""),
    ],
    "an answer is missing": [
        Night(14, (19,), None, OUT, ""),
        Night(17, None, None, OUT, "yahoo named as of 2025-11-14 are used"),
        Night(20, None, None, OUT, "Yahoo said 429"),
        Night(21, (NEXT,), None, OUT, ""),
    ],
    "an empty answer in between": [
        Night(14, (19,), None, OUT, ""),
        Night(17, (), None, NOT_KNOWN, gone(19, 14)),
        Night(18, (19,), None, OUT, ""),
    ],
    "a file is missing": [
        Night(14, (), (19,), OUT, ""),
        Night(17, (), None, OUT, f"{FILE} named as of 2025-11-14 are used"),
        Night(18, (), (19,), OUT, ""),
    ],
    "moved while an answer is missing": [
        Night(14, (19,), None, OUT, ""),
        Night(17, None, None, OUT, "yahoo named as of 2025-11-14 are used"),
        Night(18, (26,), None, TRADE, moved(19, 26, 18)),
    ],
    "a line moved later": [
        Night(14, (), (19,), OUT, ""),
        Night(17, (), (25,), TRADE, moved(19, 25, 17, FILE)),
    ],
    "a line moved earlier": [
        Night(14, (), (25,), TRADE, ""),
        Night(17, (), (19,), OUT, moved(25, 19, 17, FILE)),
    ],
    "a line deleted": [
        Night(14, (), (19,), OUT, ""),
        Night(17, (), (), NOT_KNOWN, gone(19, 14, FILE)),
    ],
    "a line doubled": [
        Night(14, (), (19, 19), OUT, ""),
        Night(17, (), (19, 20), OUT, "Also ahead: earnings 2025-11-20"),
        Night(18, (), (20,), OUT, gone(19, 17, FILE)),
    ],
    "a line two days from Yahoo's date": [
        Night(14, (19,), None, OUT, ""),
        Night(17, (19,), (21,), OUT, DIFFER),
        Night(26, (NEXT,), (21,), OUT, "sources differ"),
    ],
    "Yahoo takes the line's date": [
        Night(14, (19,), (21,), OUT, "sources differ"),
        Night(17, (21,), (21,), TRADE, moved(19, 21, 17)),
    ],
}

tables = pytest.mark.parametrize("nights", CASES.values(), ids=CASES)


@dataclass(frozen=True)
class Clock:
    """The nights of a case in one home."""

    home: Path
    yahoo: Yahoo

    def run(self, night: Night) -> EventAssessment:
        """Write the night's calendar file and return its finding."""
        write(self.home / FILE, night.file)
        day = on(night.day)
        return judged(live(self.home, self.yahoo, day), day)

    def replay(self, day: int, now: int) -> EventAssessment:
        """Return the finding of a replay, half an hour after the live night `now`."""
        at = evening(on(now)) + timedelta(minutes=30)
        return judged(known(self.home, self.yahoo, on(day), at), on(day))


def clock(home: Path, nights: Iterable[Night]) -> Clock:
    """Return a home whose Yahoo answers as in the table."""
    home.mkdir(exist_ok=True)
    answers = {
        on(night.day): None if night.yahoo is None else [on(day) for day in night.yahoo]
        for night in nights
    }
    return Clock(home, Yahoo(answers))


def write(path: Path, days: Sequence[int] | None, symbol: str = "NVDA") -> None:
    """Write a calendar file with these days of earnings, or remove it."""
    if days is None:
        path.unlink(missing_ok=True)
        return
    lines = [f"{symbol},earnings,{on(day)}" for day in days]
    path.write_text("\n".join(["ticker,event_type,date", *lines]))


@tables
def test_each_night_has_its_sit_out_and_its_warning(
    tmp_path: Path, nights: list[Night]
) -> None:
    """A live night finds what its table states."""
    case = clock(tmp_path, nights)
    for night in nights:
        found = case.run(night)
        assert (night.day, found.sit_out) == (night.day, night.sit_out)
        assert night.warning in found.warning
        assert bool(night.warning) is bool(found.warning), found.warning


@tables
def test_replays_in_between_change_no_live_night(
    tmp_path: Path, nights: list[Night]
) -> None:
    """They ask nothing and write nothing; the nights after them are as without them."""
    plain, busy = clock(tmp_path / "plain", nights), clock(tmp_path / "busy", nights)
    for place, night in enumerate(nights):
        assert busy.run(night) == plain.run(night)
        asked, stored = len(busy.yahoo.asked), files(busy.home)
        for earlier in (7, *(one.day for one in nights[:place])):
            busy.replay(earlier, night.day)
        assert (len(busy.yahoo.asked), files(busy.home)) == (asked, stored)
    assert files(busy.home) == files(plain.home)


@tables
def test_a_copied_home_answers_the_same(tmp_path: Path, nights: list[Night]) -> None:
    """The stored answers do not depend on the folder's name."""
    first, second = (
        clock(tmp_path / "first", nights),
        clock(tmp_path / "second", nights),
    )
    for night in nights[:-1]:
        first.run(night)
    shutil.copytree(first.home, second.home, dirs_exist_ok=True)
    assert second.run(nights[-1]) == first.run(nights[-1])


@tables
def test_a_replay_finds_what_its_live_night_found(
    tmp_path: Path, nights: list[Night]
) -> None:
    """Whatever later nights have stored; a calendar file counts as it is now."""
    case = clock(tmp_path, nights)
    found = {night.day: (night, case.run(night)) for night in nights}
    for night, live_night in found.values():
        if night.yahoo is not None and night != nights[-1]:
            write(case.home / FILE, night.file)
            again = case.replay(night.day, nights[-1].day)
            assert again.sit_out == live_night.sit_out
            assert again.warning == live_night.warning


def test_a_line_that_changes_in_the_folder_s_calendar_has_moved(tmp_path: Path) -> None:
    """The folder's file has its own name in the sentence."""
    folder, yahoo = tmp_path / "asx", Yahoo({on(14): (), on(17): ()})
    folder.mkdir()
    for day, report in ((14, 19), (17, 25)):
        write(folder / FILE, (report,))
        found = judged(live(tmp_path, yahoo, on(day), folder=folder), on(day))
    assert found.warning.count(moved(19, 25, 17, f"asx/{FILE}")) == 1
    assert not found.sit_out


def test_an_evening_in_utc_is_the_next_day_in_sydney(tmp_path: Path) -> None:
    """23:00 UTC of 2025-11-10 is 10:00 of the 11th, the day of the calendar's line."""
    instant = datetime(2025, 11, 10, 23, tzinfo=UTC)
    yahoo = Yahoo({on(7): [instant], on(10): [instant]})
    for lines, warning in (((11,), ""), ((10,), "sources differ")):
        write(tmp_path / FILE, lines, "BHP.AX")
        found = live(tmp_path, yahoo, on(7), symbol="BHP.AX")
        assert {on(day) for day in (11, *lines)} == {one.first for one in found.events}
        assert warning in judged(found, on(7), "BHP.AX").warning


def test_a_line_a_day_early_counts_until_it_is_corrected(tmp_path: Path) -> None:
    """Both days are sat out; the correction is a move."""
    instant = datetime(2025, 11, 10, 23, tzinfo=UTC)
    yahoo = Yahoo({on(day): [instant] for day in (6, 7)})
    write(tmp_path / FILE, (10,), "BHP.AX")
    early = judged(live(tmp_path, yahoo, on(6), symbol="BHP.AX"), on(6), "BHP.AX")
    write(tmp_path / FILE, (11,), "BHP.AX")
    right = judged(live(tmp_path, yahoo, on(7), symbol="BHP.AX"), on(7), "BHP.AX")
    assert (early.sit_out, right.sit_out) == (True, True)
    assert (early.event, right.event) != (None, None)
    assert "both are used" in early.warning
    assert moved(10, 11, 7, FILE) in right.warning


def test_since_is_the_first_session_of_the_date_s_own_source(tmp_path: Path) -> None:
    """Yahoo named the file's date a night earlier, and has moved on."""
    case = clock(
        tmp_path,
        nights := [
            Night(13, (21,), None, TRADE, ""),
            Night(14, (19,), (21,), OUT, ""),
        ],
    )
    _, found = map(case.run, nights)
    assert (
        "2025-11-21 (confirmed, event_calendar.csv) since 2025-11-14" in found.warning
    )
