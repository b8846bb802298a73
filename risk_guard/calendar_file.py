"""The user's `event_calendar.csv` files: each bad line named, the rest used."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast, get_args

from config.errors import NoCalendar, SelectionError, quote_value
from config.plain_text import plain_text
from config.settings import GuardSettings
from market_data.sessions import FIRST_DATE
from market_data.symbols import parse_symbol
from risk_guard.calendar_text import Record, calendar_records, decode_text
from risk_guard.calendar_tickers import (
    WrittenTicker,
    by_bare_ticker,
    misnamed,
    symbol_or_none,
)
from risk_guard.event_sources import EventAnswer
from risk_guard.events import REPORTS, Event, EventType, classify, is_regulatory
from storage.paths import StoragePath, read_bytes

CALENDAR_NAME = "event_calendar.csv"

COLUMNS = ("ticker", "event_type", "date", "title", "url")
NEEDED = COLUMNS[:3]

LAST_DATE = date(2100, 1, 1)
"""A date from here on is a typing error, and would keep a file from expiring."""

LARGEST_FILE_BYTES = 10_000_000
"""A hundred thousand events; nobody keeps a larger file by hand."""

MOST_NAMED = 20
"""Bad lines named one by one; the others are counted."""

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[/:?#]\S*)?)", re.IGNORECASE
)
"""`https://...` or `www.asx.com.au/...`; the rest of a cut title is neither."""

_SPLIT_TITLE = "probably an unquoted comma in the title: put the title in double quotes"


@dataclass(frozen=True)
class _Line:
    """A readable line; the time of reading is added when it is asked for."""

    symbol: str
    type: EventType
    date: date
    title: str
    url: str


@dataclass(frozen=True)
class CalendarFile:
    """The events of one file; `refusals` name its bad lines, `unread` whose they are.

    `name` says which file it is. `listed` are the symbols of the run, to find tickers
    that lack their suffix. `missing` is why the file as a whole can't be used.
    """

    path: StoragePath
    lines: tuple[_Line, ...] = ()
    refusals: tuple[str, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
    name: str = CALENDAR_NAME
    bare_tickers: Mapping[str, tuple[WrittenTicker, ...]] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    settings: GuardSettings = field(default_factory=GuardSettings)

    @property
    def last_date(self) -> date | None:
        """Return the latest date in the file."""
        return max((line.date for line in self.lines), default=None)

    def expired(self, as_of: date) -> str:
        """Return the sentence that the file's last date is past, '' while it is not."""
        if self.last_date is None or self.last_date >= as_of:
            return ""
        return (
            f"{self.name} is expired: its last date is {self.last_date}, before "
            f"{as_of}; add the coming events"
        )

    def notices(self, as_of: date) -> tuple[str, ...]:
        """Return what is wrong with the file as a whole, for the head of a run."""
        expired = self.expired(as_of)
        misnamed = {
            note: None
            for symbol in self.listed
            for note in self._misnamed(symbol, as_of)
        }
        return (*self.refusals, *misnamed, *([f"{expired}."] if expired else []))

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the symbol's lines; see `EventSource`.

        The file covers the future of a symbol if it names a report of it from `as_of`
        to `reporting_gap_days` later. An ex-dividend date alone does not: it does not
        say when the next report is. A line of the symbol that can't be read, or that
        lacks the suffix, leaves it unknown whatever else is known.
        """
        if self.missing:
            raise NoCalendar(self.missing)
        events = tuple(
            self._event(line, now) for line in self.lines if line.symbol == symbol
        )
        unread = self.unread.get(symbol, "")
        doubts = (*([unread] if unread else []), *self._misnamed(symbol, as_of))
        if not events and not doubts:
            gap = f"{self.name} names no event of {symbol}"
            return EventAnswer((), covers_future=False, gap=gap)
        expired = self.expired(as_of) if events else ""
        uncovered = expired or self._uncovered(symbol, events, as_of)
        gaps = [one for one in (uncovered, *doubts) if one]
        return EventAnswer(
            events,
            covers_future=not gaps,
            gap=" and ".join(gaps),
            notes=(*([expired] if expired else []), *doubts),
            doubts=doubts,
        )

    def _uncovered(self, symbol: str, events: tuple[Event, ...], as_of: date) -> str:
        """Return why the file does not cover the symbol's future, '' if it does."""
        furthest = as_of + timedelta(days=self.settings.reporting_gap_days)
        reports = [one.first for one in events if one.type in REPORTS]
        if any(as_of <= day <= furthest for day in reports):
            return ""
        return f"{self.name} names no report of {symbol} from {as_of} to {furthest}"

    def _event(self, line: _Line, now: datetime) -> Event:
        return classify(
            Event(
                type=line.type,
                first=line.date,
                last=line.date,
                title=line.title,
                source=self.name,
                status="confirmed",
                retrieved_at=now,
                url=line.url,
            )
        )

    def _misnamed(self, symbol: str, as_of: date) -> tuple[str, ...]:
        """Return a sentence for each ticker that may mean `symbol` and is not it."""
        written = self.bare_tickers.get(symbol.partition(".")[0], ())
        others = [
            one for one in written if one.text != symbol and one.text not in self.listed
        ]
        if not others:
            return ()
        known = {(one.type, one.date) for one in self.lines if one.symbol == symbol}
        found = misnamed(symbol, known, others, as_of)
        return tuple(f"{self.name} {one}" for one in found)


@dataclass(frozen=True)
class UnusableCalendar:
    """Stands for a file that is there and can't be used: no symbol is without doubt."""

    name: str
    refusal: str

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return no event, and the doubt; see `EventSource`."""
        why = self.refusal.rstrip(".")
        return EventAnswer((), covers_future=False, gap=why, doubts=(why,))


def unusable_calendars(
    calendars: Iterable[CalendarFile],
) -> tuple[UnusableCalendar, ...]:
    """Return a source of doubt for each file that is there and can't be used."""
    return tuple(
        UnusableCalendar(one.name, one.missing)
        for one in calendars
        if one.missing and one.refusals
    )


def read_calendars(
    home: StoragePath,
    folder: Path | None,
    listed: Sequence[str],
    settings: GuardSettings,
) -> tuple[CalendarFile, ...]:
    """Return the calendar in the home and the one in the folder source's folder.

    `home` is the path of the home's file. A file that is reached twice is read once.
    """
    own = read_calendar(home, listed=listed, settings=settings)
    if folder is None or is_same_calendar(home, folder):
        return (own,)
    # A comma separates the names of sources.
    place = plain_text(folder.resolve().name).replace(",", " ")
    name = f"{place}/{CALENDAR_NAME}"
    path = folder / CALENDAR_NAME
    return own, read_calendar(path, name, listed=listed, settings=settings)


def is_same_calendar(home: StoragePath, folder: Path | None) -> bool:
    """Return whether the home's calendar is also the folder's."""
    if folder is None or not isinstance(home, Path):
        return False
    path = folder / CALENDAR_NAME
    try:
        return path.samefile(home)
    except OSError:
        return path.resolve() == home.resolve()


def read_calendar(
    path: StoragePath,
    name: str = CALENDAR_NAME,
    *,
    listed: Sequence[str] = (),
    settings: GuardSettings | None = None,
) -> CalendarFile:
    """Return the calendar at `path`; one that is not there is missing, with the reason.

    A header with `ticker,event_type,date` and, if wanted, `title,url`; empty lines and
    lines that start with `#` are comments. Semicolons or tabs may separate the cells.
    UTF-8, Windows-1252, or what a byte-order mark says.
    """
    file = CalendarFile(
        path,
        name=name,
        listed=tuple(listed),
        settings=settings or GuardSettings(),
    )
    try:
        content = read_bytes(path, LARGEST_FILE_BYTES)
    except FileNotFoundError:
        place = " in the home." if name == CALENDAR_NAME else "."
        return replace(file, missing=f"there is no {name}{place}")
    except OSError as error:
        return _unusable(file, f"must be readable, got: {error.strerror or error}.")
    try:
        text = decode_text(content)
    except ValueError as error:
        return _unusable(file, f"is not used: {error}.")
    names, records = calendar_records(text, NEEDED, _is_event)
    fault = _header_fault(names)
    if fault:
        return _unusable(file, f"{fault}; none of it is used.")
    return _filled(file, names, records)


def _unusable(file: CalendarFile, why: str) -> CalendarFile:
    refusal = plain_text(f"{file.path} {why}")
    return replace(file, refusals=(refusal,), missing=refusal)


def _header_fault(names: Sequence[str]) -> str:
    """Return what is wrong with the header, '' if nothing is."""
    if not set(NEEDED) <= set(names):
        got = ",".join(names)[:80] or "nothing"
        return f"must begin with the header {','.join(COLUMNS)}, got {got}"
    twice = next((name for name in COLUMNS if names.count(name) > 1), "")
    return f"has two columns `{twice}` in its header; remove one" if twice else ""


def _filled(
    file: CalendarFile, names: Sequence[str], records: Iterable[Record]
) -> CalendarFile:
    lines: list[_Line] = []
    refusals: list[str] = []
    unread: dict[str, str] = {}
    tickers: list[WrittenTicker] = []
    for record in records:
        row = dict(zip(names, record.cells, strict=False))
        text = row.get("ticker", "").upper()
        try:
            line = _line(row, names, record)
        except (SelectionError, ValueError) as error:
            said = str(error).rstrip(".")
            refusals.append(f"{file.name} line {record.number} is not used: {said}.")
            symbol = symbol_or_none(text)
            if symbol:
                why = f"{file.name} line {record.number} can't be read: {said}"
                unread.setdefault(symbol, why)
            tickers.append(WrittenTicker(record.number, text[:40]))
        else:
            lines.append(line)
            day, kind = line.date, line.type
            tickers.append(WrittenTicker(record.number, line.symbol, kind, day))
    return replace(
        file,
        lines=tuple(lines),
        refusals=_named(file.name, refusals),
        unread=unread,
        bare_tickers=by_bare_ticker(tickers),
    )


def _named(name: str, refusals: list[str]) -> tuple[str, ...]:
    more = len(refusals) - MOST_NAMED
    counted = [f"{name}: {more} more lines are not used."] if more > 0 else []
    return (*refusals[:MOST_NAMED], *counted)


def _is_event(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether two of a line's ticker, type and date are readable."""
    row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
    readable = (
        symbol_or_none(row.get("ticker", "")) is not None,
        row.get("event_type", "").lower() in get_args(EventType),
        _is_date(row.get("date", "")),
    )
    return sum(readable) > 1


def _line(row: Mapping[str, str], names: Sequence[str], record: Record) -> _Line:
    symbol = parse_symbol(row.get("ticker", ""))
    if record.fault:
        raise ValueError(record.fault)
    if any(record.cells[len(names) :]):
        raise ValueError(
            f"it has {len(record.cells)} cells and the header has {len(names)}; "
            f"{_SPLIT_TITLE}"
        )
    title, kind = row.get("title", ""), row.get("event_type", "").lower()
    if kind not in get_args(EventType) and is_regulatory(title):
        kind = "regulatory"
    if kind not in get_args(EventType):
        choices = ", ".join(get_args(EventType))
        raise ValueError(
            f"`event_type` must be one of {choices}, got {quote_value(kind)}"
        )
    if is_regulatory(title) and kind != "basel_iii":
        kind = "regulatory"  # Before the title is cut.
    return _Line(
        symbol=symbol,
        type=cast("EventType", kind),
        date=_date(row.get("date", "")),
        title=title[:200],
        url=_address(row.get("url", "")),
    )


def _address(text: str) -> str:
    """Return the address; anything else is the rest of a title cut at a comma."""
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError(
            f"`url` must be an address like https://..., got {quote_value(text)}; "
            f"{_SPLIT_TITLE}"
        )
    return text


def _date(text: str) -> date:
    if not _is_date(text):
        raise ValueError(
            f"`date` must be a date like 2025-11-11, from {FIRST_DATE.year} to "
            f"{LAST_DATE.year - 1}, got {quote_value(text)}"
        )
    return date.fromisoformat(text)


def _is_date(text: str) -> bool:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day
    except ValueError:
        return False
    return FIRST_DATE <= day < LAST_DATE
