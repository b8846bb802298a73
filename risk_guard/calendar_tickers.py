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


def misnamed(
    symbol: str,
    tickers: Iterable[WrittenTicker],
    listed: Collection[str],
    as_of: date,
) -> tuple[str, ...]:
    """Return `line 4 names BHP; the list has BHP.AX. Write BHP.AX`, once per ticker.

    A line is not counted if the file has the same event under `symbol` too, or if its
    event is long past.
    """
    written = list(tickers)
    known = {(one.type, one.day) for one in written if one.text == symbol}
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in written:
        repeated = one.day and (one.type, one.day) in known
        old = one.day and one.day < as_of - RECENT
        if not repeated and not old and _may_mean(one.text, symbol, listed):
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


def _may_mean(text: str, symbol: str, listed: Collection[str]) -> bool:
    parsed = symbol_or_none(text)
    if parsed and ("." in parsed or parsed == symbol or parsed in listed):
        return False
    return symbol.partition(".")[0] in _bare_tickers(text)


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
