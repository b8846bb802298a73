"""Live nights and replays of one stock under a clock and a calendar of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from config.errors import RateLimited
from market_data.sample import SampleSource
from market_data.selection import Symbols
from market_data.sources import Feeds, SourceName
from market_data.symbols import exchange_of
from market_data.yahoo_client import YahooClient
from pipeline.events import events
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sources import open_sources
from risk_guard.assessment import EventAssessment, assess
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext

NIGHTS = [date(2025, 11, day) for day in (14, 17, 18, 19, 20, 21, 24, 25)]
"""Sessions of New York."""

REPORT, NEXT = date(2025, 11, 19), date(2026, 2, 25)


@dataclass
class Yahoo:
    """Yahoo's connection, with the calendar of each day; it counts the requests."""

    calendars: Mapping[date, Sequence[date] | None]
    """`None` is a refusal; a date is 21:20 UTC of that day, after New York's close."""
    today: date = NIGHTS[0]
    asked: list[date] = field(default_factory=list)
    listed: list[date] = field(default_factory=list)

    def calendar_events(self, _symbol: str) -> dict[str, Any]:
        """Return today's calendar as Yahoo sends it, or refuse."""
        self.asked.append(self.today)
        named = self.calendars[self.today]
        if named is None:
            raise RateLimited("Yahoo said 429.")
        epochs = [_instant(one).timestamp() for one in named]
        return {"earnings": {"earningsDate": epochs}}

    def earnings(self, _symbol: str) -> tuple[datetime, ...]:
        """Return Yahoo's list of past earnings, and note the request."""
        self.listed.append(self.today)
        return (datetime(2025, 8, 27, 16, tzinfo=ZoneInfo("America/New_York")),)


def _instant(report: date) -> datetime:
    if isinstance(report, datetime):
        return report
    return datetime(report.year, report.month, report.day, 21, 20, tzinfo=UTC)


def evening(day: date) -> datetime:
    """Return an instant after New York's close of that day."""
    return datetime(day.year, day.month, day.day, 22, tzinfo=UTC)


def plan(home: Path, as_of: date, now: datetime, **asked: Any) -> RunPlan:  # noqa: ANN401
    """Return the plan of a night as the flow makes it."""
    given = {"source": "yahoo", "symbols": ("NVDA",)} | asked
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=given["symbols"]),
            source=cast("SourceName", given["source"]),
            as_of=as_of,
            train="never",
            home=home,
        ),
        now=now,
    )


def known(
    home: Path,
    yahoo: Yahoo,
    as_of: date,
    now: datetime,
    *,
    symbol: str = "NVDA",
    folder: Path | None = None,
) -> KnownEvents:
    """Return the stock's events as the night of `as_of` finds them at `now`."""
    yahoo.today = now.date()
    night = plan(home, as_of, now, symbols=(symbol,))
    night = replace(night, folder=folder)
    (home / "overnight.toml").write_text("[sentiment]\nengine = 'off'\n")
    feeds = Feeds(SampleSource(), None, cast("YahooClient", yahoo))
    return events(night, open_sources(night, feeds), symbol, None)


def live(
    home: Path,
    yahoo: Yahoo,
    day: date,
    *,
    symbol: str = "NVDA",
    folder: Path | None = None,
) -> KnownEvents:
    """Return the events that the live night of that session finds."""
    return known(home, yahoo, day, evening(day), symbol=symbol, folder=folder)


def judged(found: KnownEvents, as_of: date, symbol: str = "NVDA") -> EventAssessment:
    """Return the guard's finding on the stock."""
    guard = plan(Path(), as_of, evening(as_of)).settings.guard
    return assess(found, exchange_of(symbol).code, as_of, MarketContext(), guard)


def files(home: Path) -> dict[str, bytes]:
    """Return the content of each file of the home's stored answers."""
    folder = home / "data" / "events"
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in found}
