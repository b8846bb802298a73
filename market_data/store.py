"""The price store: one Parquet file a symbol and source, written whole.

A night asks the source for new sessions only. When the sessions fetched twice differ,
the source has re-adjusted its history (split, dividend) and all of it is fetched anew;
so is a history that lacks a session, for it is one request either way and heals it.
Each file is signed with its symbol and source: one that was edited, renamed or written
by another program is never used, and a note says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from pandera.errors import SchemaError, SchemaErrors

from config.errors import DamagedTable, RateLimited, SymbolError, Unreachable
from config.settings import PriceSettings
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    RAW_PRICES,
    PriceHistory,
    cut_history,
)
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from market_data.symbols import exchange_of, file_stem
from storage.paths import StoragePath
from storage.tables import read_signed, write_signed

SAME_PRICE = 1e-5
"""Relative difference up to which two prices are one: Yahoo sends single precision."""

_UNFIT = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What attributes of another version raise."""


@dataclass(frozen=True)
class _Stored:
    """What the store holds of a symbol, and how far back it was asked for."""

    history: PriceHistory
    asked_from: date

    def reaches(self, as_of: date) -> bool:
        complete = self.history.frame.dropna().index
        return bool(len(complete) and complete[-1] >= pd.Timestamp(as_of))

    def cut(self, first: date, as_of: date) -> PriceHistory:
        return cut_history(self.history, first, as_of)


@dataclass(frozen=True)
class PriceStore:
    """The stored prices of one source."""

    folder: StoragePath
    source: PriceSource
    settings: PriceSettings

    def history(self, symbol: str, first: date, as_of: date) -> PriceHistory:
        """Return the sessions from `first` to `as_of`, asking the source if needed.

        A source on this machine is asked each time and nothing of it is stored. Nothing
        later than `as_of` is returned, whatever the source hands out.

        Where the source can't be reached, stored prices stand in if they reach
        `as_of`, and `source` of the result says so. A stored file that does not fit is
        fetched anew, and a note of the result says why.

        Raises
        ------
        SymbolError
            What the source raised, where no stored prices reach `as_of`; with why the
            stored file does not fit, where it does not.
        StorageError
            If the store can't be written.
        """
        if not self.source.remote:
            fetched = self.source.fetch(symbol, first, as_of)
            return cut_history(fetched, first, as_of)
        try:
            return self._answered(symbol, self._stored(symbol), first, as_of)
        except DamagedTable as damaged:
            said = f"the stored file {damaged.problem}"
        try:
            anew = self._fetched(symbol, first, as_of).cut(first, as_of)
        except SymbolError as error:
            raise type(error)(f"{error.sentence} Besides, {said}.") from error
        note = f"the prices were fetched anew, because {said}"
        return replace(anew, notes=(*anew.notes, note))

    def _answered(
        self, symbol: str, stored: _Stored | None, first: date, as_of: date
    ) -> PriceHistory:
        if stored and stored.asked_from <= first and stored.reaches(as_of):
            return stored.cut(first, as_of)
        try:
            if stored and stored.asked_from <= first:
                return self._extended(symbol, stored, as_of).cut(first, as_of)
            return self._fetched(symbol, first, as_of).cut(first, as_of)
        except (RateLimited, Unreachable):
            if stored is None or not stored.reaches(as_of):
                raise
            kept = stored.cut(first, as_of)
            return replace(kept, source=f"{kept.source} (stored)")

    def _extended(self, symbol: str, stored: _Stored, as_of: date) -> _Stored:
        """Return `stored` with newer sessions; all anew if it changed or has holes."""
        old = stored.history.frame
        if not _complete(old, exchange_of(symbol).code):
            return self._fetched(symbol, stored.asked_from, as_of)
        overlap = old.iloc[-self.settings.overlap_sessions :]
        newer = self._asked(symbol, overlap.index[0].date(), as_of)
        if not _agree(overlap, newer.frame):
            return self._fetched(symbol, stored.asked_from, as_of)
        joined = replace(
            newer,
            frame=pd.concat([old[old.index < newer.frame.index[0]], newer.frame]),
            dividends=stored.history.dividends | newer.dividends,
            splits=stored.history.splits | newer.splits,
        )
        return self._keep(symbol, _Stored(joined, stored.asked_from))

    def _fetched(self, symbol: str, first: date, as_of: date) -> _Stored:
        return self._keep(symbol, _Stored(self._asked(symbol, first, as_of), first))

    def _asked(self, symbol: str, first: date, as_of: date) -> PriceHistory:
        """Return the source's answer in order of time, its other faults as they are."""
        history = self.source.fetch(symbol, first, as_of)
        return replace(history, frame=history.frame.sort_index(kind="stable"))

    def _keep(self, symbol: str, stored: _Stored) -> _Stored:
        history = stored.history
        frame = history.frame.copy()
        frame.attrs = {
            "currency": history.currency,
            "company": history.company,
            "dividends": {str(day): paid for day, paid in history.dividends.items()},
            "splits": {str(day): ratio for day, ratio in history.splits.items()},
            "asked_from": stored.asked_from.isoformat(),
        }
        write_signed(self._path(symbol), frame, **self._names(symbol))
        return stored

    def _stored(self, symbol: str) -> _Stored | None:
        """Return what is stored, None where nothing is.

        Raises
        ------
        DamagedTable
            If the file is not what this store wrote for the symbol.
        """
        path = self._path(symbol)
        try:
            frame = read_signed(path, **self._names(symbol))
            return _parsed(frame, self.source.name)
        except DamagedTable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        except (*_UNFIT, SchemaError, SchemaErrors) as error:
            raise DamagedTable(
                f"{path.name} can't be used: it has another form than this version's"
            ) from error

    def _names(self, symbol: str) -> dict[str, str]:
        return {"symbol": symbol, "source": self.source.name}

    def _path(self, symbol: str) -> StoragePath:
        return self.folder / self.source.name / f"{file_stem(symbol)}.parquet"


def _parsed(frame: pd.DataFrame, source: str) -> _Stored | None:
    """Return a stored frame with what its attributes say; None for one without rows."""
    facts, frame = frame.attrs, RAW_PRICES.validate(frame)
    history = PriceHistory(
        frame=frame,
        currency=facts["currency"],
        source=source,
        company=facts["company"],
        dividends=_dated(facts["dividends"]),
        splits=_dated(facts.get("splits", {})),
    )
    asked_from = date.fromisoformat(facts["asked_from"])
    return None if frame.empty else _Stored(history, asked_from)


def _dated(stored: Mapping[str, float]) -> dict[date, float]:
    return {date.fromisoformat(day): float(amount) for day, amount in stored.items()}


def _complete(stored: pd.DataFrame, exchange: str) -> bool:
    """Return whether each session from the first to the last has all its values."""
    first, last = stored.index.min().date(), stored.index.max().date()
    sessions = sessions_between(exchange, first, last)
    return bool(sessions.isin(stored.dropna().index).all())


def _agree(stored: pd.DataFrame, newer: pd.DataFrame) -> bool:
    """Return whether the sessions fetched twice have the same closes both times."""
    columns = [CLOSE, ADJUSTED_CLOSE]
    again = newer[~newer.index.duplicated()].reindex(stored.index)
    return bool(np.allclose(stored[columns], again[columns], rtol=SAME_PRICE, atol=0))
