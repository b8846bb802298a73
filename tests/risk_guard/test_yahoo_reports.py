"""Yahoo's list of past earnings: once a month, only added to, never in a replay."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from equipment import Replay
from made_events import AS_OF, NOW

from config.errors import (
    NoCalendar,
    RateLimited,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import GuardSettings, PriceSettings
from market_data.yahoo_client import YahooClient
from risk_guard.event_sources import EventAnswer
from risk_guard.known_events import KnownEvents, collect_events
from risk_guard.past_reports import PastReport
from risk_guard.yahoo_reports import REFRESH, YahooReports
from storage.home import Home, write_atomic
from storage.paths import files_in, read_bytes

NEW_YORK = ZoneInfo("America/New_York")
NAME = "yahoo earnings"


def at(day: str, hour: int = 16) -> datetime:
    """Return an instant of Yahoo's page."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=NEW_YORK)


MAY, AUGUST, NOVEMBER, FEBRUARY = (
    at(day) for day in ("2025-05-01", "2025-07-31", "2025-10-30", "2026-01-29")
)


@dataclass
class Yahoo:
    """Yahoo's connection, with the rows of its page; None is `failure`."""

    rows: tuple[datetime, ...] | None = (FEBRUARY, NOVEMBER, AUGUST, MAY)
    asked: list[str] = field(default_factory=list)
    failure: SymbolError = field(default_factory=lambda: RateLimited("Yahoo said 429."))

    def earnings(self, symbol: str) -> tuple[datetime, ...]:
        """Return the rows, or fail."""
        self.asked.append(symbol)
        if self.rows is None:
            raise self.failure
        return self.rows


def night(
    home: Home, yahoo: Yahoo | None, later: timedelta = timedelta(), **plan: bool
) -> EventAnswer:
    """Return Apple's past reports on a night, `later` than the first."""
    replayed = frozenset({"AAPL"} if plan.get("replay") else ())
    client = cast("YahooClient | None", yahoo)
    source = YahooReports(client, home.past_earnings, replayed)
    return source.ask("AAPL", AS_OF, NOW + later)


def days(answer: EventAnswer) -> list[date]:
    """Return the days of the reports."""
    return [report.day for report in answer.past_reports]


def content(home: Home) -> bytes | None:
    """Return the bytes of the stored list, None if there is none."""
    try:
        return read_bytes(home.past_earnings / "AAPL.json")
    except FileNotFoundError:
        return None


LISTED = [date(2025, 5, 1), date(2025, 7, 31), date(2025, 10, 30)]


def test_past_rows_are_reports_with_a_time_of_day(home: Home) -> None:
    """The coming row is none: its date may still move."""
    answer = night(home, Yahoo())
    assert answer.past_reports == tuple(
        PastReport(day, "after_close", NAME) for day in LISTED
    )
    assert (answer.events, answer.covers_future, answer.gap) == ((), False, "")
    assert answer.report_gaps == ()


def test_yahoo_is_asked_once_a_month(home: Home) -> None:
    """Between two requests the stored list is used."""
    yahoo = Yahoo()
    night(home, yahoo)
    before = content(home)
    almost = REFRESH - timedelta(seconds=1)
    assert days(night(home, yahoo, almost)) == LISTED
    assert (len(yahoo.asked), content(home)) == (1, before)
    assert days(night(home, yahoo, REFRESH)) == LISTED
    assert len(yahoo.asked) == 2
    night(home, yahoo, REFRESH + almost)
    assert len(yahoo.asked) == 2


def test_a_list_dated_in_the_future_is_asked_for_again(home: Home) -> None:
    """A clock that was wrong once blocks no later request."""
    yahoo = Yahoo()
    night(home, yahoo, timedelta(days=4000))
    night(home, yahoo)
    assert len(yahoo.asked) == 2


def test_a_shorter_page_takes_no_known_report_away(home: Home) -> None:
    """A page that was cut short adds its rows, and the known ones stay."""
    night(home, Yahoo())
    found = night(home, Yahoo(rows=(FEBRUARY,)), REFRESH * 3)
    assert days(found) == [*LISTED, date(2026, 1, 29)]
    assert days(night(home, None)) == [*LISTED, date(2026, 1, 29)]


def test_the_same_rows_are_stored_once(home: Home) -> None:
    """An instant in another zone is the same row."""
    night(home, Yahoo())
    night(home, Yahoo(rows=(MAY.astimezone(UTC), AUGUST)), REFRESH)
    assert len(json.loads(content(home) or b"")["instants"]) == 3


def test_a_failed_answer_keeps_the_stored_list(home: Home) -> None:
    """The gap has its date and the cause; the next night asks again."""
    night(home, Yahoo())
    before, yahoo = content(home), Yahoo(rows=None)
    found = night(home, yahoo, REFRESH)
    assert (days(found), content(home)) == (LISTED, before)
    cause = "rate_limited: Yahoo said 429"
    assert found.report_gaps == (
        f"Yahoo's past earnings of AAPL are from 2025-11-10: {cause}",
    )
    night(home, yahoo, REFRESH + timedelta(days=1))
    assert len(yahoo.asked) == 2


def test_a_first_failure_is_a_gap(home: Home) -> None:
    """There is no list, and the cause is the reason; nothing is stored."""
    found = night(home, Yahoo(rows=None))
    cause = "rate_limited: Yahoo said 429"
    assert found.report_gaps == (
        f"Yahoo's past earnings of AAPL are not known: {cause}",
    )
    assert (found.past_reports, content(home)) == ((), None)


def test_an_empty_page_is_a_gap_and_asked_for_once_a_month(home: Home) -> None:
    """Yahoo has no list of some stocks; that costs no request a night."""
    yahoo = Yahoo(rows=())
    for later in (timedelta(), timedelta(days=1)):
        found = night(home, yahoo, later)
        assert found.report_gaps == ("Yahoo lists no past earnings of AAPL",)
    assert len(yahoo.asked) == 1


@pytest.mark.parametrize("failure", [UnknownSymbol("no page."), NoCalendar("other.")])
def test_a_lasting_failure_is_asked_for_once_a_month(
    home: Home, failure: SymbolError
) -> None:
    """A fund has no page of earnings; its gap keeps the cause on every night."""
    yahoo = Yahoo(rows=None, failure=failure)
    cause = str(failure).rstrip(".")
    for later in (timedelta(), timedelta(days=1), REFRESH - timedelta(seconds=1)):
        (gap,) = night(home, yahoo, later).report_gaps
        assert gap == f"Yahoo's past earnings of AAPL are not known: {cause}"
    assert len(yahoo.asked) == 1
    yahoo.rows = (MAY,)
    found = night(home, yahoo, REFRESH)
    assert (days(found), found.report_gaps) == (LISTED[:1], ())


def test_a_lasting_failure_keeps_the_stored_list_and_its_date(home: Home) -> None:
    """The gap has the date of the list, also after the second failure."""
    night(home, Yahoo())
    yahoo = Yahoo(rows=None, failure=UnknownSymbol("no page."))
    gap = "Yahoo's past earnings of AAPL are from 2025-11-10: unknown_symbol: no page"
    for months in (1, 1.5, 2, 2.5):
        found = night(home, yahoo, REFRESH * months)
        assert (days(found), found.report_gaps) == (LISTED, (gap,))
    assert len(yahoo.asked) == 2


@pytest.mark.parametrize("failure", [Unreachable("cut."), SymbolError("no sign.")])
def test_a_temporary_failure_is_asked_for_on_the_next_night(
    home: Home, failure: SymbolError
) -> None:
    """Nothing is stored, so the list stays due."""
    yahoo = Yahoo(rows=None, failure=failure)
    for later in (timedelta(), timedelta(days=1)):
        night(home, yahoo, later)
    assert (len(yahoo.asked), content(home)) == (2, None)


def test_a_replay_asks_nothing_and_writes_nothing(home: Home) -> None:
    """It uses the stored list, however old; without one it has a gap."""
    yahoo = Yahoo()
    found = night(home, yahoo, replay=True)
    assert found.report_gaps == ("Yahoo's past earnings of AAPL are not stored",)
    assert (found.past_reports, content(home)) == ((), None)
    night(home, yahoo)
    before = content(home)
    again = night(home, yahoo, REFRESH * 9, replay=True)
    assert (days(again), again.report_gaps) == (LISTED, ())
    assert (len(yahoo.asked), content(home)) == (1, before)


def test_a_run_without_yahoo_uses_what_is_stored(home: Home) -> None:
    """It asks nothing, and without a list it has no gap: it does not use Yahoo."""
    assert night(home, None) == EventAnswer((), covers_future=False)
    night(home, Yahoo())
    assert days(night(home, None, REFRESH * 9)) == LISTED


def known(home: Home, as_of: date) -> KnownEvents:
    """Return what a replay of that session knows."""
    source = YahooReports(None, home.past_earnings, frozenset({"AAPL"}))
    return collect_events("AAPL", [source], as_of, NOW, GuardSettings())


def test_a_replay_uses_the_reports_up_to_its_own_session(home: Home) -> None:
    """The list was retrieved later; a report of the as-of day is not past at once."""
    night(home, Yahoo())
    for as_of, count in [("2025-05-01", 0), ("2025-05-02", 1), ("2025-10-30", 2)]:
        found = known(home, date.fromisoformat(as_of)).past_reports
        assert [report.day for report in found] == LISTED[:count]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"retrieved_at": 3}', "\0"])
def test_a_damaged_list_is_asked_for_again(home: Home, text: str) -> None:
    """A replay, or a run without Yahoo, has a gap and lets the file be."""
    write_atomic(home.past_earnings / "AAPL.json", text)
    damaged = ("the stored past earnings of AAPL are damaged",)
    assert night(home, None).report_gaps == damaged
    assert night(home, Yahoo(), replay=True).report_gaps == damaged
    assert content(home) == text.encode()
    found = night(home, Yahoo())
    assert (days(found), found.report_gaps) == (LISTED, ())
    assert days(night(home, None)) == LISTED


def test_a_list_that_can_t_be_opened_is_not_replaced(tmp_path: Path) -> None:
    """It may hold more than Yahoo's page does now."""
    home, yahoo = Home(tmp_path), Yahoo()
    (home.past_earnings / "AAPL.json").mkdir(parents=True)
    (gap,) = night(home, yahoo).report_gaps
    assert gap.startswith("can't read Yahoo's past earnings of AAPL: ")
    assert (yahoo.asked, files_in(home.past_earnings)) == ([], [])


def test_a_list_that_can_t_be_stored_still_counts(tmp_path: Path) -> None:
    """A folder that can't be made, here a dead link, costs a gap."""
    home = Home(tmp_path)
    (tmp_path / "data/events").mkdir(parents=True)
    (tmp_path / "data/events/past_earnings").symlink_to(tmp_path / "nowhere/at/all")
    found = night(home, Yahoo())
    assert days(found) == LISTED
    assert found.report_gaps[0].startswith("Yahoo's past earnings of AAPL are not st")


def test_london_s_hour_of_the_close_is_unknown(tmp_path: Path) -> None:
    """The page's 11 AM in New York is 16:00 to 16:59 in London, which closes 16:30."""
    yahoo = Yahoo(rows=(at("2025-05-01", 2), at("2025-07-31", 11)))
    client = cast("YahooClient", yahoo)
    source = YahooReports(client, Home(tmp_path).past_earnings)
    found = source.ask("BP.L", AS_OF, NOW).past_reports
    assert [report.time for report in found] == ["before_open", "unknown"]


def test_rows_before_the_first_known_session_are_left_out(home: Home) -> None:
    """They have no reaction session."""
    assert days(night(home, Yahoo(rows=(at("1985-05-01"), MAY)))) == LISTED[:1]


def test_the_recorded_page_is_read_and_stored(replay: Replay, tmp_path: Path) -> None:
    """Apple's 42 past reports of 2015 to mid-2025, all after the close."""
    settings = PriceSettings(extras_retry_seconds=0, requests_per_second=50)
    now = datetime(2025, 6, 27, 22, tzinfo=UTC)
    client, home = YahooClient(settings), Home(tmp_path)
    for _ in range(2):
        source = YahooReports(client, home.past_earnings)
        found = source.ask("AAPL", date(2025, 6, 27), now).past_reports
        assert (len(found), found[0].day) == (42, date(2015, 1, 27))
        assert {report.time for report in found} == {"after_close"}
    assert replay.stats()["by_endpoint"]["earnings_html"] == 1
