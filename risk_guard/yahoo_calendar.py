"""Event source of Yahoo's earnings and ex-dividend dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from config.errors import Unreachable
from config.settings import GuardSettings
from market_data.symbols import exchange_of
from market_data.yahoo_client import YahooClient
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event, EventStatus
from risk_guard.reactions import ReportTime, report_time


@dataclass(frozen=True)
class YahooCalendar:
    """Event source that asks Yahoo for `calendarEvents`."""

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

    An earnings instant becomes the day in the exchange's time zone and, if the date is
    confirmed, the time of day. An ex-dividend date is midnight UTC. Each date of an
    earnings range is an event. The answer covers the future if it names earnings up to
    `reporting_gap_days` after `as_of`.

    Raises
    ------
    Unreachable
        If the answer has another form.
    """
    reports, ex_dividend, status = _dates(answer, symbol)
    name = YahooCalendar.name
    earnings = (
        Event("earnings", day, day, "Earnings", name, status, now, time=time)
        for day, time in reports
    )
    dividends = (
        Event("dividend", day, day, "Ex-dividend", name, "confirmed", now)
        for day in ex_dividend
    )
    furthest = as_of + timedelta(days=settings.reporting_gap_days)
    covered = any(as_of <= day <= furthest for day, _ in reports)
    gap = "" if covered else f"Yahoo names no coming earnings date of {symbol}"
    return EventAnswer((*earnings, *dividends), covers_future=covered, gap=gap)


def _dates(
    answer: Mapping[str, Any], symbol: str
) -> tuple[list[tuple[date, ReportTime]], list[date], EventStatus]:
    """Return the earnings days, the ex-dividend days, and the status of the former."""
    try:
        earnings = answer.get("earnings") or {}
        exchange = exchange_of(symbol).code
        epochs = earnings.get("earningsDate") or []
        reports = [report_time(exchange, _instant(epoch)) for epoch in epochs]
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
            f"Yahoo's calendar of {symbol} has an unreadable date: {error}",
            "run again later",
        ) from error
    if estimated:  # Nor does Yahoo know the time of day.
        return [(day, "unknown") for day, _ in reports], ex_dividend, "estimated"
    return reports, ex_dividend, "confirmed"


def _instant(epoch: Any) -> datetime:  # noqa: ANN401  unchecked JSON
    seconds: Any = epoch["raw"] if isinstance(epoch, Mapping) else epoch
    return datetime.fromtimestamp(float(seconds), UTC)
