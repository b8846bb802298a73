"""The words for holdings, the same in the report and in the terminal. Pure."""

from config.errors import list_names
from screening.holdings.book import Book
from screening.holdings.night import HeldStock, NextEvent, ReportDay
from screening.report.cells import MINUS, percent

SMALL = 100
"""Amounts from this size on are shown without cents."""


def amount(number: float) -> str:
    """Return `12,345` or `12.34`, with a real minus sign."""
    digits = 0 if abs(number) >= SMALL else 2
    text = f"{number:,.{digits}f}"
    return text.replace("-", MINUS) if text.strip("-0.") else text.removeprefix("-")


def signed_amount(number: float) -> str:
    """Return `+12,345` or `-12.34`."""
    text = amount(number)
    return f"+{text}" if number > 0 and text.strip("0.") else text


def quantity_text(number: float) -> str:
    """Return a count of shares, without digits that are not there."""
    return f"{number:,.10g}".replace("-", MINUS)


def call_text(stock: HeldStock) -> str:
    """Return `BUY, was HOLD`, `BUY as before`, or `BUY` without an earlier call."""
    if not stock.call or not stock.previous_call:
        return stock.call or "no call"
    if stock.call == stock.previous_call:
        return f"{stock.call} as before"
    return f"{stock.call}, was {stock.previous_call}"


def event_text(event: NextEvent | None) -> str:
    """Return `earnings 2025-11-12, in 2 sessions (2 days)`, or `none known`."""
    if event is None:
        return "none known"
    estimated = ", estimated" if event.status == "estimated" else ""
    if event.days is None:
        return f"{event.type} {event.first} to {event.last}{estimated}"
    if event.days == 0:
        return f"{event.type} {event.first}, today{estimated}"
    days = _count(event.days, "day")
    if event.sessions is None:
        return f"{event.type} {event.first}, in {days}{estimated}"
    sessions = _count(event.sessions, "session")
    return f"{event.type} {event.first}, in {sessions} ({days}){estimated}"


def interval_text(stock: HeldStock) -> str:
    """Return `-120 to +140`, the ends of the 80 % interval of the change in value."""
    if stock.low is None or stock.high is None:
        return "not known"
    return f"{signed_amount(stock.low)} to {signed_amount(stock.high)}"


def book_loss(book: Book) -> str:
    """Return the loss that one session of ten exceeds, as an amount and a share."""
    if book.loss <= 0:
        return f"a gain of {amount(-book.loss)} {book.currency}"
    share = f" ({percent(book.loss / abs(book.value), 1)})" if book.value else ""
    return f"{amount(book.loss)} {book.currency}{share}"


def book_sentence(book: Book) -> str:
    """Return the book's loss, interval and plain sum in one or two sentences."""
    ends = f"{signed_amount(book.low)} and {signed_amount(book.high)} {book.currency}"
    more = "loses more than" if book.loss > 0 else "ends below"
    text = (
        f"One session of ten {more} {book_loss(book)}; four of five end between {ends}."
    )
    if len(book.symbols) == 1:
        return text
    alone = f"{amount(book.plain_sum)} {book.currency}"
    if book.capped:
        return f"{text} This is the plain sum of the single losses."
    return f"{text} The plain sum of the single losses is {alone}."


def report_day_text(day: ReportDay) -> str:
    """Return `2025-11-12: CBA.AX, NAB.AX report`."""
    return f"{day.day}: {list_names(day.symbols)} report"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
