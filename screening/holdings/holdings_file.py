"""Reads `holdings.csv`: what the user holds, by hand or as a broker exports it.

A line that can't be used is a fault, which every output of the night names: a damaged
file must not look like an empty book.
"""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from config.errors import StorageError, list_names, quote_value
from config.plain_text import plain_text
from config.universes import UNIVERSES
from market_data.symbols import elsewhere
from market_data.watchlists import (
    ACCOUNT_CELLS,
    EXCHANGE_HEADINGS,
    HEADING_WITHIN,
    HEADINGS,
    NOT_COVERED,
    TOTALS,
    read_cell,
)
from risk_guard.calendar_text import decode_text, text_lines
from screening.holdings.numbers import Decimal, decimal_mark, read_number
from storage.paths import StoragePath, read_bytes

NAME = "holdings.csv"

MAX_BYTES = 5_000_000
"""A larger file is not read."""

MAX_LINE_LETTERS = 10_000

COLUMNS: Mapping[str, frozenset[str]] = {
    "symbol": HEADINGS | {"instrument", "instrument code"},
    "quantity": frozenset(
        {
            "quantity",
            "qty",
            "units",
            "shares",
            "avail units",
            "available units",
            "no. of shares",
            "number of shares",
        }
    ),
    "cost": frozenset(
        {"cost", "average cost", "avg cost", "cost per share", "purchase price"}
    ),
    "currency": frozenset({"currency", "ccy"}),
    "since": frozenset({"since", "purchase date", "acquired"}),
    "note": frozenset({"note", "notes"}),
    "exchange": EXCHANGE_HEADINGS,
}
"""Headings of each column, in lower case. `cost` is the price of one share."""

_DELIMITERS = ",;\t|"
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d.%m.%Y")
"""Forms of dates with one meaning; `03/04/2025` has two."""

_FORMULA = re.compile(r'^="?(.*?)"?$')
"""Excel's way to keep a cell as text: `="BHP"`."""


@dataclass(frozen=True)
class Holding:
    """What is held of one symbol; a negative quantity is a short position.

    `cost` is what one share cost, in `currency`; '' is the currency of the prices.
    """

    symbol: str
    quantity: float
    cost: float | None = None
    currency: str = ""
    since: date | None = None
    note: str = ""


@dataclass(frozen=True)
class HoldingsFile:
    """The holdings, one per symbol, and sentences about what could not be used.

    `present` is false without a file. `faults` are about the file and its lines;
    `notes` are about lines that are used and may not mean what they say.
    """

    holdings: tuple[Holding, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    present: bool = True

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the held symbols in the order of the file."""
        return tuple(holding.symbol for holding in self.holdings)

    @property
    def notices(self) -> tuple[str, ...]:
        """Return the sentences for the head of every output."""
        return tuple(f"{NAME}: {text}." for text in (*self.faults, *self.notes))


NO_HOLDINGS = HoldingsFile(present=False)
"""There is no file."""


@dataclass(frozen=True)
class _Table:
    """The lines after the heading; `places` are the columns' numbers by name."""

    places: Mapping[str, int]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    mark: Decimal | None
    is_asx: bool

    def cell(self, cells: Sequence[str], name: str) -> str:
        place = self.places.get(name, len(cells))
        return cells[place] if place < len(cells) else ""


class _Unusable(ValueError):
    """Why a line, or the file, can't be used."""


def read_holdings(
    path: StoragePath, today: date, listed: Collection[str] = ()
) -> HoldingsFile:
    """Return the holdings in the file at `path`, see `parse_holdings`.

    A missing file is `NO_HOLDINGS`; one that the disk or the store refuses is a fault.
    """
    try:
        content = read_bytes(path, MAX_BYTES)
    except FileNotFoundError:
        return NO_HOLDINGS
    except (OSError, StorageError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        return HoldingsFile(faults=(f"it can't be read ({reason})",))
    return parse_holdings(content, today, listed)


def parse_holdings(
    content: bytes, today: date, listed: Collection[str] = ()
) -> HoldingsFile:
    """Return the holdings in the file's bytes.

    `today` is the latest date that `since` may have. `listed` are the symbols of the
    night's list: a ticker without a suffix that the list has on another exchange is
    noted. Lines of one symbol are added up.
    """
    try:
        table = _read_table(decode_text(content))
    except ValueError as error:
        return HoldingsFile(faults=(str(error).rstrip("."),))
    found: list[Holding] = []
    faults: list[str] = []
    for number, cells in table.lines:
        try:
            holding = _read_line(table, cells, today)
        except ValueError as error:
            faults.append(f"line {number} is left out: {error}")
        else:
            found += [holding] if holding else []
    holdings = _add_up(found)
    if not holdings and not faults:
        faults = ["it lists no holding; delete it if you hold nothing"]
    return HoldingsFile(holdings, tuple(faults), _other_listings(found, listed))


def _read_table(text: str) -> _Table:
    lines = [line[:MAX_LINE_LETTERS] for line in text_lines(text)]
    if not text.strip():
        raise _Unusable("it is empty; delete it if you hold nothing")
    for number, line in enumerate(lines[:HEADING_WITHIN]):
        for delimiter in _DELIMITERS:
            names = [_name(cell) for cell in _cells([line], delimiter)]
            if all(
                COLUMNS[part].intersection(names) for part in ("symbol", "quantity")
            ):
                return _table(names, lines, number, delimiter)
    raise _Unusable(
        "it has no heading of symbols and quantities; write `symbol,quantity` as its "
        "first line"
    )


def _table(
    names: Sequence[str], lines: Sequence[str], heading: int, delimiter: str
) -> _Table:
    places = _places(names)
    reader = csv.reader(lines[heading + 1 :], delimiter=delimiter)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for cells in reader:
            plain = tuple(" ".join(plain_text(cell).split()) for cell in cells)
            if any(plain) and not plain[0].startswith("#"):
                rows.append((heading + 1 + reader.line_num, plain))
    except csv.Error as error:
        raise _Unusable(f"line {heading + 1 + reader.line_num}: {error}") from error
    used = [places[name] for name in ("quantity", "cost") if name in places]
    numbers = [cells[at] for _, cells in rows for at in used if at < len(cells)]
    mark = decimal_mark(numbers) or ("." if delimiter == "," else None)
    return _Table(places, tuple(rows), mark, names[places["symbol"]] == "asx code")


def _places(names: Sequence[str]) -> dict[str, int]:
    """Return the number of each column; the plain name wins over other headings.

    Raises
    ------
    _Unusable
        If two columns may hold the symbol, or the quantity.
    """
    places: dict[str, int] = {}
    for part, headings in COLUMNS.items():
        found = [place for place, name in enumerate(names) if name in headings]
        plain = [place for place in found if names[place] == part]
        chosen = plain if len(plain) == 1 else found
        if len(chosen) == 1:
            places[part] = chosen[0]
        elif chosen and part in ("symbol", "quantity"):
            headed = list_names([f"`{names[place]}`" for place in chosen])
            raise _Unusable(
                f"the headings {headed} may all be the {part}; name one of them "
                f"`{part}`"
            )
    return places


def _read_line(table: _Table, cells: Sequence[str], today: date) -> Holding | None:
    """Return the line's holding, None for totals, cash and remarks."""
    text = _FORMULA.sub(r"\1", table.cell(cells, "symbol")).strip()
    amount = _FORMULA.sub(r"\1", table.cell(cells, "quantity")).strip()
    exchange = table.cell(cells, "exchange") or ("ASX" if table.is_asx else "")
    entry = read_cell(text, exchange, 0)
    if _is_remark(text, amount, cells, is_symbol=not entry.left_out):
        return None
    if not text:
        raise _Unusable(f"a quantity of {quote_value(amount)} without a symbol")
    if entry.left_out == NOT_COVERED:
        raise _Unusable(f"the exchange of {quote_value(entry.text)} is not covered")
    if entry.left_out:
        raise _Unusable(f"{quote_value(text)} is no symbol")
    if not amount:
        raise _Unusable(f"{entry.text} has no quantity")
    quantity = _number(f"the quantity of {entry.text}", amount, table.mark)
    cost = table.cell(cells, "cost")
    holding = Holding(
        symbol=entry.text,
        quantity=quantity,
        cost=_number(f"the cost of {entry.text}", cost, table.mark) if cost else None,
        currency=_currency(table.cell(cells, "currency")),
        since=_since(entry.text, table.cell(cells, "since"), today),
        note=table.cell(cells, "note"),
    )
    return holding if quantity else None


def _is_remark(
    text: str, amount: str, cells: Iterable[str], *, is_symbol: bool
) -> bool:
    """Return whether a line without a holding is no mistake."""
    first = next(filter(None, cells), "")
    if text in ACCOUNT_CELLS or _name(first).rstrip(":") in TOTALS:
        return True
    repeats_heading = _name(text) in COLUMNS["symbol"] and not is_symbol
    return repeats_heading or (not amount and not is_symbol)


def _number(what: str, text: str, mark: Decimal | None) -> float:
    try:
        return read_number(text, mark)
    except ValueError as error:
        raise _Unusable(f"{what}: {error}") from error


def _currency(text: str) -> str:
    known = re.fullmatch(r"[A-Za-z]{3}", text)
    return ("GBp" if text in ("GBp", "GBX") else text.upper()) if known else ""


def _since(symbol: str, text: str, today: date) -> date | None:
    if not text:
        return None
    found = next(_dates(text), None)
    if found is None:
        raise _Unusable(f"{symbol} has since {quote_value(text)}; write YYYY-MM-DD")
    if found > today:
        raise _Unusable(f"{symbol} is held since {found}, which is after {today}")
    return found


def _dates(text: str) -> Iterator[date]:
    for form in _DATES:
        try:
            yield datetime.strptime(text, form).date()  # noqa: DTZ007  a day only
        except ValueError:
            continue


def _add_up(found: Iterable[Holding]) -> tuple[Holding, ...]:
    """Return one holding per symbol; the cost is the mean of its lines."""
    together: dict[str, Holding] = {}
    for one in found:
        before = together.get(one.symbol)
        together[one.symbol] = _join(before, one) if before else one
    return tuple(holding for holding in together.values() if holding.quantity)


def _join(one: Holding, other: Holding) -> Holding:
    quantity = one.quantity + other.quantity
    cost, is_one_currency = None, one.currency == other.currency
    if is_one_currency and quantity and None not in (one.cost, other.cost):
        cost = (_paid(one) + _paid(other)) / quantity
    days = [day for day in (one.since, other.since) if day]
    return replace(one, quantity=quantity, cost=cost, since=min(days, default=None))


def _paid(holding: Holding) -> float:
    return holding.quantity * (holding.cost or 0.0)


def _other_listings(
    found: Iterable[Holding], listed: Collection[str]
) -> tuple[str, ...]:
    """Return a sentence for each US ticker that is known on another exchange."""
    known = {*listed, *(symbol for names in UNIVERSES.values() for symbol in names)}
    return tuple(
        f"{holding.symbol} is read as the stock in New York; write {other} if you "
        "hold that one"
        for holding in dict.fromkeys(found)
        if "." not in holding.symbol and holding.symbol not in known
        for other in elsewhere(holding.symbol)
        if other in known
    )


def _cells(lines: list[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error:
        return []


def _name(cell: str) -> str:
    return " ".join(plain_text(cell).split()).casefold()
