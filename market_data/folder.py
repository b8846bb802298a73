"""Prices from a folder of CSV files in the layouts that Yahoo and yfinance save."""

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from config.errors import BadPrices, UnknownSymbol
from market_data.adjustment import SAVE_BOTH
from market_data.dates import local_moments, oldest_first
from market_data.events_file import MAX_FILE_BYTES, EventsFile, read_events_file
from market_data.price_schemas import price_frame
from market_data.prices import (
    YAHOO_COLUMNS,
    Dividends,
    PriceHistory,
    Splits,
    filter_dates,
)
from market_data.symbols import elsewhere, exchange_of, file_of_user, symbol_of
from storage.paths import read_bytes

DATE, DIVIDENDS, SPLITS = "Date", "Dividends", "Stock Splits"
"""yfinance's other columns; the last two may be missing."""

ADJUSTED, CLOSE = "Adj Close", "Close"

DATE_NAMES = (DATE, "Datetime")
"""yfinance's names of the first column."""


@dataclass(frozen=True)
class FolderSource:
    """`{folder}/prices/{SYMBOL}.csv`: `Date,Open,High,Low,Close,Adj Close,Volume`.

    It may also have the columns `Dividends` and `Stock Splits`. Company name, currency,
    past dividends and splits come from `{folder}/events/{SYMBOL}.json`, if that exists;
    see `events_file`.
    """

    folder: Path
    name: ClassVar[str] = "folder"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the file's rows from `first` to `last`; see `PriceSource`."""
        path = file_of_user(self.folder / "prices", symbol, ".csv")
        events = read_events_file(file_of_user(self.folder / "events", symbol, ".json"))
        rows = _add_adjusted(_read(path), path, events)
        moments = _read_moments(rows[DATE], path, exchange_of(symbol).code)
        dates = pd.DatetimeIndex(moments.dt.normalize())
        if dates.has_duplicates:  # Then the later of two rows comes last.
            order = oldest_first(moments)
            rows, dates = rows.iloc[order], dates[order]
        wanted = (dates >= pd.Timestamp(first)) & (dates <= pd.Timestamp(last))
        if not wanted.any():
            raise UnknownSymbol(
                f"{path.name} has no rows from {first} to {last}",
                "pass another --as-of or --period",
            )
        rows, dates = rows[wanted], dates[wanted]
        columns = {
            name: _numbers(rows[column], rows[DATE], path)
            for column, name in YAHOO_COLUMNS.items()
        }
        dividends, splits = _read_amounts(rows, dates, path)
        return PriceHistory(
            price_frame(columns, dates),
            currency=events.currency,
            source=self.name,
            company=events.company,
            dividends=filter_dates(dividends or events.dividends, first, last),
            splits=filter_dates(splits or events.splits, first, last),
            notes=events.notes,
            sector=events.sector,
        )


def _read(path: Path) -> pd.DataFrame:
    """Return the file's cells as text, indexed by the line of the file."""
    if not path.is_file():
        others = elsewhere(symbol_of(path.stem))
        other = [name for name in others if _file_beside(path, name).is_file()]
        raise UnknownSymbol(
            f"the folder has no file prices/{path.name}",
            f"pass {' or '.join(other)}, which it has" if other else "add the file",
        )
    try:
        text = read_bytes(path, MAX_FILE_BYTES).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [name.strip() for name in _strip_empty(next(reader, []))]
        read = ((reader.line_num, _strip_empty(cells)) for cells in reader)
        lines = {number: cells for number, cells in read if cells}
    except (OSError, ValueError, csv.Error) as error:
        cause = " ".join(str(error).split())[:160].rstrip(".")
        raise BadPrices(
            f"{path.name} is not a readable CSV ({cause})",
            "save it again as CSV in UTF-8",
        ) from error
    for number, cells in lines.items():
        if len(cells) > len(header):
            raise BadPrices(
                f"{path.name} line {number} has {len(cells)} cells for {len(header)} "
                "columns",
                "correct the line",
            )
    header = [DATE if name in DATE_NAMES else name for name in header]
    return _table(header, lines, path)


def _file_beside(path: Path, symbol: str) -> Path:
    return file_of_user(path.parent, symbol, ".csv")


def _strip_empty(cells: list[str]) -> list[str]:
    """Return the cells without empty ones at the end, which come from extra commas."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _padded(cells: list[str], length: int) -> list[str]:
    return cells + [""] * (length - len(cells))


def _table(header: list[str], lines: dict[int, list[str]], path: Path) -> pd.DataFrame:
    wanted = [DATE, *(name for name in YAHOO_COLUMNS if name != ADJUSTED)]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise BadPrices(
            f"{path.name} has no column {', '.join(missing)}",
            f"use the header Date,{','.join(YAHOO_COLUMNS)}",
        )
    padded = [_padded(cells, len(header)) for cells in lines.values()]
    texts = np.array(padded, dtype=object).reshape(len(lines), len(header))
    rows = pd.DataFrame(texts, columns=header, index=list(lines))
    return rows.loc[:, ~rows.columns.duplicated()]


def _add_adjusted(rows: pd.DataFrame, path: Path, events: EventsFile) -> pd.DataFrame:
    """Return the rows with adjusted closes, the plain close if they are missing.

    `check_adjustment` then takes the dividends out.
    """
    if ADJUSTED in rows.columns:
        return rows
    if DIVIDENDS not in rows.columns and not events.lists_dividends:
        raise BadPrices(
            f"{path.name} has no column {ADJUSTED}, and no dividends to compute it "
            "from",
            SAVE_BOTH.format(symbol=symbol_of(path.stem)),
        )
    return rows.assign(**{ADJUSTED: rows[CLOSE]})


def _read_amounts(
    rows: pd.DataFrame, dates: pd.DatetimeIndex, path: Path
) -> tuple[Dividends, Splits]:
    """Return the dividends and splits in the price file's own columns."""
    found: list[dict[date, float]] = []
    for column in (DIVIDENDS, SPLITS):
        amounts: dict[date, float] = {}
        if column in rows.columns:
            values = _numbers(rows[column], rows[DATE], path)
            pairs = zip(dates, values, strict=True)
            amounts = {day.date(): value for day, value in pairs if value > 0}
        found.append(amounts)
    return found[0], found[1]


def _read_moments(texts: pd.Series, path: Path, exchange: str) -> pd.Series:
    """Return the rows' dates and times in the exchange's time zone."""
    moments = local_moments(texts, exchange)
    if moments.isna().any():
        row = int(moments.isna().to_numpy().argmax())
        raise BadPrices(
            f"{path.name} line {texts.index[row]} must hold a date like 2025-11-10 in "
            f"`{texts.name}`, got {texts.iloc[row][:40]!r}",
            "correct the line",
        )
    return moments


def _numbers(texts: pd.Series, days: pd.Series, path: Path) -> list[float]:
    """Return the column as floats; an empty or `nan` cell is NaN, a word is refused."""
    with suppress(ValueError, TypeError):
        plain = pd.to_numeric(texts)
        if not plain.isna().any():
            return [float(number) for number in plain]
    cleaned = texts.str.strip().str.lower()
    numbers = pd.to_numeric(cleaned, errors="coerce")
    words = numbers.isna() & ~cleaned.isin(["", "nan", "null", "none", "n/a"])
    if words.any():
        row = int(words.to_numpy().argmax())
        raise BadPrices(
            f"{path.name} line {texts.index[row]} of {days.iloc[row][:40]} must hold a "
            f"number in `{texts.name}`, got {texts.iloc[row][:40]!r}",
            "correct the cell",
        )
    return [float(number) for number in numbers]
