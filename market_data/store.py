"""The price store: one Parquet file per symbol and source, written atomically.

A night asks the source only for new sessions and a few that are stored. If these
differ, the source has adjusted its history (split, dividend), and all of it is fetched
again. A history that lacks a session is fetched again too.
Each file is signed with its symbol and source. A file that was edited, renamed or
written by another program is never used, and a note reports it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from pandera.errors import SchemaError, SchemaErrors

from config.errors import DamagedTable, RateLimited, SymbolError, Unreachable
from config.settings import PriceSettings
from market_data.price_schemas import RAW_PRICES
from market_data.prices import ADJUSTED_CLOSE, CLOSE, PriceHistory, cut_history
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from market_data.symbols import exchange_of, file_stem
from storage.paths import StoragePath
from storage.tables import read_signed, write_signed

SAME_PRICE = 1e-5
"""Prices with a relative difference up to this are equal: Yahoo sends single
precision."""

_OTHER_VERSION = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""Errors that a file of another version of this store raises."""


@dataclass(frozen=True)
class _Stored:
    """A symbol's stored history, and the date from which it was requested."""

    history: PriceHistory
    requested_from: date

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

        A source on this machine is asked each time, and its prices are not stored.
        Sessions after `as_of` are never returned.

        If the source cannot be reached, stored prices that reach `as_of` are returned,
        with "(stored)" in `source`. If a stored file is damaged, the prices are fetched
        again, and a note gives the reason.

        Raises
        ------
        SymbolError
            The source's error if no stored prices reach `as_of`; its message also says
            whether a stored file is damaged.
        StorageError
            If the store cannot be written.
        """
        if not self.source.remote:
            fetched = self.source.fetch(symbol, first, as_of)
            return cut_history(fetched, first, as_of)
        try:
            return self._update(symbol, self._read(symbol), first, as_of)
        except DamagedTable as damaged:
            damage = f"the stored file {damaged.problem}"
        try:
            fetched = self._fetch(symbol, first, as_of).cut(first, as_of)
        except SymbolError as error:
            problem = f"{error.problem.rstrip('.')}, and {damage}"
            raise type(error)(problem, error.fix) from error
        note = f"the prices were fetched anew, because {damage}"
        return replace(fetched, notes=(*fetched.notes, note))

    def _update(
        self, symbol: str, stored: _Stored | None, first: date, as_of: date
    ) -> PriceHistory:
        if stored and stored.requested_from <= first and stored.reaches(as_of):
            return stored.cut(first, as_of)
        try:
            if stored and stored.requested_from <= first:
                return self._extend(symbol, stored, as_of).cut(first, as_of)
            return self._fetch(symbol, first, as_of).cut(first, as_of)
        except (RateLimited, Unreachable):
            if stored is None or not stored.reaches(as_of):
                raise
            kept = stored.cut(first, as_of)
            return replace(kept, source=f"{kept.source} (stored)")

    def _extend(self, symbol: str, stored: _Stored, as_of: date) -> _Stored:
        """Return `stored` with newer sessions; fetch all if prices have changed."""
        old = stored.history.frame
        if not _complete(old, exchange_of(symbol).code):
            return self._fetch(symbol, stored.requested_from, as_of)
        overlap = old.iloc[-self.settings.overlap_sessions :]
        newer = self._request(symbol, overlap.index[0].date(), as_of)
        if not _agree(overlap, newer.frame):
            return self._fetch(symbol, stored.requested_from, as_of)
        joined = replace(
            newer,
            frame=pd.concat([old[old.index < newer.frame.index[0]], newer.frame]),
            dividends=stored.history.dividends | newer.dividends,
            splits=stored.history.splits | newer.splits,
        )
        return self._keep(symbol, _Stored(joined, stored.requested_from))

    def _fetch(self, symbol: str, first: date, as_of: date) -> _Stored:
        return self._keep(symbol, _Stored(self._request(symbol, first, as_of), first))

    def _request(self, symbol: str, first: date, as_of: date) -> PriceHistory:
        """Return the source's answer sorted by session, otherwise unchanged."""
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
            "asked_from": stored.requested_from.isoformat(),
        }
        write_signed(self._path(symbol), frame, **self._names(symbol))
        return stored

    def _read(self, symbol: str) -> _Stored | None:
        """Return the stored history, None if there is none.

        Raises
        ------
        DamagedTable
            If the file is not one that this store wrote for the symbol.
        """
        path = self._path(symbol)
        try:
            frame = read_signed(path, **self._names(symbol))
            return _parse(frame, self.source.name)
        except DamagedTable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        except (*_OTHER_VERSION, SchemaError, SchemaErrors) as error:
            raise DamagedTable(
                f"{path.name} can't be used: it has another form than this version's"
            ) from error

    def _names(self, symbol: str) -> dict[str, str]:
        return {"symbol": symbol, "source": self.source.name}

    def _path(self, symbol: str) -> StoragePath:
        return self.folder / self.source.name / f"{file_stem(symbol)}.parquet"


def _parse(frame: pd.DataFrame, source: str) -> _Stored | None:
    """Return the history of a stored frame; None for one without rows."""
    facts, frame = frame.attrs, RAW_PRICES.validate(frame)
    history = PriceHistory(
        frame=frame,
        currency=facts["currency"],
        source=source,
        company=facts["company"],
        dividends=_parse_days(facts["dividends"]),
        splits=_parse_days(facts.get("splits", {})),
    )
    requested_from = date.fromisoformat(facts["asked_from"])
    return None if frame.empty else _Stored(history, requested_from)


def _parse_days(stored: Mapping[str, float]) -> dict[date, float]:
    return {date.fromisoformat(day): float(amount) for day, amount in stored.items()}


def _complete(stored: pd.DataFrame, exchange: str) -> bool:
    """Return whether each session from the first to the last has all its values."""
    first, last = stored.index.min().date(), stored.index.max().date()
    sessions = sessions_between(exchange, first, last)
    return bool(sessions.isin(stored.dropna().index).all())


def _agree(stored: pd.DataFrame, newer: pd.DataFrame) -> bool:
    """Return whether sessions that were fetched twice have the same closes."""
    columns = [CLOSE, ADJUSTED_CLOSE]
    again = newer[~newer.index.duplicated()].reindex(stored.index)
    return bool(np.allclose(stored[columns], again[columns], rtol=SAME_PRICE, atol=0))
