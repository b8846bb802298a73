"""Lists of symbols as people, brokers and charting sites save them, to entries.

A table with a heading such as Symbol, Ticker or Code gives that column only; any other
text gives the symbols of its lines.
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
"""What heads the column of symbols, in any case of letters."""

EXCHANGE_HEADINGS = frozenset({"exchange", "market"})

HEADING_WITHIN = 40
"""Lines in which a heading is looked for: brokers put account and date before it."""

TOTALS = frozenset({"total", "totals", "subtotal", "grand total", "account total"})
CELLS_BESIDE = frozenset({"Cash", "Currency", "Pending"})
"""What brokers put into the column of symbols for the account itself."""

NO_SYMBOL = "no symbol"
NOT_COVERED = "its exchange is not covered"

_US_CLASS = re.compile(r"^([A-Z]{1,5})[./]([A-K])$")
"""A share class as brokers write it: `BRK.B`, `BRK/B`."""

_DELIMITERS = ",;\t|"

_SECTION = re.compile(r"(^|,)\s*###(?=[^\s,#])[^,]*")
"""A section of TradingView's lists: `###CHIPS`, up to the next comma."""

_EXCHANGES = {"NEW YORK": "NYSE", "LONDON": "LSE", "AUSTRALIA": "ASX"}
"""Beginnings of the exchanges' full names."""


@dataclass(frozen=True)
class Entry:
    """One symbol with the line it stands on; `left_out` says why it is not used."""

    text: str
    line: int
    left_out: str = ""


MAX_LINE = 10_000
"""Characters of a line that are read; no list of symbols has a longer one."""


def read_watchlist(text: str, *, is_table: bool) -> list[Entry]:
    """Return the entries of a list.

    `is_table` says that without a heading each line has one symbol, in its first cell.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines[:HEADING_WITHIN]):
        for delimiter in _DELIMITERS:
            names = [_name(cell) for cell in _cells(line, delimiter)]
            if HEADINGS.intersection(names):
                rows = _rows(lines[number + 1 :], delimiter, number + 2)
                return list(_of_table(rows, names))
    filled = [line for line in lines if line.partition("#")[0].strip(" ,")]
    return list(_of_lines(lines, first_only=is_table and len(filled) > 1))


def _of_lines(lines: list[str], *, first_only: bool) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=1):
        symbols = _SECTION.sub(r"\1", line).partition("#")[0]
        if first_only:
            symbols = re.split("[,;\t|]", symbols)[0]
        for symbol in re.split("[,;\t]", symbols):
            if symbol.strip():
                yield _entry(symbol, number)


def _entry(symbol: str, number: int) -> Entry:
    """Return the entry; a bad symbol stays in it, to be refused with its line."""
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


def _of_table(
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
            yield _of_cell(text, exchange, number)


def _of_cell(text: str, exchange: str, number: int) -> Entry:
    if text in CELLS_BESIDE or _name(text) in TOTALS:
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
    """Return the exchange's short name, as charting sites put it before a colon."""
    capitals = name.upper()
    for beginning, short in _EXCHANGES.items():
        if capitals.startswith(beginning):
            return short
    return "NASDAQ" if capitals.startswith("NASDAQ") else capitals.partition(" ")[0]


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line[:MAX_LINE]], delimiter=delimiter), [])


def _name(cell: str) -> str:
    return " ".join(cell.replace("\u00a0", " ").split()).casefold()
