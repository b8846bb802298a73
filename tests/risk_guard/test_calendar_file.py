"""The user's calendar: what is good is used, what is bad is named with its line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_events import AS_OF, NOW

from config.errors import NoCalendar
from config.settings import GuardSettings
from risk_guard.calendar_file import CalendarFile, read_calendar, read_calendars
from risk_guard.event_sources import EventAnswer
from storage.home import Home, write_atomic

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
    write_atomic(home.event_calendar, "\ufeff" + HEADER + GOOD)
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
        "ticker,event_type,date\nCBA.AX,basel_iii,2025-11-11,,,\n",
        HEADER + "CBA.AX,basel_iii,2025-11-11,Pillar 3,,,,\n",
        HEADER.replace(",", ";") + "CBA.AX;basel_iii;2025-11-11;Pillar 3, short;\n",
        HEADER.replace(",", "\t") + "CBA.AX\tbasel_iii\t2025-11-11\tPillar 3, x\t\n",
        "sep=;\n" + HEADER.replace(",", ";") + "CBA.AX;basel_iii;2025-11-11;;\n",
        "ticker,event_type,date,title,,\nCBA.AX,basel_iii,2025-11-11,Pillar 3,,\n",
        (HEADER + GOOD).replace("\n", "\r"),
        HEADER + 'CBA.AX,basel_iii,2025-11-11,"Pillar 3,\n\nand more",\n',
        HEADER + 'CBA.AX, basel_iii, 2025-11-11, "Pillar 3, and more", www.x.au/a\n',
        HEADER + 'CBA.AX,basel_iii,2025-11-11,A 5" note on Pillar 3,\n',
        HEADER + 'CBA.AX,basel_iii,2025-11-11,"Pillar 3, and more",\n',
    ],
)
def test_a_calendar_may_look_as_people_save_it(tmp_path: Path, text: str) -> None:
    """Comments, empty lines, BOM, CRLF, other columns and cases are all one."""
    calendar = calendar_of(tmp_path, text)
    assert calendar.refusals == ()
    assert [one.first for one in asked(calendar).events] == [date(2025, 11, 11)]
    assert asked(calendar).covers_future


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
        ('CBA.AX,earnings,"2025-11-11,never closed', "a double quote is opened"),
        ('CBA.AX,earnings,2025-11-11,"never closed,', "a double quote is opened"),
        ("CBA.AX,earnings,2025-11-11,Final, Pillar 3,", "`url` must be an address"),
        ("CBA.AX,earnings,2025-11-11,Final, APRA", "`url` must be an address"),
        ("CBA.AX,earnings,2025-11-11,Final, net, APRA,", "it has 7 cells and the"),
        (f"CBA.AX,earnings,2025-11-11,{'x' * 10_001},", "it is longer than 10000"),
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


@pytest.mark.parametrize(
    ("kind", "found"), [("dividend", "regulatory"), ("basel_iii", "basel_iii")]
)
def test_a_regulatory_title_replaces_any_other_type(
    tmp_path: Path, kind: str, found: str
) -> None:
    """A dividend with a regulatory title is regulatory; basel_iii stays basel_iii."""
    calendar = calendar_of(tmp_path, f"{HEADER}CBA.AX,{kind},2025-11-11,APRA,\n")
    assert [event.type for event in asked(calendar).events] == [found]


def test_an_unreadable_line_leaves_its_symbol_unknown(tmp_path: Path) -> None:
    """The file can't say what comes for a symbol whose line it can't read."""
    calendar = calendar_of(tmp_path, f"{HEADER}{GOOD}CBA.AX,earnings,soon,,\n")
    answer = asked(calendar)
    assert not answer.covers_future
    assert "line 3 can't be read" in answer.gap
    assert len(answer.events) == 1


@pytest.mark.parametrize("ticker", ["", "???", "C\ufffdA.AX"])
def test_a_line_without_a_readable_ticker_leaves_every_symbol_unknown(
    tmp_path: Path, ticker: str
) -> None:
    """It may hold the next event of any of them."""
    calendar = calendar_of(tmp_path, f"{HEADER}{GOOD}{ticker},earnings,2025-11-12,,\n")
    answer = asked(calendar)
    assert not answer.covers_future
    assert "line 3 can't be read" in answer.doubts[0]


def test_a_line_with_its_cells_in_a_wrong_order_leaves_its_symbol_unknown(
    tmp_path: Path,
) -> None:
    """A listed symbol in any of its cells is doubted, and no other one."""
    text = f"{HEADER}{GOOD}ANZ.AX,earnings,2025-11-17,,\nearnings,CBA.AX,2025-11-12,,\n"
    path = calendar_of(tmp_path, text).path
    calendar = read_calendar(path, listed=("CBA.AX", "ANZ.AX"))
    assert "line 4 can't be read" in asked(calendar).doubts[0]
    assert asked(calendar, "ANZ.AX").doubts == ()


def test_a_symbol_without_a_line_is_not_covered(tmp_path: Path) -> None:
    """Silence on a symbol is not a calm calendar."""
    answer = asked(calendar_of(tmp_path, HEADER + GOOD), "BHP.AX")
    assert (answer.events, answer.covers_future) == ((), False)
    assert answer.gap == "event_calendar.csv names no event of BHP.AX"


@pytest.mark.parametrize(("last", "late"), [("2025-11-10", 0), ("2025-11-09", 1)])
def test_a_calendar_expires_after_its_last_date(
    tmp_path: Path, last: str, late: int
) -> None:
    """From the day after on it is reported, knows nothing, and keeps its past."""
    calendar = calendar_of(tmp_path, f"{HEADER}CBA.AX,earnings,{last},,\n")
    answer = asked(calendar)
    assert len(calendar.notices(AS_OF)) == late
    assert answer.covers_future == (not late)
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
    assert "can't be read" in calendar.notices(AS_OF)[0]


def test_a_foreign_letter_costs_itself_only(tmp_path: Path) -> None:
    """A title saved by an old spreadsheet, in Windows-1252, keeps its event."""
    text = (HEADER + GOOD.replace("Pillar 3", "R\u00e9sultats")).encode("cp1252")
    (found,) = asked(calendar_of(tmp_path, text)).events
    assert found.title == "R\u00e9sultats"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"]
)
def test_a_spreadsheets_encoding_is_read_by_its_mark(
    tmp_path: Path, encoding: str
) -> None:
    """The title is what was written, whatever bytes stand for it."""
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = f"{mark}{HEADER}CBA.AX,earnings,2025-11-11,R\u00e9sultats \u2013 2025,\r\n"
    calendar = calendar_of(tmp_path, text.encode(encoding))
    assert calendar.refusals == ()
    assert [one.title for one in asked(calendar).events] == [
        "R\u00e9sultats \u2013 2025"
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEADER + GOOD).encode("utf-16-le"), "NUL bytes, as UTF-16 without"),
        ((HEADER + GOOD).encode("utf-16")[:-1], "byte-order mark says UTF-16, but"),
        (HEADER.encode() + b"CBA.AX,earnings,2025-11-11,a\0b,\n", "NUL bytes"),
        (b"\x1b[2Jdate,date\n", "must begin with the header"),
        (b"ticker,event_type,date,date\n", "has two columns `date`"),
        (b'"ticker,event_type,date,title,url"\n', "must begin with the header"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """With its cause, printable, and no symbol is covered by it."""
    calendar = calendar_of(tmp_path, content)
    (refusal,) = calendar.notices(AS_OF)
    assert said in refusal
    assert refusal.isprintable()
    with pytest.raises(NoCalendar):
        asked(calendar)


def test_lines_end_at_line_ends_only(tmp_path: Path) -> None:
    """A separator of another kind inside a title takes no word of it away."""
    for inside in ("\u2028", "\u0085", "\x0b", "\x0c", "\x1c"):
        text = f"{HEADER}CBA.AX,dividend,2025-11-11,Final{inside}Pillar 3,\nx,y,z\n"
        calendar = calendar_of(tmp_path, text)
        (found,) = asked(calendar).events
        assert (found.type, found.title) == ("regulatory", "Final Pillar 3")
        assert "line 3 is not used" in calendar.refusals[0]


def test_a_quote_that_is_never_closed_spoils_its_own_line(tmp_path: Path) -> None:
    """The lines after it are events, and keep their numbers."""
    calendar = calendar_of(
        tmp_path,
        f'{HEADER}CBA.AX,earnings,2025-11-11,"Half-year\nANZ.AX,earnings,2025-11-17,'
        '"Full ""year""",\nWBC.AX,party,2025-11-17,,\n',
    )
    own, other = calendar.refusals
    assert own.startswith("event_calendar.csv line 2 is not used: a double quote")
    assert other.startswith("event_calendar.csv line 4 is not used")
    assert asked(calendar, "ANZ.AX").events[0].title == 'Full "year"'


def test_line_numbers_count_the_breaks_inside_quotes(tmp_path: Path) -> None:
    """They are those that an editor shows."""
    calendar = calendar_of(
        tmp_path, f'{HEADER}CBA.AX,earnings,2025-11-11,"a\nb\n\nc",\nx,y,z\n'
    )
    assert asked(calendar).events[0].title == "a b c"
    assert calendar.refusals[0].startswith("event_calendar.csv line 6")


def test_a_cut_title_leaves_its_symbol_unknown(tmp_path: Path) -> None:
    """An unquoted comma may take away the words Pillar 3: the file can't say."""
    calendar = calendar_of(
        tmp_path,
        f"{HEADER}CBA.AX,dividend,2025-11-20,Final dividend, Pillar 3 report,\n"
        "CBA.AX,earnings,2026-02-11,,\n",
    )
    answer = asked(calendar)
    assert not answer.covers_future
    assert "line 2 can't be read" in answer.gap
    assert "put the title in double quotes" in answer.doubts[0]


@pytest.mark.parametrize(
    ("line", "covered"),
    [
        ("earnings,2025-11-10", True),
        ("earnings,2026-05-29", True),
        ("earnings,2026-05-30", False),
        ("earnings,2025-11-09", False),
        ("basel_iii,2025-11-20", True),
        ("dividend,2025-11-20", False),
    ],
)
def test_a_symbol_is_covered_by_a_coming_report_of_its_own(
    *, tmp_path: Path, line: str, covered: bool
) -> None:
    """From the as-of day to `reporting_gap_days` later; another symbol's is none."""
    text = f"{HEADER}CBA.AX,{line},,\nANZ.AX,earnings,2025-11-17,,\n"
    answer = asked(calendar_of(tmp_path, text))
    assert answer.covers_future == covered
    assert ("names no report of CBA.AX" in answer.gap) != covered


@pytest.mark.parametrize(
    ("ticker", "symbol"),
    [
        ("BHP", "BHP.AX"),
        ("barc", "BARC.L"),
        ("BHP.ASX", "BHP.AX"),
        ("BHP AU", "BHP.AX"),
        ("BHP-AX", "BHP.AX"),
        ("BT.A", "BT-A.L"),
        ("AAPL US", "AAPL"),
    ],
)
def test_a_ticker_without_its_suffix_leaves_the_stock_unknown(
    tmp_path: Path, ticker: str, symbol: str
) -> None:
    """The line, what it names and what to write stand in notice and answer."""
    path = tmp_path / "event_calendar.csv"
    path.write_text(
        f"{HEADER}{ticker},earnings,2025-11-11,,\n{symbol},earnings,2026-02-11,,\n"
    )
    calendar = read_calendar(path, listed=[symbol, "MSFT"])
    said = f"line 2 names {ticker.upper()}; the list has {symbol}. Write {symbol}"
    assert any(said in notice for notice in calendar.notices(AS_OF))
    answer = asked(calendar, symbol)
    assert not answer.covers_future
    assert said in answer.doubts[0]
    assert asked(calendar, "MSFT").doubts == ()


@pytest.mark.parametrize(
    ("ticker", "symbol"),
    [("ASX:BHP", "BHP.AX"), ("LON:BARC", "BARC.L"), ("NASDAQ:AAPL", "AAPL")],
)
def test_a_ticker_with_its_exchange_is_the_symbol(
    tmp_path: Path, ticker: str, symbol: str
) -> None:
    """`ASX:BHP`, as charting sites write it, can only mean `BHP.AX`."""
    path = tmp_path / "event_calendar.csv"
    path.write_text(f"{HEADER}{ticker},earnings,2025-11-11,,\n")
    calendar = read_calendar(path, listed=[symbol])
    assert calendar.notices(AS_OF) == ()
    assert asked(calendar, symbol).covers_future


def test_a_us_stock_of_the_list_is_what_it_says(tmp_path: Path) -> None:
    """`BHP` is a stock in New York; nothing is guessed where the list has it."""
    path = tmp_path / "event_calendar.csv"
    path.write_text(f"{HEADER}BHP,earnings,2025-11-11,,\n")
    calendar = read_calendar(path, listed=["BHP", "BHP.AX"])
    assert calendar.notices(AS_OF) == ()
    assert asked(calendar, "BHP").covers_future


def test_the_folders_calendar_is_read_beside_the_homes(tmp_path: Path) -> None:
    """Events and bad lines name their file; one that is reached twice is read once."""
    home, folder = tmp_path / "home", tmp_path / "my,prices"
    for place, line in ((home, "2025-11-11,,"), (folder, "2025-11-17,,\nx,y,z")):
        place.mkdir()
        (place / "event_calendar.csv").write_text(f"{HEADER}CBA.AX,earnings,{line}\n")
    own = home / "event_calendar.csv"
    found = read_calendars(own, folder, ["CBA.AX"], GuardSettings())
    assert [asked(one).events[0].source for one in found] == [
        "event_calendar.csv",
        "my prices/event_calendar.csv",
    ]
    assert found[1].refusals[0].startswith("my prices/event_calendar.csv line 3")
    (tmp_path / "link").symlink_to(home)
    for same in (home, tmp_path / "link"):
        assert len(read_calendars(own, same, ["CBA.AX"], GuardSettings())) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_content_breaks_the_reader(tmp_path: Path, content: bytes) -> None:
    """Whatever the bytes, there are events, refusals, or neither."""
    for text in (content, HEADER.encode() + content):
        calendar = calendar_of(tmp_path, text)
        assert all(isinstance(line, str) for line in calendar.notices(AS_OF))
