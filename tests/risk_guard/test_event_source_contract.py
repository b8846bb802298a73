"""The one contract that every event source passes."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from made_events import NOW

from config.errors import SymbolError
from config.settings import GuardSettings, PriceSettings
from market_data.yahoo_client import YahooClient
from risk_guard.calendar_file import read_calendar
from risk_guard.event_history import EventHistory, RememberedEvents
from risk_guard.event_sources import DividendFeed, EventSource
from risk_guard.events import EventStatus, EventType
from risk_guard.pillar3 import Pillar3Rule
from risk_guard.yahoo_calendar import YahooCalendar

AS_OF = date(2025, 6, 27)
KINDS = ["file", "yahoo", "rule", "dividends", "remembered"]


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> EventSource:
    """Return each source in turn, with events of CBA.AX; Yahoo through the replay."""
    if request.param == "yahoo":
        request.getfixturevalue("replay")
        settings = PriceSettings(extras_retry_seconds=0, requests_per_second=50)
        return YahooCalendar(YahooClient(settings), GuardSettings())
    if request.param == "rule":
        return Pillar3Rule(GuardSettings())
    if request.param == "dividends":
        paid = {date(2025, 2, 19): 2.25, date(2025, 8, 20): 2.6}
        return DividendFeed({"CBA.AX": paid})
    path = tmp_path / "event_calendar.csv"
    path.write_text("ticker,event_type,date\nCBA.AX,earnings,2025-08-13\n")
    file = read_calendar(path)
    if request.param == "file":
        return file
    return RememberedEvents(
        file, EventHistory(tmp_path / "seen"), drops_past_events=True
    )


def test_an_event_has_all_that_it_must(source: EventSource) -> None:
    """Type, status, source, order of days, and an instant with its zone."""
    events = source.ask("CBA.AX", AS_OF, NOW).events
    assert events
    for one in events:
        assert one.type in get_args(EventType)
        assert one.status in get_args(EventStatus)
        assert one.first <= one.last
        assert one.source == source.name
        assert one.retrieved_at.tzinfo is not None


def test_asked_twice_it_says_the_same(source: EventSource) -> None:
    """An answer does not depend on an earlier one."""
    assert source.ask("CBA.AX", AS_OF, NOW) == source.ask("CBA.AX", AS_OF, NOW)


def test_a_gap_is_said_where_nothing_is_known_of_what_comes(
    source: EventSource,
) -> None:
    """Who knows what comes has no gap."""
    answer = source.ask("CBA.AX", AS_OF, NOW)
    assert not (answer.covers_future and answer.gap)


def test_an_unknown_symbol_is_no_calm_one(source: EventSource) -> None:
    """It raises a symbol's error, or claims nothing of what comes."""
    try:
        answer = source.ask("ZZZZ.AX", AS_OF, NOW)
    except SymbolError:
        return
    assert (answer.events, answer.covers_future) == ((), False)


def test_past_dividends_only() -> None:
    """The feed comes with the prices: what they were paid, never what will be."""
    feed = DividendFeed({"CBA.AX": {date(2025, 2, 19): 2.25, date(2025, 8, 20): 2.6}})
    (paid,) = feed.ask("CBA.AX", AS_OF, NOW).events
    assert (paid.type, paid.first) == ("dividend", date(2025, 2, 19))
    assert "2.25" in paid.title
