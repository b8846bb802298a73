"""The past calls of one symbol, read from the ledger and the nights of a home."""

from datetime import datetime

from config.settings import Settings
from market_data.symbols import parse_symbol
from screening.archive.night_rows import read_night_rows
from screening.track_record.past_calls import read_counted_calls, read_outcomes
from screening.track_record.symbol_record import SymbolRecord, symbol_record
from storage.home import Home


def read_symbol_record(
    home: Home, symbol: str, settings: Settings, now: datetime, limit: int | None
) -> SymbolRecord:
    """Return the last `limit` calls of a symbol, without a limit all of them.

    Raises
    ------
    SelectionError
        If `symbol` is no symbol.
    StorageError
        If the ledger can't be read.
    """
    wanted = parse_symbol(symbol)
    calls = read_counted_calls(home.track_record, wanted)
    latest = calls if limit is None else calls.tail(limit)
    if latest.empty:
        return SymbolRecord(symbol=wanted, total=0, calls=())
    return symbol_record(
        wanted,
        calls=latest,
        outcomes=read_outcomes(home.track_record, wanted),
        rows=read_night_rows(home, latest["as_of"].min().date()),
        horizons=settings.track_record.horizons,
        now=now,
        total=len(calls),
    )
