"""Yahoo's page of a company's earnings dates, which yfinance reads.

yfinance does not check the page: an error page gives no rows, and a page that was cut
short gives fewer rows, both without an error.
"""

from datetime import datetime
from typing import Any

from config.errors import NoCalendar, SymbolError, UnknownSymbol, Unreachable

MAX_ROWS = 100
"""The most that Yahoo sends: 25 years of quarters."""

NO_RESULTS = b"find any results"
"""Part of Yahoo's sentence on a calendar page without a table."""

NOT_FOUND, FIRST_ERROR = 404, 400


def read_earnings_page(ticker: Any, symbol: str) -> tuple[datetime, ...]:  # noqa: ANN401
    """Return the instants of earnings that yfinance's `ticker` gets, cut to the hour.

    They are past and coming, in New York's time zone; none if Yahoo knows no earnings.

    Raises
    ------
    SymbolError
        `UnknownSymbol` or `Unreachable` for an error page or a page that was cut short,
        `NoCalendar` for a page of another form. `SymbolError` itself for a page without
        a table and without Yahoo's sentence for that, such as a page that asks for
        consent: it may be Yahoo's calendar on another night.
    """
    session = ticker.session
    try:
        table = ticker.get_earnings_dates(limit=MAX_ROWS)
        found = () if table is None else tuple(table.index[table.index.notna()])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        _require_whole_page(symbol, session.last_status, session.last_body)
        raise NoCalendar(
            f"Yahoo's page of {symbol}'s earnings has another form "
            f"({type(error).__name__})",
            "update yfinance",
        ) from error
    _require_whole_page(symbol, session.last_status, session.last_body)
    if table is None and NO_RESULTS not in session.last_body:
        raise SymbolError(
            f"Yahoo's page of {symbol} shows neither earnings nor that there are none",
            "try again later",
        )
    return tuple(instant.to_pydatetime() for instant in found)


def _require_whole_page(symbol: str, status: int, body: bytes) -> None:
    if status == NOT_FOUND:
        raise UnknownSymbol(f"Yahoo has no page of {symbol}'s earnings")
    end = b"</table>" if b"<table" in body else b"</html>"
    if status < FIRST_ERROR and end in body and b"Will be right back" not in body:
        return
    raise Unreachable(
        f"Yahoo gave no usable page of {symbol}'s earnings (status {status})",
        "try again later",
    )
