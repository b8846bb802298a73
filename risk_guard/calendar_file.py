"""The user's `event_calendar.csv` files: each bad line is reported, the rest used."""

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
    describe_misnamed,
    group_by_bare_ticker,
    names_a_stock,
    symbol_or_none,
)
from risk_guard.event_sources import EventAnswer
from risk_guard.events import NO_INSTANT, REPORTS, Event, EventType, is_regulatory
from storage.paths import StoragePath, read_bytes

CALENDAR_NAME = "event_calendar.csv"

COLUMNS = ("ticker", "event_type", "date", "title", "url")
NEEDED = COLUMNS[:3]

LAST_DATE = date(2100, 1, 1)
"""First date that is refused: a mistyped year would keep a file from expiring."""

LARGEST_FILE_BYTES = 10_000_000
"""About a hundred thousand events."""

ANY_SYMBOL = ""
"""Stands for the symbol of a line whose ticker can't be read."""

MOST_NAMED = 20
"""Bad lines that are reported with their reason; the others are counted."""

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[/:?#]\S*)?)", re.IGNORECASE
)
"""Matches `https://...` or `www.asx.com.au/...`, but not the rest of a cut title."""

_SPLIT_TITLE = "probably an unquoted comma in the title: put the title in double quotes"


@dataclass(frozen=True)
class _Line:
    """A readable line: its symbol and its event, without the instant of reading."""

    symbol: str
    event: Event


@dataclass(frozen=True)
class CalendarFile:
    """The events of one file, and what is wrong with it.

    `refusals` describe the bad lines, `unread` the first bad line of each symbol, and
    under `ANY_SYMBOL` the first one that may be of any.
    `missing` is why the whole file can't be used. `listed` are the symbols of the run,
    to find tickers without their suffix.
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
        """Return the latest date in the file, None if it has no event."""
        return max((line.event.first for line in self.lines), default=None)

    def expired(self, as_of: date) -> str:
        """Return a sentence if the file's last date is before `as_of`, else ""."""
        if self.last_date is None or self.last_date >= as_of:
            return ""
        return (
            f"{self.name} is expired: its last date is {self.last_date}, before "
            f"{as_of}; add the coming events"
        )

    def notices(self, as_of: date) -> tuple[str, ...]:
        """Return what is wrong with the file, as sentences for the start of a run."""
        expired = self.expired(as_of)
        misnamed = [
            note
            for symbol in self.listed
            for note in self._describe_misnamed(symbol, as_of)
        ]
        unique = dict.fromkeys(misnamed)
        return (*self.refusals, *unique, *([f"{expired}."] if expired else []))

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the symbol's events; see `EventSource`.

        The file covers the symbol's future if it names a report from `as_of` to
        `reporting_gap_days` later. A dividend does not count: the next report may come
        before it. An unreadable line or a ticker without suffix is a doubt.
        """
        if self.missing:
            raise NoCalendar(self.missing)
        events = tuple(
            replace(line.event, retrieved_at=now)
            for line in self.lines
            if line.symbol == symbol
        )
        unread = self.unread.get(symbol) or self.unread.get(ANY_SYMBOL, "")
        doubts = (
            *([unread] if unread else []),
            *self._describe_misnamed(symbol, as_of),
        )
        if not events and not doubts:
            gap = f"{self.name} names no event of {symbol}"
            return EventAnswer((), covers_future=False, gap=gap)
        expired = self.expired(as_of) if events else ""
        uncovered = expired or self._explain_gap(symbol, events, as_of)
        gaps = [gap for gap in (uncovered, *doubts) if gap]
        return EventAnswer(
            events,
            covers_future=not gaps,
            gap=" and ".join(gaps),
            notes=(*([expired] if expired else []), *doubts),
            doubts=doubts,
        )

    def _explain_gap(self, symbol: str, events: tuple[Event, ...], as_of: date) -> str:
        """Return why the file does not cover the symbol's future, "" if it does."""
        furthest = as_of + timedelta(days=self.settings.reporting_gap_days)
        reports = [event.first for event in events if event.type in REPORTS]
        if any(as_of <= day <= furthest for day in reports):
            return ""
        return f"{self.name} names no report of {symbol} from {as_of} to {furthest}"

    def _describe_misnamed(self, symbol: str, as_of: date) -> tuple[str, ...]:
        """Return a sentence for each ticker that may mean `symbol` but differs."""
        others = [
            ticker
            for ticker in self.bare_tickers.get(symbol.partition(".")[0], ())
            if ticker.text != symbol and ticker.text not in self.listed
        ]
        known = {
            (line.event.type, line.event.first)
            for line in (self.lines if others else ())
            if line.symbol == symbol
        }
        found = describe_misnamed(symbol, known, others, as_of)
        return tuple(f"{self.name} {sentence}" for sentence in found)


@dataclass(frozen=True)
class UnusableCalendar:
    """A file that exists and can't be used: it may hold an event of any symbol."""

    name: str
    refusal: str

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return a doubt and no event; see `EventSource`."""
        doubt = self.refusal.rstrip(".")
        return EventAnswer((), covers_future=False, gap=doubt, doubts=(doubt,))


def unusable_calendars(
    calendars: Iterable[CalendarFile],
) -> tuple[UnusableCalendar, ...]:
    """Return an event source for each file that exists and can't be used."""
    return tuple(
        UnusableCalendar(calendar.name, calendar.missing)
        for calendar in calendars
        if calendar.missing and calendar.refusals
    )


def read_calendars(
    home: StoragePath,
    folder: Path | None,
    listed: Sequence[str],
    settings: GuardSettings,
) -> tuple[CalendarFile, ...]:
    """Return the calendar in the home and the one in the folder source's folder.

    `home` is the path of the home's file. If both are the same file, it is read once.
    """
    own = read_calendar(home, listed=listed, settings=settings)
    if folder is None or is_same_calendar(home, folder):
        return (own,)
    # No comma: it separates the names of sources in `event_source`.
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
    """Return the calendar at `path`; `missing` is the reason if it can't be used.

    The header is `ticker,event_type,date` and optionally `title,url`. Cells are
    separated by commas, semicolons or tabs. Empty lines and lines that start with `#`
    are skipped. The text is UTF-8 or Windows-1252, or has a byte-order mark.
    """
    chosen = settings or GuardSettings()
    file = CalendarFile(path, name=name, listed=tuple(listed), settings=chosen)
    try:
        content = read_bytes(path, LARGEST_FILE_BYTES)
    except FileNotFoundError:
        place = " in the home." if name == CALENDAR_NAME else "."
        return replace(file, missing=f"there is no {name}{place}")
    except OSError as error:
        cause = error.strerror or error
        return _unusable(file, f"can't be read: {cause}; correct or move it.")
    try:
        text = decode_text(content)
    except ValueError as error:
        return _unusable(file, f"is not used: {error}.")
    names, records = calendar_records(text, NEEDED, _is_event)
    fault = _header_fault(names)
    if fault:
        return _unusable(file, f"{fault}; none of it is used.")
    return _fill(file, names, records)


def _unusable(file: CalendarFile, problem: str) -> CalendarFile:
    refusal = plain_text(f"{file.path} {problem}")
    return replace(file, refusals=(refusal,), missing=refusal)


def _header_fault(names: Sequence[str]) -> str:
    """Return what is wrong with the header, "" if nothing is."""
    if not set(NEEDED) <= set(names):
        got = ",".join(names)[:80] or "nothing"
        return f"must begin with the header {','.join(COLUMNS)}, got {got}"
    twice = next((name for name in COLUMNS if names.count(name) > 1), "")
    return f"has two columns `{twice}` in its header; remove one" if twice else ""


def _fill(
    file: CalendarFile, names: Sequence[str], records: Iterable[Record]
) -> CalendarFile:
    """Return the file with the events, tickers and refusals of its records."""
    lines: list[_Line] = []
    refusals: list[str] = []
    unread: dict[str, str] = {}
    tickers: list[WrittenTicker] = []
    for record in records:
        row = dict(zip(names, record.cells, strict=False))
        place = f"{file.name} line {record.number}"
        try:
            line = _read_line(file.name, row, names, record)
        except (SelectionError, ValueError) as error:
            problem = str(error).rstrip(".")
            refusals.append(f"{place} is not used: {problem}.")
            text = row.get("ticker", "").upper()
            for symbol in _may_be_of(text, record, file.listed):
                unread.setdefault(symbol, f"{place} can't be read: {problem}")
            tickers.append(WrittenTicker(record.number, text[:40]))
        else:
            lines.append(line)
            kind, day = line.event.type, line.event.first
            tickers.append(WrittenTicker(record.number, line.symbol, kind, day))
    if (more := len(refusals) - MOST_NAMED) > 0:
        refusals[MOST_NAMED:] = [f"{file.name}: {more} more lines are not used."]
    return replace(
        file,
        lines=tuple(lines),
        refusals=tuple(refusals),
        unread=unread,
        bare_tickers=group_by_bare_ticker(tickers),
    )


def _may_be_of(ticker: str, record: Record, listed: Iterable[str]) -> set[str]:
    """Return the symbols whose event an unreadable line may hold.

    It is any symbol without a readable ticker. The order of its cells may be wrong.
    """
    symbol = symbol_or_none(ticker)
    found = {cell.upper() for cell in record.cells} & {*listed}
    if symbol:
        return {*found, symbol}
    return found if found or names_a_stock(ticker) else {ANY_SYMBOL}


def _is_event(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether two of a line's ticker, type and date are readable."""
    row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
    readable = (
        symbol_or_none(row.get("ticker", "")) is not None,
        row.get("event_type", "").lower() in get_args(EventType),
        _is_date(row.get("date", "")),
    )
    return sum(readable) > 1


def _read_line(
    source: str, row: Mapping[str, str], names: Sequence[str], record: Record
) -> _Line:
    symbol = parse_symbol(row.get("ticker", ""))
    if record.fault:
        raise ValueError(record.fault)
    if any(record.cells[len(names) :]):
        raise ValueError(
            f"it has {len(record.cells)} cells and the header has {len(names)}; "
            f"{_SPLIT_TITLE}"
        )
    title, kind = row.get("title", ""), row.get("event_type", "").lower()
    if is_regulatory(title) and kind != "basel_iii":
        kind = "regulatory"
    if kind not in get_args(EventType):
        choices = ", ".join(get_args(EventType))
        raise ValueError(
            f"`event_type` must be one of {choices}, got {quote_value(kind)}"
        )
    day, url = _date(row.get("date", "")), _address(row.get("url", ""))
    known = cast("EventType", kind)
    event = Event(known, day, day, title[:200], source, "confirmed", NO_INSTANT, url)
    return _Line(symbol, event)


def _address(text: str) -> str:
    """Return the text if it is an address or empty.

    Any other text is the rest of a title with an unquoted comma, and is refused.
    """
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
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  no instant
    except ValueError:
        return False
    return FIRST_DATE <= day < LAST_DATE
