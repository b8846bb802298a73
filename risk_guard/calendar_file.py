"""The user's `event_calendar.csv`: read once, each bad line named, the rest used."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, cast, get_args

from config.errors import NoCalendar, SelectionError
from config.places import AnyPath, read_limited
from market_data.sessions import FIRST_DATE
from market_data.symbols import parse_symbol
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event, EventType, classified, is_regulatory

COLUMNS = ("ticker", "event_type", "date", "title", "url")
NEEDED = COLUMNS[:3]

LAST_DATE = date(2100, 1, 1)
"""A date from here on is a slip of the finger, and would keep a file from expiring."""

LARGEST_FILE_BYTES = 10_000_000
"""A hundred thousand events; a larger file is none that a person keeps."""

MOST_NAMED = 20
"""Bad lines named one by one; the others are counted."""


@dataclass(frozen=True)
class _Line:
    """A line that could be read; the time of reading is added when it is asked for."""

    symbol: str
    type: EventType
    date: date
    title: str
    url: str


@dataclass(frozen=True)
class CalendarFile:
    """The events of the file; `refusals` name its bad lines, `unread` whose they are.

    `missing` is why there are none where the whole file can't be used.
    """

    path: AnyPath
    lines: tuple[_Line, ...] = ()
    refusals: tuple[str, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    name: ClassVar[str] = "event_calendar.csv"

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
        return (*self.refusals, *([f"{expired}."] if expired else []))

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the symbol's lines; see `EventSource`.

        The file speaks for a symbol that it names, while it is not expired and no line
        of that symbol is unreadable.
        """
        if self.missing:
            raise NoCalendar(self.missing)
        own = [line for line in self.lines if line.symbol == symbol]
        unread = self.unread.get(symbol, "")
        if not own and not unread:
            gap = f"{self.name} names no event of {symbol}"
            return EventAnswer((), knows_what_comes=False, gap=gap)
        notes = tuple(note for note in (self.expired(as_of), unread) if note)
        return EventAnswer(
            tuple(_event(line, now) for line in own),
            knows_what_comes=not notes,
            gap=" and ".join(notes),
            notes=notes,
        )


def _event(line: _Line, now: datetime) -> Event:
    return classified(
        Event(
            type=line.type,
            first=line.date,
            last=line.date,
            title=line.title,
            source=CalendarFile.name,
            status="confirmed",
            retrieved_at=now,
            url=line.url,
        )
    )


def read_calendar(path: AnyPath) -> CalendarFile:
    """Return the calendar at `path`; one that is not there is missing, with the reason.

    UTF-8, a header with `ticker,event_type,date` and, where wanted, `title,url`;
    empty lines and lines that start with `#` are comments. A byte that is no UTF-8
    costs that letter, not the file.
    """
    try:
        content = read_limited(path, LARGEST_FILE_BYTES)
    except FileNotFoundError:
        return CalendarFile(path, missing=f"there is no {path.name} in the home.")
    except OSError as error:
        refusal = f"{path} must be readable, got: {error.strerror or error}."
        return CalendarFile(path, refusals=(refusal,), missing=refusal)
    rows = _rows(content.decode("utf-8-sig", errors="replace"))
    _, header = next(rows, (0, []))
    names = [name.strip().lower() for name in header]
    if not set(NEEDED) <= set(names):
        refusal = (
            f"{path} must begin with the header {','.join(COLUMNS)}, got "
            f"{','.join(names)[:80] or 'nothing'}; none of it is used."
        )
        return CalendarFile(path, refusals=(refusal,), missing=refusal)
    return _calendar(path, names, rows)


def _calendar(
    path: AnyPath, names: list[str], rows: Iterator[tuple[int, list[str]]]
) -> CalendarFile:
    lines: list[_Line] = []
    refusals: list[str] = []
    unread: dict[str, str] = {}
    for number, cells in rows:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        try:
            lines.append(_line(row))
        except (SelectionError, ValueError) as error:
            said = str(error).rstrip(".")
            refusals.append(f"{path.name} line {number} is not used: {said}.")
            symbol = _symbol_or_none(row.get("ticker", ""))
            if symbol:
                unread[symbol] = f"{path.name} line {number} can't be read: {said}"
    return CalendarFile(path, tuple(lines), _named(path, refusals), unread)


def _named(path: AnyPath, refusals: list[str]) -> tuple[str, ...]:
    more = len(refusals) - MOST_NAMED
    told = [f"{path.name}: {more} more lines are not used."] if more > 0 else []
    return (*refusals[:MOST_NAMED], *told)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and cells, without comments and empty lines.

    A line is an event: a quote that is never closed spoils its own line only.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip(" ,;\t") and not line.lstrip().startswith("#"):
            yield number, next(csv.reader([line[:10_000]]), [])


def _line(row: dict[str, str]) -> _Line:
    symbol = parse_symbol(row.get("ticker", ""))
    # A control character would be run by the terminal that shows the title.
    title = "".join(filter(str.isprintable, row.get("title", "")))[:200]
    kind = row.get("event_type", "").lower()
    if kind not in get_args(EventType) and is_regulatory(title):
        kind = "regulatory"
    if kind not in get_args(EventType):
        choices = ", ".join(get_args(EventType))
        raise ValueError(f"`event_type` must be one of {choices}, got {kind[:40]!r}")
    return _Line(
        symbol=symbol,
        type=cast("EventType", kind),
        date=_date(row.get("date", "")),
        title=title,
        url=row.get("url", ""),
    )


def _date(text: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day
    except ValueError:
        day = date.min
    if not FIRST_DATE <= day < LAST_DATE:
        raise ValueError(
            f"`date` must be a date like 2025-11-11, from {FIRST_DATE.year} to "
            f"{LAST_DATE.year - 1}, got {text[:40]!r}"
        )
    return day


def _symbol_or_none(text: str) -> str | None:
    try:
        return parse_symbol(text)
    except SelectionError:
        return None
