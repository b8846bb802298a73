"""The price store: one Parquet file a symbol and source, written whole.

A night asks the source for new sessions only. When the sessions fetched twice differ,
the source has re-adjusted its history (split, dividend) and all of it is fetched anew;
so is a history that lacks a session, for it is one request either way and heals it.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from pandera.errors import SchemaError

from config.errors import RateLimited, Unreachable
from config.home import write_whole
from config.places import AnyPath
from config.settings import PriceSettings
from config.tables import read_table
from market_data.prices import (
    ADJUSTED_CLOSE,
    CLOSE,
    RAW_PRICES,
    PriceHistory,
    dated_within,
    through,
)
from market_data.sessions import sessions_between
from market_data.sources import PriceSource
from market_data.symbols import exchange_of, file_stem

SAME_PRICE = 1e-5
"""Relative difference up to which two prices are one: Yahoo sends single precision."""


@dataclass(frozen=True)
class _Stored:
    """What the store holds of a symbol, and how far back it was asked for."""

    history: PriceHistory
    asked_from: date

    def reaches(self, as_of: date) -> bool:
        complete = self.history.frame.dropna().index
        return bool(len(complete) and complete[-1] >= pd.Timestamp(as_of))

    def cut(self, first: date, as_of: date) -> PriceHistory:
        return _cut(self.history, first, as_of)


@dataclass(frozen=True)
class PriceStore:
    """The stored prices of one source."""

    folder: AnyPath
    source: PriceSource
    settings: PriceSettings

    def history(self, symbol: str, first: date, as_of: date) -> PriceHistory:
        """Return the sessions from `first` to `as_of`, asking the source if needed.

        A source on this machine is asked each time and nothing of it is stored. Nothing
        later than `as_of` is returned, whatever the source hands out.

        Where the source can't be reached, stored prices stand in if they reach
        `as_of`, and `source` of the result says so.

        Raises
        ------
        SymbolError
            What the source raised, where no stored prices reach `as_of`.
        StorageError
            If the store can't be written.
        """
        if not self.source.remote:
            return _cut(self.source.fetch(symbol, first, as_of), first, as_of)
        stored = self._stored(symbol)
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
        write_whole(self._path(symbol), frame.to_parquet)
        return stored

    def _stored(self, symbol: str) -> _Stored | None:
        """Return what is stored; a torn or foreign file counts as nothing."""
        try:
            frame = RAW_PRICES.validate(read_table(self._path(symbol)))
            asked_from = date.fromisoformat(frame.attrs["asked_from"])
            history = PriceHistory(
                frame=frame,
                currency=str(frame.attrs["currency"]),
                source=self.source.name,
                company=str(frame.attrs["company"]),
                dividends={
                    date.fromisoformat(day): float(paid)
                    for day, paid in frame.attrs["dividends"].items()
                },
                splits={
                    date.fromisoformat(day): float(ratio)
                    for day, ratio in frame.attrs.get("splits", {}).items()
                },
            )
        except (OSError, ValueError, KeyError, AttributeError, SchemaError):
            return None
        return None if frame.empty else _Stored(history, asked_from)

    def _path(self, symbol: str) -> AnyPath:
        return self.folder / self.source.name / f"{file_stem(symbol)}.parquet"


def _cut(history: PriceHistory, first: date, as_of: date) -> PriceHistory:
    """Return the rows, dividends and splits from `first` to `as_of`."""
    frame = through(history.frame, as_of)
    return replace(
        history,
        frame=frame[frame.index >= pd.Timestamp(first)],
        dividends=dated_within(history.dividends, first, as_of),
        splits=dated_within(history.splits, first, as_of),
    )


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
