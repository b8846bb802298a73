"""Yahoo's list of a company's past earnings, asked for once a month and stored."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar

from pydantic import AwareDatetime, TypeAdapter

from config.errors import NoCalendar, StorageError, SymbolError, UnknownSymbol
from market_data.sessions import FIRST_DATE
from market_data.symbols import exchange_of, file_stem
from market_data.yahoo_client import YahooClient
from risk_guard.event_sources import EventAnswer
from risk_guard.past_reports import YAHOO_LIST, PastReport
from risk_guard.reactions import report_time
from storage.home import write_atomic
from storage.paths import StoragePath, read_bytes

REFRESH = timedelta(days=30)
"""Age from which a stored list is asked for again."""

CUT_TO = timedelta(hours=1)
"""Yahoo's page gives the hour of a report without the minutes."""


@dataclass(frozen=True)
class StoredEarnings:
    """The instants of a company's past earnings that Yahoo has ever listed.

    `failure` is the cause if Yahoo has no list since, and `failed_at` is when it was
    last asked for. Both are unset after a list.
    """

    retrieved_at: AwareDatetime
    instants: tuple[AwareDatetime, ...]
    failed_at: AwareDatetime | None = None
    failure: str = ""

    def add(self, listed: Iterable[datetime], now: datetime) -> "StoredEarnings":
        """Return the list of `now`: instants are added and never removed.

        Coming earnings are left out: their dates may still move.
        """
        past = [at for at in listed if at <= now and at.date() >= FIRST_DATE]
        return StoredEarnings(now, tuple(sorted({*self.instants, *past})))


_FILE = TypeAdapter(StoredEarnings)


@dataclass(frozen=True)
class YahooReports:
    """The past reports in Yahoo's list; it names no event.

    `client` is None if the run does not use Yahoo; stored lists are used all the same.
    `replayed` are the symbols whose night is a replay, which asks and stores nothing.
    """

    client: YahooClient | None
    folder: StoragePath
    replayed: frozenset[str] = frozenset()
    name: ClassVar[str] = YAHOO_LIST

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:  # noqa: ARG002
        """Return the listed reports; see `EventSource`."""
        try:
            stored, gap = self._find(symbol, now)
        except (OSError, StorageError) as error:
            stored, gap = (
                None,
                f"can't read Yahoo's past earnings of {symbol}: {_text(error)}",
            )
        exchange = exchange_of(symbol).code
        reports = tuple(
            PastReport(*report_time(exchange, at, CUT_TO), self.name)
            for at in (stored.instants if stored else ())
        )
        if stored and not reports and not gap:
            gap = f"Yahoo lists no past earnings of {symbol}"
        return EventAnswer(
            (),
            covers_future=False,
            past_reports=reports,
            report_gaps=(gap,) if gap else (),
        )

    def _find(self, symbol: str, now: datetime) -> tuple[StoredEarnings | None, str]:
        """Return the stored list, asked for anew if it is due, and a reason for a gap.

        A damaged list counts as none. One that can't be read is not replaced.

        Raises
        ------
        OSError, StorageError
            If the stored list can't be read.
        """
        stored, gap = None, ""
        try:
            stored = _FILE.validate_json(read_bytes(self._path(symbol)))
            gap = _gap(symbol, stored, stored.failure)
        except FileNotFoundError:
            if self.client:
                gap = f"Yahoo's past earnings of {symbol} are not stored"
        except ValueError:
            gap = f"the stored past earnings of {symbol} are damaged"
        if self.client and symbol not in self.replayed and _is_due(stored, now):
            return self._refresh(self.client, symbol, stored, now)
        return stored, gap

    def _refresh(
        self,
        client: YahooClient,
        symbol: str,
        stored: StoredEarnings | None,
        now: datetime,
    ) -> tuple[StoredEarnings | None, str]:
        """Ask Yahoo, and store the list; return it, or the old one and the reason.

        A failure that lasts, such as that of a fund without a page, is stored too.
        After any other the list stays due.
        """
        found = stored or StoredEarnings(now, ())
        try:
            found = found.add(client.earnings(symbol), now)
        except (NoCalendar, UnknownSymbol) as error:
            found = replace(found, failed_at=now, failure=_text(error))
        except SymbolError as error:
            return stored, _gap(symbol, stored, _text(error))
        gap = _gap(symbol, found, found.failure)
        try:
            write_atomic(self._path(symbol), _FILE.dump_json(found))
        except StorageError as error:
            failure = _text(error)
            gap = f"Yahoo's past earnings of {symbol} are not stored: {failure}"
        return found, gap

    def _path(self, symbol: str) -> StoragePath:
        return self.folder / f"{file_stem(symbol)}.json"


def _is_due(stored: StoredEarnings | None, now: datetime) -> bool:
    if stored is None:
        return True
    return abs(now - (stored.failed_at or stored.retrieved_at)) >= REFRESH


def _gap(symbol: str, stored: StoredEarnings | None, failure: str) -> str:
    """Return how old the stored list is and why, empty without a failure."""
    if not failure:
        return ""
    age = "not known"
    if stored and stored.instants:
        age = f"from {stored.retrieved_at.date()}"
    return f"Yahoo's past earnings of {symbol} are {age}: {failure}"


def _text(error: Exception) -> str:
    return str(error).rstrip(".")
