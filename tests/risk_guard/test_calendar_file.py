"""The user's calendar: what is good is used, what is bad is named with its line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_events import AS_OF, NOW

from config.errors import NoCalendar
from config.home import Home, write_text_whole
from risk_guard.calendar_file import CalendarFile, read_calendar
from risk_guard.event_sources import EventAnswer

HEADER = "ticker,event_type,date,title,url\n"
GOOD = "CBA.AX,basel_iii,2025-11-11,Pillar 3,https://x.au\n"


def calendar_of(folder: Path, text: str | bytes) -> CalendarFile:
    """Return what is read of a file with this content."""
    path = folder / "event_calendar.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_calendar(path)


def asked(calendar: CalendarFile, symbol: str = "CBA.AX") -> EventAnswer:
    """Return the calendar's answer for a symbol."""
    return calendar.ask(symbol, AS_OF, NOW)


def test_a_calendar_is_read_wherever_the_home_is(home: Home) -> None:
    """Missing at first, then read, with the bytes that no spreadsheet leaves out."""
    assert (
        "there is no event_calendar.csv" in read_calendar(home.event_calendar).missing
    )
    write_text_whole(home.event_calendar, "\ufeff" + HEADER + GOOD)
    (found,) = asked(read_calendar(home.event_calendar)).events
    assert found.title == "Pillar 3"


def test_a_line_is_an_event(tmp_path: Path) -> None:
    """Type, day, title and address, confirmed, under the file's name."""
    (found,) = asked(calendar_of(tmp_path, HEADER + GOOD)).events
    assert (found.type, found.first, found.last) == (
        "basel_iii",
        date(2025, 11, 11),
        date(2025, 11, 11),
    )
    assert (found.title, found.url) == ("Pillar 3", "https://x.au")
    assert (found.status, found.source) == ("confirmed", "event_calendar.csv")


@pytest.mark.parametrize(
    "text",
    [
        "# mine\n\n" + HEADER + "  # and this\n,,,,\n" + GOOD,
        "\ufeff" + HEADER + GOOD,
        (HEADER + GOOD).replace("\n", "\r\n"),
        (HEADER + GOOD).rstrip(),
        "Date, Event_Type ,TICKER\n2025-11-11, Basel_III , cba.ax \n",
        "ticker,event_type,date\nCBA.AX,basel_iii,2025-11-11,too,many,cells\n",
        HEADER + 'CBA.AX,basel_iii,2025-11-11,"Pillar 3, and more",\n',
    ],
)
def test_a_calendar_may_look_as_people_save_it(tmp_path: Path, text: str) -> None:
    """Comments, empty lines, BOM, CRLF, other columns and cases are all one."""
    calendar = calendar_of(tmp_path, text)
    assert calendar.refusals == ()
    assert [one.first for one in asked(calendar).events] == [date(2025, 11, 11)]
    assert asked(calendar).knows_what_comes


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("CBA.AX,party,2025-11-11,,", "`event_type` must be one of earnings"),
        ("CBA.AX,earnings,11/11/2025,,", "`date` must be a date like 2025-11-11"),
        ("CBA.AX,earnings,2025-11-31,,", "`date` must be a date like 2025-11-11"),
        ("CBA.AX,earnings,2525-11-11,,", "`date` must be a date like 2025-11-11"),
        ("CBA.AX,earnings,,,", "`date` must be a date like 2025-11-11"),
        ("../secret,earnings,2025-11-11,,", "`symbol` must look like CBA.AX"),
        ("CBA.XX,earnings,2025-11-11,,", "`symbol` must end in .AX"),
        ("CBA.AX", "`event_type` must be one of"),
        ('CBA.AX,earnings,"2025-11-11,never closed', "`date` must be a date"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_used(
    tmp_path: Path, line: str, said: str
) -> None:
    """By its number in the file, with what was expected; the good lines stay."""
    calendar = calendar_of(
        tmp_path, f"{HEADER}# c\n{line}\nANZ.AX,earnings,2025-11-17\n"
    )
    (refusal,) = calendar.notices(AS_OF)
    assert refusal.startswith(f"event_calendar.csv line 3 is not used: {said}")
    assert len(asked(calendar, "ANZ.AX").events) == 1


@pytest.mark.parametrize("kind", ["", "announcement", "basel 3"])
def test_a_regulatory_title_needs_no_known_type(tmp_path: Path, kind: str) -> None:
    """The words in the title make the event, whatever stands before them."""
    calendar = calendar_of(tmp_path, f"{HEADER}CBA.AX,{kind},2025-11-11,APRA ruling,\n")
    assert calendar.refusals == ()
    assert [one.type for one in asked(calendar).events] == ["regulatory"]


def test_an_unreadable_line_leaves_its_symbol_unknown(tmp_path: Path) -> None:
    """The file can't say what comes for a symbol whose line it can't read."""
    calendar = calendar_of(tmp_path, f"{HEADER}{GOOD}CBA.AX,earnings,soon,,\n")
    answer = asked(calendar)
    assert not answer.knows_what_comes
    assert "line 3 can't be read" in answer.gap
    assert len(answer.events) == 1


def test_a_symbol_without_a_line_is_not_covered(tmp_path: Path) -> None:
    """Silence on a symbol is not a calm calendar."""
    answer = asked(calendar_of(tmp_path, HEADER + GOOD), "BHP.AX")
    assert (answer.events, answer.knows_what_comes) == ((), False)
    assert answer.gap == "event_calendar.csv names no event of BHP.AX"


@pytest.mark.parametrize(("last", "late"), [("2025-11-10", 0), ("2025-11-09", 1)])
def test_a_calendar_expires_after_its_last_date(
    tmp_path: Path, last: str, late: int
) -> None:
    """From the day after on it is reported, knows nothing, and keeps its past."""
    calendar = calendar_of(tmp_path, f"{HEADER}CBA.AX,earnings,{last},,\n")
    answer = asked(calendar)
    assert len(calendar.notices(AS_OF)) == late
    assert answer.knows_what_comes == (not late)
    assert len(answer.events) == 1
    if late:
        assert "expired: its last date is 2025-11-09" in answer.gap


@pytest.mark.parametrize("text", ["", "# only words\n", "a,b,c\n1,2,3\n", GOOD])
def test_a_file_without_its_header_is_not_used(tmp_path: Path, text: str) -> None:
    """It is refused whole, with the header that it must have."""
    calendar = calendar_of(tmp_path, text)
    assert "must begin with the header ticker,event_type,date" in calendar.refusals[0]
    with pytest.raises(NoCalendar):
        asked(calendar)


def test_no_file_is_no_answer(tmp_path: Path) -> None:
    """That is no fault of the run; rows of two homes stay alike."""
    calendar = read_calendar(tmp_path / "event_calendar.csv")
    assert calendar.notices(AS_OF) == ()
    with pytest.raises(NoCalendar, match=r"there is no event_calendar.csv in the home"):
        asked(calendar)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    """What can't be read is said at the head of the run."""
    (tmp_path / "event_calendar.csv").mkdir()
    calendar = read_calendar(tmp_path / "event_calendar.csv")
    assert "must be readable" in calendar.notices(AS_OF)[0]


def test_a_foreign_letter_costs_itself_only(tmp_path: Path) -> None:
    """A title saved by an old spreadsheet keeps its event."""
    text = (HEADER + GOOD.replace("Pillar 3", "R\u00e9sultats")).encode("cp1252")
    (found,) = asked(calendar_of(tmp_path, text)).events
    assert found.title == "R\ufffdsultats"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_content_breaks_the_reader(tmp_path: Path, content: bytes) -> None:
    """Whatever the bytes, there are events, refusals, or neither."""
    for text in (content, HEADER.encode() + content):
        calendar = calendar_of(tmp_path, text)
        assert all(isinstance(line, str) for line in calendar.notices(AS_OF))
