"""Reads the symbols in lists that people, brokers and charting sites save.

Of a table with a heading such as Symbol, Ticker or Code, only that column is read. In
any other text, each line holds symbols.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from config.errors import SelectionError, UncoveredExchange
from market_data.symbols import in_yahoo_form, parse_symbol

HEADINGS = frozenset(
    {
        "symbol",
        "symbols",
        "ticker",
        "tickers",
        "ticker symbol",
        "stock symbol",
        "code",
        "asx code",
        "stock code",
        "security code",
        "share code",
        "epic",
        "tidm",
    }
)
"""Headings of the column of symbols, in lower case."""

EXCHANGE_HEADINGS = frozenset({"exchange", "market"})

HEADING_WITHIN = 40
"""The heading is searched in this many lines: brokers put account and date first."""

TOTALS = frozenset({"total", "totals", "subtotal", "grand total", "account total"})
ACCOUNT_CELLS = frozenset({"Cash", "Currency", "Pending"})
"""Cells in a broker's column of symbols that describe the account."""

NO_SYMBOL = "no symbol"
NOT_COVERED = "its exchange is not covered"

_US_CLASS = re.compile(r"^([A-Z]{1,5})[./]([A-K])$")
"""A share class in a broker's notation: `BRK.B`, `BRK/B`."""

_DELIMITERS = ",;\t|"

_SECTION = re.compile(r"(^|,)\s*###(?=[^\s,#])[^,]*")
"""A section of TradingView's lists: `###CHIPS`, up to the next comma."""

_EXCHANGES = {"NEW YORK": "NYSE", "LONDON": "LSE", "AUSTRALIA": "ASX"}
"""Beginnings of the exchanges' full names."""


@dataclass(frozen=True)
class Entry:
    """A symbol and its line; `left_out` is the reason if it is not used, else ""."""

    text: str
    line: int
    left_out: str = ""


MAX_LINE = 10_000
"""Only this many characters of a line are read; lists have shorter lines."""


def read_watchlist(text: str, *, is_table: bool) -> list[Entry]:
    """Return the entries of a list.

    If `is_table` and there is no heading, each line has one symbol, in its first cell.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines[:HEADING_WITHIN]):
        for delimiter in _DELIMITERS:
            names = [_name(cell) for cell in _cells(line, delimiter)]
            if HEADINGS.intersection(names):
                rows = _rows(lines[number + 1 :], delimiter, number + 2)
                return list(_read_table(rows, names))
    filled = [line for line in lines if line.partition("#")[0].strip(" ,")]
    return list(_read_lines(lines, first_only=is_table and len(filled) > 1))


def _read_lines(lines: list[str], *, first_only: bool) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=1):
        symbols = _SECTION.sub(r"\1", line).partition("#")[0]
        if first_only:
            symbols = re.split("[,;\t|]", symbols)[0]
        for symbol in re.split("[,;\t]", symbols):
            if symbol.strip():
                yield _entry(symbol, number)


def _entry(symbol: str, number: int) -> Entry:
    """Return the entry. A bad symbol is kept: the caller refuses it with its line."""
    text = symbol.strip().strip('"')
    try:
        return Entry(parse_symbol(text), number)
    except UncoveredExchange:
        return Entry(text, number, NOT_COVERED)
    except SelectionError:
        return Entry(text, number)


def _rows(
    lines: list[str], delimiter: str, first: int
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield first + reader.line_num - 1, [cell.strip() for cell in cells]


def _read_table(
    rows: Iterator[tuple[int, list[str]]], names: list[str]
) -> Iterator[Entry]:
    column = next(place for place, name in enumerate(names) if name in HEADINGS)
    found = [place for place, name in enumerate(names) if name in EXCHANGE_HEADINGS]
    suffix = "ASX" if names[column] == "asx code" else ""
    for number, cells in rows:
        text = cells[column] if column < len(cells) else ""
        exchange = cells[found[0]] if found and found[0] < len(cells) else suffix
        if not text:
            yield Entry(" ".join(cells).strip(), number, NO_SYMBOL)
        elif _name(text) not in HEADINGS:
            yield read_cell(text, exchange, number)


def read_cell(text: str, exchange: str, number: int) -> Entry:
    """Return the entry of a broker's cell; `exchange` is that of its line, or ''."""
    if text in ACCOUNT_CELLS or _name(text) in TOTALS:
        return Entry(text, number, NO_SYMBOL)
    ticker = _US_CLASS.sub(r"\1-\2", text.upper())
    market = _exchange(exchange)
    try:
        if market and ":" not in ticker and re.fullmatch(r"[A-Z0-9.-]+", ticker):
            ticker = in_yahoo_form(ticker, market)
        return Entry(parse_symbol(ticker), number)
    except UncoveredExchange:
        return Entry(f"{exchange} {text}".strip(), number, NOT_COVERED)
    except SelectionError:
        return Entry(text, number, NO_SYMBOL)


def _exchange(name: str) -> str:
    """Return the short name that charting sites write before the colon."""
    capitals = name.upper()
    for beginning, short in _EXCHANGES.items():
        if capitals.startswith(beginning):
            return short
    return "NASDAQ" if capitals.startswith("NASDAQ") else capitals.partition(" ")[0]


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line[:MAX_LINE]], delimiter=delimiter), [])


def _name(cell: str) -> str:
    return " ".join(cell.replace("\u00a0", " ").split()).casefold()
