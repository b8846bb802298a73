"""Files of symbols that nothing screens any more, for `doctor` and `clean`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from config.errors import RunError, SelectionError
from market_data.symbols import is_index, parse_symbol, symbol_of
from screening.archive.night_rows import read_night_rows
from screening.holdings.holdings_file import read_holdings
from screening.table import csv_path, read_rows
from status.published import find_nights
from storage.home import Home
from storage.lock import one_run_at_a_time
from storage.paths import StoragePath, convert_write_errors, names_in, remove, sizes_in
from storage.settings_file import read_settings

UNUSED_DAYS = 365
"""Days without a night after which a symbol's files count as unused."""


@dataclass(frozen=True)
class UnusedSymbol:
    """A symbol that nothing screens, with its models, prices and events."""

    symbol: str
    files: tuple[StoragePath, ...]
    size: int


def find_unused(home: Home, now: datetime) -> tuple[UnusedSymbol, ...]:
    """Return the symbols with files that no list, holding or recent night names.

    Built-in lists count too. An index is never unused: hedges and leads need it.

    Raises
    ------
    ParameterError
        If the settings can't be read.
    RunError
        If the holdings or a night's CSV can't be read.
    StorageError
        If the disk or the store refuses.
    """
    files = _files_by_symbol(home)
    if not files:
        return ()
    used = _listed(home) | _screened(home, now)
    held = _held_tickers(home, files, now)
    return tuple(
        UnusedSymbol(symbol, tuple(found), sum(found.values()))
        for symbol, found in sorted(files.items())
        if symbol not in used and not is_index(symbol) and _ticker(symbol) not in held
    )


def remove_unused(home: Home, shown: Iterable[UnusedSymbol], now: datetime) -> int:
    """Remove the files that were shown and are still unused; return how many.

    Raises
    ------
    BusyError
        If a run is using the home.
    RunError, StorageError
        As `find_unused`.
    """
    agreed = {path for one in shown for path in one.files}
    with one_run_at_a_time(home):
        still = {path for one in find_unused(home, now) for path in one.files}
        for path in agreed & still:
            with convert_write_errors(path):
                remove(path)
    return len(agreed & still)


def _files_by_symbol(home: Home) -> dict[str, dict[StoragePath, int]]:
    found: dict[str, dict[StoragePath, int]] = defaultdict(dict)
    for folder, start, end in _folders(home):
        for name, size in sizes_in(folder).items():
            stem = name.removeprefix(start).partition(end)[0]
            if name.startswith(start) and end in name and (symbol := _parse(stem)):
                found[symbol][folder / name] = size
    return found


def _folders(home: Home) -> Iterator[tuple[StoragePath, str, str]]:
    """Yield the folders with files by symbol, and what is before and after it."""
    for name in ("", "rejected", "drafts", "history"):
        yield (home.models / name if name else home.models), "lstm_", "_"
    sources = names_in(home.prices) if isinstance(home.root, Path) else ["yahoo"]
    for source in sources:
        if not isinstance(home.root, Path) or Path(str(home.prices / source)).is_dir():
            yield home.prices / source, "", ".parquet"
    for folder in (home.seen_events, home.past_earnings):
        yield folder, "", ".json"
        yield folder, "", ".damaged-"


def _parse(stem: str) -> str:
    """Return the symbol of a file's name, "" if the name holds none."""
    symbol = symbol_of(stem)
    try:
        return symbol if parse_symbol(symbol) == symbol else ""
    except SelectionError:
        return ""


def _listed(home: Home) -> set[str]:
    lists = read_settings(home.root).all_universes.values()
    return {symbol for members in lists for symbol in members}


def _screened(home: Home, now: datetime) -> set[str]:
    """Return the symbols of runs of the last year, also of replays of old nights."""
    first = now.date() - timedelta(UNUSED_DAYS)
    table = read_night_rows(home, date.min)
    nights = table["night"].dt.date
    # Also an old night's: a replay of this year may have written it.
    if missing := set(find_nights(home)) - set(nights):
        raise _unknown_symbols(home, max(missing))
    recent = set(table.loc[nights >= first, "symbol"])
    replayed = nights[~table["live"].fillna(value=False).astype(bool)]
    for night in sorted({day for day in replayed if day < first}):
        try:
            rows = read_rows(csv_path(home.screening_csv, night))
        except (OSError, ValueError) as error:
            raise _unknown_symbols(home, night) from error
        made = ((row["symbol"], row.get("run_at") or "") for row in rows)
        recent |= {symbol for symbol, at in made if at[:10] >= first.isoformat()}
    return recent


def _unknown_symbols(home: Home, night: date) -> RunError:
    return RunError(
        f"{csv_path(home.screening_csv, night)} can't be read, so the symbols "
        "that it screened are not known",
        "restore it from a copy, run that night again, or move it to another folder",
    )


def _held_tickers(home: Home, symbols: Iterable[str], now: datetime) -> set[str]:
    """Return what is held, without exchanges: a broker's file may leave them out."""
    held = read_holdings(home.holdings, now.date() + timedelta(1), tuple(symbols))
    if held.faults:
        raise RunError(
            f"{home.holdings} holds something that can't be read ({held.faults[0]})",
            "correct it (docs/holdings.md)",
        )
    return {_ticker(symbol) for symbol in held.symbols}


def _ticker(symbol: str) -> str:
    return symbol.partition(".")[0]
