"""Prices from a folder of CSV files in Yahoo's download layout."""

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import pandas as pd
from pydantic import BaseModel, Field

from config.errors import BadPrices, UnknownSymbol, quoted
from config.places import read_limited
from market_data.prices import YAHOO_COLUMNS, Dividends, PriceHistory, price_frame
from market_data.symbols import file_stem

MAX_FOLDER_FILE_BYTES = 100_000_000
"""Size above which a file is no daily history; fifty years have 1 MB."""


@dataclass(frozen=True)
class FolderSource:
    """`{folder}/prices/{SYMBOL}.csv`: `Date,Open,High,Low,Close,Adj Close,Volume`.

    Company names and past dividends come from `{folder}/events/{SYMBOL}.json`, where
    there is one: `{"meta": {"longName": ...}, "dividends": [{"date", "amount"}]}`.
    """

    folder: Path
    name: ClassVar[str] = "folder"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the file's rows from `first` to `last`; see `PriceSource`."""
        path = self.folder / "prices" / f"{file_stem(symbol)}.csv"
        rows = _read(path)
        dates = _dates(rows["Date"], path)
        wanted = (dates >= pd.Timestamp(first)) & (dates <= pd.Timestamp(last))
        if not wanted.any():
            raise UnknownSymbol(
                f"{path.name} must hold rows from {first} to {last}, got none; "
                "name another --as-of or --period."
            )
        rows, dates = rows[wanted], dates[wanted]
        columns = {
            name: _numbers(rows[column], rows["Date"], path)
            for column, name in YAHOO_COLUMNS.items()
        }
        described = _described(self.folder / "events" / f"{file_stem(symbol)}.json")
        return PriceHistory(
            price_frame(columns, dates),
            currency="",
            source=self.name,
            company=described.meta.long_name,
            dividends=described.dividends_within(first, last),
        )


class _Meta(BaseModel):
    long_name: str = Field("", alias="longName")


class _Dividend(BaseModel):
    date: date
    amount: float


class _Described(BaseModel):
    """What of an events file is read; the rest of it is let be."""

    meta: _Meta = _Meta()
    dividends: tuple[_Dividend, ...] = ()

    def dividends_within(self, first: date, last: date) -> Dividends:
        paid = self.dividends
        return {one.date: one.amount for one in paid if first <= one.date <= last}


def _described(path: Path) -> _Described:
    if not path.is_file():
        return _Described()
    try:
        content = read_limited(path, MAX_FOLDER_FILE_BYTES)
        return _Described.model_validate_json(content)
    except (OSError, ValueError) as error:
        raise BadPrices(
            f"events/{path.name} must be JSON with `meta` and `dividends`, got: "
            f"{' '.join(str(error).split())[:120]}; correct or remove it."
        ) from error


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise UnknownSymbol(
            f"the folder must hold prices/{path.name}, got no file; put it there."
        )
    try:
        content = io.BytesIO(read_limited(path, MAX_FOLDER_FILE_BYTES))
        rows = pd.read_csv(
            content, dtype=str, encoding="utf-8-sig", keep_default_na=False
        )
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:160].rstrip(".")
        raise BadPrices(
            f"{path.name} must be a readable CSV, got: {said}; correct the file."
        ) from error
    missing = [name for name in ["Date", *YAHOO_COLUMNS] if name not in rows.columns]
    if missing:
        raise BadPrices(
            f"{path.name} must have the columns Date,{','.join(YAHOO_COLUMNS)}, "
            f"got none called {', '.join(missing)}; correct the header."
        )
    return rows


def _dates(texts: pd.Series, path: Path) -> pd.DatetimeIndex:
    # The day as written: a midnight with a zone must not slip into another day.
    dates = pd.to_datetime(texts.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    if dates.isna().any():
        row = int(dates.isna().to_numpy().argmax())
        raise BadPrices(
            f"{path.name} row {row + 2} must hold a date like 2025-11-10, "
            f"got {quoted(texts.iloc[row])}; correct the row."
        )
    return pd.DatetimeIndex(dates)


def _numbers(texts: pd.Series, days: pd.Series, path: Path) -> list[float]:
    """Return the column as floats; an empty or `nan` cell is NaN, a word is refused."""
    cleaned = texts.str.strip().str.lower()
    numbers = pd.to_numeric(cleaned, errors="coerce")
    words = numbers.isna() & ~cleaned.isin(["", "nan", "null", "none", "n/a"])
    if words.any():
        row = int(words.to_numpy().argmax())
        raise BadPrices(
            f"{path.name} of {days.iloc[row][:10]} must hold a number in "
            f"`{texts.name}`, got {texts.iloc[row][:40]!r}; correct the cell."
        )
    return [float(number) for number in numbers]
