"""Yahoo's calendar of one symbol: earnings and ex-dividend dates, UTC-safe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from config.errors import Unreachable
from config.settings import GuardSettings
from market_data.sessions import local_date
from market_data.symbols import exchange_of
from market_data.yahoo_client import YahooClient
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event, EventStatus, EventType


@dataclass(frozen=True)
class YahooCalendar:
    """Yahoo's `calendarEvents`."""

    client: YahooClient
    settings: GuardSettings
    name: ClassVar[str] = "yahoo"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return Yahoo's events of the symbol; see `EventSource`."""
        return read_calendar_events(
            self.client.calendar_events(symbol), symbol, as_of, now, self.settings
        )


def read_calendar_events(
    answer: Mapping[str, Any],
    symbol: str,
    as_of: date,
    now: datetime,
    settings: GuardSettings,
) -> EventAnswer:
    """Return the events in an answer of Yahoo's `calendarEvents`.

    Earnings are instants, taken as days of the exchange; an ex-dividend date is a
    midnight of UTC. Where Yahoo names a range, each of its dates is an event.

    Yahoo knows what comes only where it names the next earnings, not too far off: a
    company reports at least half-yearly, so else one is missing.

    Raises
    ------
    Unreachable
        If the answer is none of Yahoo's.
    """
    reports, ex_dividend, status = _dates(answer, symbol)
    events = [
        *(_event("earnings", day, status, "Earnings", now) for day in reports),
        *(
            _event("dividend", day, "confirmed", "Ex-dividend", now)
            for day in ex_dividend
        ),
    ]
    furthest = as_of + timedelta(days=settings.reporting_gap_days)
    known = any(as_of <= day <= furthest for day in reports)
    gap = "" if known else f"Yahoo names no coming earnings date of {symbol}"
    return EventAnswer(tuple(events), covers_future=known, gap=gap)


def _dates(
    answer: Mapping[str, Any], symbol: str
) -> tuple[list[date], list[date], EventStatus]:
    """Return the earnings days, the ex-dividend days, and how sure the former are."""
    try:
        earnings = answer.get("earnings") or {}
        reports = _days(earnings.get("earningsDate") or [], exchange_of(symbol).code)
        paid = answer.get("exDividendDate")
        ex_dividend = [] if paid is None else [_instant(paid).date()]
        estimated = bool(earnings.get("isEarningsDateEstimate"))
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        OverflowError,
        OSError,
    ) as error:
        raise Unreachable(
            f"Yahoo must send dates in {symbol}'s calendar, got {error}; try later."
        ) from error
    return reports, ex_dividend, "estimated" if estimated else "confirmed"


def _days(epochs: list[Any], exchange: str) -> list[date]:
    return [local_date(exchange, _instant(epoch)) for epoch in epochs]


def _instant(epoch: Any) -> datetime:  # noqa: ANN401  as Yahoo sent it
    seconds: Any = epoch["raw"] if isinstance(epoch, Mapping) else epoch
    return datetime.fromtimestamp(float(seconds), UTC)


def _event(
    kind: EventType, day: date, status: EventStatus, title: str, now: datetime
) -> Event:
    return Event(kind, day, day, title, YahooCalendar.name, status, now)
