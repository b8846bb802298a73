"""The holdings of one night: each stock, a book per currency, days of reports. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from pydantic import BaseModel

from features.windows import Floats
from market_data.sessions import covers, sessions_apart
from market_data.symbols import exchange_of
from risk_guard.events import REPORTS, Event, EventStatus, EventType
from screening.findings import SymbolFindings
from screening.holdings.book import Book, Position, make_books, money_of
from screening.holdings.holdings_file import NAME, Holding, HoldingsFile

MIN_CLUSTER = 2
"""Holdings that report on a day which is then named."""

NOT_SCREENED = "this night did not screen it"


class NextEvent(BaseModel, frozen=True):
    """The next event of a holding; `days` and `sessions` are None for a window.

    `sessions` is None too for a day that the exchange's calendar does not reach.
    """

    type: EventType
    first: date
    last: date
    status: EventStatus
    title: str
    days: int | None
    sessions: int | None


class HeldStock(BaseModel, frozen=True):
    """One holding on the night; None and '' are not known; `missing` says why.

    `value`, `gain`, `low`, `high` and `typical` are amounts in `currency`. `value` is
    negative for a short position, and `gain` is what it has gained on `cost`. `low` and
    `high` are the ends of the 80 % interval of the change in value. `typical` is the
    median change after its past reports.
    """

    symbol: str
    company: str
    quantity: float
    cost: float | None
    since: date | None
    note: str
    as_of: date | None = None
    currency: str = ""
    close: float | None = None
    value: float | None = None
    gain: float | None = None
    call: str = ""
    previous_call: str = ""
    event: NextEvent | None = None
    reaction: str = ""
    low: float | None = None
    high: float | None = None
    typical: float | None = None
    missing: str = ""


class ReportDay(BaseModel, frozen=True):
    """A day on which several holdings report."""

    day: date
    symbols: tuple[str, ...]


class NightHoldings(BaseModel, frozen=True):
    """All holdings on one night; `notices` are sentences on what could not be used.

    `present` is false if there is no file. `books` has one book per currency, of the
    holdings whose `missing` is ''.
    """

    as_of: date
    present: bool
    notices: tuple[str, ...]
    stocks: tuple[HeldStock, ...] = ()
    books: tuple[Book, ...] = ()
    report_days: tuple[ReportDay, ...] = ()


@dataclass(frozen=True)
class ScreenedSymbol:
    """A symbol's row as text, its findings and what the night's table holds.

    `ordinary` and `drawn` are those of a `Position`. They are None without a table,
    with the reason in `fault`.
    """

    row: Mapping[str, str]
    findings: SymbolFindings
    ordinary: pd.Series | None = None
    drawn: Floats | None = None
    fault: str = ""


def night_holdings(
    as_of: date, held: HoldingsFile, screened: Mapping[str, ScreenedSymbol]
) -> NightHoldings:
    """Return the holdings as they stand on the night of `as_of`.

    `screened` holds what the night knows, by symbol.
    """
    known = [(one, screened.get(one.symbol)) for one in held.holdings]
    stocks = [_stock(one, found) for one, found in known]
    positions = [
        position
        for stock, (_, found) in zip(stocks, known, strict=True)
        if found and (position := _position(stock, found))
    ]
    left_out = [
        left_out_sentence(stock.symbol, stock.missing)
        for stock in stocks
        if stock.missing
    ]
    return NightHoldings(
        as_of=as_of,
        present=held.present,
        notices=(*held.notices, *left_out),
        stocks=tuple(stocks),
        books=make_books(positions),
        report_days=_report_days(found for _, found in known if found),
    )


def left_out_sentence(symbol: str, reason: str) -> str:
    """Return the notice about a holding that is not in the book."""
    return f"{NAME}: {symbol} is not in the book: {reason.rstrip('.')}."


def _stock(held: Holding, found: ScreenedSymbol | None) -> HeldStock:
    """Return the holding with what the night knows of it."""
    stock = HeldStock(
        symbol=held.symbol,
        company="",
        quantity=held.quantity,
        cost=held.cost,
        since=held.since,
        note=held.note,
        missing="" if found else NOT_SCREENED,
    )
    if found is None:
        return stock
    row, prices = found.row, found.findings.prices
    return stock.model_copy(
        update={
            "company": prices.company if prices else "",
            "as_of": found.findings.as_of,
            "currency": money_of(row["currency"], 0)[0],
            "call": row["prediction"],
            "previous_call": row["previous_prediction"],
            "event": _next_event(found.findings),
            "reaction": row["event_reaction"],
            **_amounts(held, row),
            "missing": _missing(found),
        }
    )


def _amounts(held: Holding, row: Mapping[str, str]) -> dict[str, float | None]:
    """Return the holding's amounts of money, none without a close."""
    close = _number(row, "close")
    if close is None:
        return {}
    currency, value = money_of(row["currency"], held.quantity * close)
    low, high = (_number(row, f"predicted_return_{end}") for end in ("low", "high"))
    changes = [] if low is None or high is None else [value * low, value * high]
    typical = _number(row, "event_typical_move")
    return {
        "close": money_of(row["currency"], close)[1],
        "value": value,
        "gain": _gain(held, row, currency, value),
        "low": min(changes, default=None),
        "high": max(changes, default=None),
        "typical": None if typical is None else abs(value) * typical,
    }


def _gain(
    held: Holding, row: Mapping[str, str], currency: str, value: float
) -> float | None:
    """Return what the holding has gained, None if the cost is in another currency."""
    if held.cost is None:
        return None
    paid_in, paid = money_of(
        held.currency or row["currency"], held.quantity * held.cost
    )
    return value - paid if paid_in == currency else None


def _missing(found: ScreenedSymbol) -> str:
    """Return why the holding is not in the book, '' if it is."""
    row = found.row
    if row["data_status"] == "failed" or not row["close"]:
        return row["reason"].rstrip(".")
    if not row["predicted_return_low"] or not row["return_scale"]:
        return found.findings.distribution.reason or "it has no interval"
    return found.fault


def _position(stock: HeldStock, found: ScreenedSymbol) -> Position | None:
    if stock.missing or stock.value is None or found.ordinary is None:
        return None
    return Position(
        symbol=stock.symbol,
        currency=stock.currency,
        value=stock.value,
        centre=_number(found.row, "predicted_return") or 0.0,
        scale=float(found.row["return_scale"]),
        ordinary=found.ordinary,
        drawn=found.drawn,
    )


def _next_event(found: SymbolFindings) -> NextEvent | None:
    """Return the next event that is known."""
    coming = _coming(found)
    if not coming:
        return None
    event = min(coming, key=lambda one: (one.first, one.last))
    exchange, dated = exchange_of(found.symbol).code, not event.is_window
    counted = dated and covers(exchange, event.first)
    return NextEvent(
        type=event.type,
        first=event.first,
        last=event.last,
        status=event.status,
        title=event.title,
        days=(event.first - found.as_of).days if dated else None,
        sessions=(
            sessions_apart(exchange, found.as_of, event.first) if counted else None
        ),
    )


def _coming(found: SymbolFindings) -> Sequence[Event]:
    known = (*found.known_events.events, *found.known_events.later)
    known = known or found.events.coming
    return [event for event in known if event.last >= found.as_of]


def _report_days(screened: Iterable[ScreenedSymbol]) -> tuple[ReportDay, ...]:
    """Return the coming days on which several holdings report, the next first."""
    days: defaultdict[date, list[str]] = defaultdict(list)
    for found in screened:
        for event in _coming(found.findings):
            if event.type in REPORTS and not event.is_window:
                days[event.first].append(found.findings.symbol)
    each = {day: tuple(dict.fromkeys(symbols)) for day, symbols in days.items()}
    return tuple(
        ReportDay(day=day, symbols=each[day])
        for day in sorted(each)
        if len(each[day]) >= MIN_CLUSTER
    )


def _number(row: Mapping[str, str], name: str) -> float | None:
    return float(row[name]) if row[name] else None
