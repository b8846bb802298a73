"""Tickers of a calendar file that may mean a listed stock, and are not its symbol.

`BHP` is a stock in New York, and may stand for `BHP.AX`: nothing is guessed, the
person is shown the line.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from config.errors import SelectionError
from market_data.symbols import parse_symbol

RECENT = timedelta(days=30)
"""An event longer ago than this does not concern the night."""

NAMED_LINES = 3
"""Line numbers that one sentence names."""

_EXCHANGE_WORDS = re.compile(r"[-. ](?:AX|ASX|AU|L|LN|LSE|LON|US)$")
"""What other programs write behind a ticker for its exchange."""


@dataclass(frozen=True)
class WrittenTicker:
    """A ticker as a line writes it; type and day are None if the line is unreadable."""

    number: int
    text: str
    type: str | None = None
    day: date | None = None


def by_bare_ticker(
    tickers: Iterable[WrittenTicker],
) -> dict[str, tuple[WrittenTicker, ...]]:
    """Return the tickers that may mean another symbol, by the ticker without suffix."""
    found: dict[str, list[WrittenTicker]] = defaultdict(list)
    for one in tickers:
        if "." in (symbol_or_none(one.text) or ""):
            continue
        for bare in _bare_tickers(one.text):
            found[bare].append(one)
    return {bare: tuple(lines) for bare, lines in found.items()}


def misnamed(
    symbol: str,
    known: Collection[tuple[str, date]],
    tickers: Iterable[WrittenTicker],
    as_of: date,
) -> tuple[str, ...]:
    """Return `line 4 names BHP; the list has BHP.AX. Write BHP.AX`, once per ticker.

    `known` are type and day of the symbol's own events. A line is not counted if it has
    one of them, or if its event is long past.
    """
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in tickers:
        repeated = one.type and one.day and (one.type, one.day) in known
        old = one.day and one.day < as_of - RECENT
        if not repeated and not old:
            numbers[one.text].append(one.number)
    return tuple(
        f"{_lines(found)} {text}; the list has {symbol}. Write {symbol}"
        for text, found in numbers.items()
    )


def symbol_or_none(text: str) -> str | None:
    """Return the text as a symbol, None if it is not one."""
    try:
        return parse_symbol(text)
    except SelectionError:
        return None


def _bare_tickers(text: str) -> set[str]:
    """Return what the ticker may be without its exchange: BHP for `ASX:BHP`."""
    bare = text.rpartition(":")[2].strip()
    short = _EXCHANGE_WORDS.sub("", bare)
    first = re.split(r"[;,\t. ]", bare, maxsplit=1)[0]
    return {bare, short, first, bare.replace(".", "-"), short.replace(".", "-")}


def _lines(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:NAMED_LINES]))
    more = " and others" if len(numbers) > NAMED_LINES else ""
    return f"lines {named}{more} name" if len(numbers) > 1 else f"line {named} names"
