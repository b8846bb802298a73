"""Finds tickers of a calendar file that may mean a listed stock but lack its suffix.

`BHP` is a stock in New York and may also mean `BHP.AX`. Nothing is guessed: the line is
reported.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.errors import SelectionError
from market_data.symbols import parse_symbol

RECENT = timedelta(days=30)
"""A line whose event is longer ago is not reported."""

NAMED_LINES = 3
"""Line numbers that a sentence lists."""

_EXCHANGE_WORDS = re.compile(r"[-. ](?:AX|ASX|AU|L|LN|LSE|LON|US)$")
"""Exchange suffixes of other programs, as in `BHP AU`."""


@dataclass(frozen=True)
class WrittenTicker:
    """The ticker in a line; type and day are None if the rest is unreadable."""

    number: int
    text: str
    type: str | None = None
    day: date | None = None


def group_by_bare_ticker(
    tickers: Iterable[WrittenTicker],
) -> dict[str, tuple[WrittenTicker, ...]]:
    """Return tickers that may mean another symbol, by the ticker without its suffix."""
    found: dict[str, list[WrittenTicker]] = defaultdict(list)
    for ticker in tickers:
        if "." in (symbol_or_none(ticker.text) or ""):
            continue
        for bare in _bare_tickers(ticker.text):
            found[bare].append(ticker)
    return {bare: tuple(lines) for bare, lines in found.items()}


def describe_misnamed(
    symbol: str,
    known: Collection[tuple[str | None, date | None]],
    tickers: Iterable[WrittenTicker],
    as_of: date,
) -> tuple[str, ...]:
    """Return `line 4 names BHP; the list has BHP.AX. Write BHP.AX` for each ticker.

    `known` are type and day of the symbol's own events. A line is left out if it
    repeats one of them, or if its event is older than `RECENT`.
    """
    numbers: dict[str, list[int]] = defaultdict(list)
    for ticker in tickers:
        repeated = (ticker.type, ticker.day) in known
        old = ticker.day and ticker.day < as_of - RECENT
        if not repeated and not old:
            numbers[ticker.text].append(ticker.number)
    return tuple(
        f"{_lines(found)} {text}; the list has {symbol}. Write {symbol}"
        for text, found in numbers.items()
    )


def symbol_or_none(text: str) -> str | None:
    """Return the symbol that the text is, None if it is no symbol."""
    try:
        return parse_symbol(text)
    except SelectionError:
        return None


def names_a_stock(text: str) -> bool:
    """Return whether the text has the form of a ticker, in any program's spelling."""
    return any(symbol_or_none(bare) for bare in _bare_tickers(text))


def _bare_tickers(text: str) -> set[str]:
    """Return the forms of the ticker without its exchange: BHP for `ASX:BHP`."""
    bare = text.rpartition(":")[2].strip()
    short = _EXCHANGE_WORDS.sub("", bare)
    first = re.split(r"[;,\t. ]", bare, maxsplit=1)[0]
    return {bare, short, first, bare.replace(".", "-"), short.replace(".", "-")}


def _lines(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:NAMED_LINES]))
    more = " and others" if len(numbers) > NAMED_LINES else ""
    return f"lines {named}{more} name" if len(numbers) > 1 else f"line {named} names"
