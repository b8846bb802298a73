"""Prints the holdings of `overnight holdings`."""

from typing import TYPE_CHECKING

from rich.console import Console

from cli.output import literal, new_table, say
from screening.holdings.words import (
    amount,
    book_sentence,
    call_text,
    event_text,
    interval_text,
    quantity_text,
    report_day_text,
)
from screening.report.cells import MINUS

if TYPE_CHECKING:
    from screening.holdings.night import HeldStock, NightHoldings

HEADINGS = ("symbol", "quantity", "value", "call", "80 % interval")


def show_holdings(found: "NightHoldings") -> None:
    """Print what could not be used, the books, one line per holding, and events."""
    console = Console(highlight=False, emoji=False)
    for notice in found.notices:
        say(console, f"[bold]note[/] {literal(notice)}")
    for book in found.books:
        value = _ascii(f"{amount(book.value)} {book.currency}")
        say(console, f"[bold]{value}[/] {_ascii(book_sentence(book))}")
    if found.stocks:
        title = f"As of {found.as_of}"
        table = new_table(*HEADINGS, left={"symbol", "call"}, title=title)
        for stock in found.stocks:
            table.add_row(*map(_ascii, _cells(stock)))
        console.print(table)
    for stock in found.stocks:
        if stock.event:
            say(
                console,
                f"{stock.symbol}: {_ascii(event_text(stock.event))}{_move(stock)}",
            )
    for day in found.report_days:
        say(console, f"[bold]same day[/] {report_day_text(day)}")


def _cells(stock: "HeldStock") -> tuple[str, ...]:
    value = "-" if stock.value is None else f"{amount(stock.value)} {stock.currency}"
    return (
        stock.symbol,
        quantity_text(stock.quantity),
        value,
        call_text(stock),
        interval_text(stock),
    )


def _move(stock: "HeldStock") -> str:
    """Return what a report of the stock typically moves, '' if it is not known."""
    if stock.typical is None:
        return ""
    return f"; a report typically moves it by {amount(stock.typical)} {stock.currency}"


def _ascii(text: str) -> str:
    return text.replace(MINUS, "-")
