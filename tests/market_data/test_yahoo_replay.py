"""The real client against a replay of Yahoo that fails in Yahoo's ways."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from equipment import Replay

from config.errors import (
    BadPrices,
    RateLimited,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import PriceSettings
from market_data.prices import ADJUSTED_CLOSE, CLOSE, PriceHistory
from market_data.quality import check_prices
from market_data.store import PriceStore
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient

FIRST, LAST = date(2025, 1, 2), date(2025, 6, 27)
SESSIONS = 122  # of Sydney, from FIRST to LAST
PAUSE_SECONDS = 0.1
"""The least pause before a retry: a tenth of a run's."""


def settings(retry_seconds: float, **others: float) -> PriceSettings:
    """Return settings with a small budget and a pace that does not slow a test."""
    return PriceSettings(retry_seconds=retry_seconds, requests_per_second=50, **others)


def yahoo(chosen: PriceSettings) -> YahooSource:
    """Return a source with a connection of its own."""
    return YahooSource(YahooClient(chosen, pause_seconds=PAUSE_SECONDS))


def ask(retry_seconds: float = 0, symbol: str = "BHP.AX") -> PriceHistory:
    """Return what a new source answers for half a year."""
    return yahoo(settings(retry_seconds)).fetch(symbol, FIRST, LAST)


def prices_asked_for(replay: Replay) -> list[date]:
    """Return the first day of each request for prices, zone look-ups left out."""
    return [
        datetime.fromtimestamp(int(request["query"]["period1"]), UTC).date()
        for request in replay.log()
        if request["endpoint"] == "chart" and "period1" in request["query"]
    ]


def test_prices_come_in_two_requests(replay: Replay) -> None:
    """A symbol costs a zone look-up and its prices; currency and rows are Yahoo's."""
    history = ask()
    assert (len(history.frame), history.currency) == (SESSIONS, "AUD")
    assert history.source == "yahoo"
    assert replay.stats()["by_endpoint"]["chart"] <= 2


@pytest.mark.parametrize(
    "fault", ["rate_limit", "http,status=503", "http,status=500", "truncate", "reset"]
)
def test_a_fault_that_passes_is_survived(replay: Replay, fault: str) -> None:
    """Rate limits, server errors and broken answers are tried again."""
    replay.faults(f"{fault},endpoint=chart,first=2")
    assert len(ask(retry_seconds=10).frame) == SESSIONS


def test_a_fault_of_the_prices_alone_is_survived(replay: Replay) -> None:
    """The client keeps bad answers in its memory; a retry asks the wire again."""
    replay.faults("http,status=503,endpoint=chart,after=1,until=3")
    assert len(ask(retry_seconds=10).frame) == SESSIONS


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("rate_limit", RateLimited),
        ("http,status=503", Unreachable),
        ("http,status=502", Unreachable),
        ("truncate", Unreachable),
        ("reset", Unreachable),
        ("cut", Unreachable),
        ("html_down", Unreachable),
        ("no_result", Unreachable),
        ("no_meta", Unreachable),
    ],
)
def test_a_fault_that_stays_has_its_cause(
    replay: Replay, fault: str, cause: type[SymbolError]
) -> None:
    """Without a budget the first failure is final, typed, and names the symbol."""
    replay.faults(f"{fault},endpoint=chart")
    with pytest.raises(cause, match=r"BHP\.AX") as failure:
        ask()
    assert type(failure.value) is cause
    assert failure.value.__cause__ is not None


@pytest.mark.parametrize("fault", ["rate_limit", "truncate"])
def test_retries_end_with_the_budget(replay: Replay, fault: str) -> None:
    """A sustained fault is tried more than once, and given up within the budget."""
    replay.faults(f"{fault},endpoint=chart")
    begun = time.monotonic()
    with pytest.raises((RateLimited, Unreachable)):
        ask(retry_seconds=0.3)
    assert time.monotonic() - begun < 3
    assert 2 <= replay.stats()["by_endpoint"]["chart"] <= 12


def test_symbols_share_one_budget(replay: Replay) -> None:
    """After the first symbol has spent the budget the others wait no more.

    The pauses are those of a run: the first is of a second at least.
    """
    replay.faults("rate_limit,endpoint=chart")
    source = YahooSource(YahooClient(settings(2)))
    begun = time.monotonic()
    for symbol in ("BHP.AX", "CBA.AX", "WBC.AX", "NAB.AX", "CSL.AX"):
        with pytest.raises(RateLimited):
            source.fetch(symbol, FIRST, LAST)
    assert 1 <= time.monotonic() - begun < 6


def test_one_broken_symbol_harms_no_other(replay: Replay) -> None:
    """A source goes on after a symbol that failed."""
    replay.faults("truncate,endpoint=chart,symbols=CBA.AX")
    source = yahoo(settings(0))
    with pytest.raises(Unreachable):
        source.fetch("CBA.AX", FIRST, LAST)
    assert len(source.fetch("BHP.AX", FIRST, LAST).frame) == SESSIONS


@pytest.mark.parametrize("fault", ["not_found", "bad_request", "empty_chart"])
def test_an_unknown_symbol_fails_at_once(replay: Replay, fault: str) -> None:
    """Yahoo's own no is believed: no retry although the budget would allow it."""
    replay.faults(f"{fault},endpoint=chart")
    with pytest.raises(UnknownSymbol, match=r"BHP\.AX"):
        ask(retry_seconds=10)
    assert replay.stats()["by_endpoint"]["chart"] <= 4


def test_a_symbol_that_yahoo_never_had_fails_at_once(replay: Replay) -> None:
    """A ticker that every endpoint denies costs no retry either."""
    with pytest.raises(UnknownSymbol, match=r"ZZZZZ\.AX"):
        ask(retry_seconds=10, symbol="ZZZZZ.AX")
    assert replay.stats()["by_endpoint"]["chart"] <= 4


@pytest.mark.usefixtures("replay")
def test_many_unknown_symbols_are_all_unknown() -> None:
    """The fifth misspelt ticker has the same cause as the first."""
    source = yahoo(settings(0))
    for number in range(5):
        with pytest.raises(UnknownSymbol):
            source.fetch(f"ZZZZ{number}.AX", FIRST, LAST)


def test_prices_of_another_symbol_are_refused(replay: Replay) -> None:
    """An answer about another symbol is never taken for this one."""
    replay.faults("wrong_symbol,as=CBA.AX,endpoint=chart")
    with pytest.raises(BadPrices, match=r"BHP\.AX and sent prices of CBA\.AX"):
        ask()


def test_a_price_in_the_future_is_left_out(replay: Replay) -> None:
    """Nothing later than asked for comes, whatever Yahoo sends."""
    replay.faults("price_in_future,endpoint=chart")
    assert ask().frame.index[-1].date() == LAST


@pytest.mark.parametrize("fault", ["dup_dates", "shuffle"])
def test_order_and_duplicates_are_repaired(replay: Replay, fault: str) -> None:
    """Rows sent twice or out of order end as one ordered row a session."""
    replay.faults(f"{fault},endpoint=chart")
    result = check_prices(ask().frame, "XASX", LAST, PriceSettings())
    assert (result.status, len(result.frame)) == ("ok", SESSIONS)


@pytest.mark.parametrize("fault", ["zero_price", "negative_price"])
def test_impossible_prices_reach_the_quality_check(replay: Replay, fault: str) -> None:
    """The source hides no bad price: the check sees it and leaves its row out."""
    replay.faults(f"{fault},endpoint=chart")
    result = check_prices(ask().frame, "XASX", LAST, PriceSettings())
    assert [defect.rule for defect in result.defects] == ["impossible_value"]
    assert len(result.frame) == SESSIONS - 1


@pytest.mark.parametrize(
    ("fault", "rule"),
    [("nan_rows", "missing_value"), ("high_below_low", "high_below_low")],
)
def test_faulty_rows_reach_the_quality_check(
    replay: Replay, fault: str, rule: str
) -> None:
    """A row without values, or upside down, is named in the quality report."""
    replay.faults(f"{fault},endpoint=chart")
    result = check_prices(ask().frame, "XASX", LAST, PriceSettings())
    assert [defect.rule for defect in result.defects] == [rule]


def test_a_hanging_server_ends_with_the_time_limit(replay: Replay) -> None:
    """One request's limit holds for the prices, and the cause is `Unreachable`."""
    replay.faults("hang,seconds=8,endpoint=chart,after=1")
    source = yahoo(settings(0, request_timeout_seconds=1))
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        source.fetch("BHP.AX", FIRST, LAST)
    assert time.monotonic() - begun < 6


def test_the_second_night_asks_for_few_sessions(replay: Replay, tmp_path: Path) -> None:
    """With a night stored, only the overlap and the new session are asked for."""
    store = PriceStore(tmp_path, yahoo(settings(0)), settings(0))
    replay.set_now("2025-06-26")
    store.history("BHP.AX", FIRST, date(2025, 6, 26))
    replay.set_now("2025-06-27")
    history = store.history("BHP.AX", FIRST, LAST)
    assert len(history.frame) == SESSIONS
    first_night, second_night = prices_asked_for(replay)
    assert first_night <= FIRST
    assert second_night >= date(2025, 6, 10)


def test_a_split_between_two_nights_is_fetched_anew(
    replay: Replay, tmp_path: Path
) -> None:
    """NVDA split ten to one over the weekend: Friday's 1208.88 is Monday's 120.89."""
    store = PriceStore(tmp_path, yahoo(settings(0)), settings(0))
    replay.set_now("2024-06-07")
    friday = store.history("NVDA", date(2024, 1, 2), date(2024, 6, 7)).frame
    replay.set_now("2024-06-10")
    monday = store.history("NVDA", date(2024, 1, 2), date(2024, 6, 10)).frame
    assert friday[CLOSE].iloc[-1] == pytest.approx(1208.88, abs=0.01)
    assert monday[CLOSE].iloc[-2] == pytest.approx(120.888, abs=0.01)
    assert monday[CLOSE].iloc[-1] == pytest.approx(121.79, abs=0.01)
    assert monday[ADJUSTED_CLOSE].pct_change().abs().max() < 0.2
    assert prices_asked_for(replay)[2] <= date(2024, 1, 2)


@pytest.mark.parametrize("fault", ["rate_limit", "reset"])
def test_without_yahoo_stored_prices_stand_in(
    replay: Replay, tmp_path: Path, fault: str
) -> None:
    """Stored prices that reach the as-of session are used and marked as stored."""
    store = PriceStore(tmp_path, yahoo(settings(0)), settings(0))
    store.history("BHP.AX", FIRST, LAST)
    replay.faults(f"{fault},endpoint=chart")
    history = store.history("BHP.AX", date(2024, 7, 1), LAST)
    assert (history.source, len(history.frame)) == ("yahoo (stored)", SESSIONS)


def test_todays_bar_is_left_out_while_yahoo_writes_it(replay: Replay) -> None:
    """At 13:00 in Sydney the day's bar is there, and is not taken for a session."""
    replay.set_now("2025-06-27T03:00")
    assert ask().frame.index[-1].date() == date(2025, 6, 26)


def test_a_last_bar_without_values_is_asked_for_again(
    replay: Replay, tmp_path: Path
) -> None:
    """An empty as-of bar in the store does not stand in for the real one."""
    store = PriceStore(tmp_path, yahoo(settings(0)), settings(0))
    replay.faults("nan_last,endpoint=chart")
    store.history("BHP.AX", FIRST, LAST)
    replay.faults()
    last = store.history("BHP.AX", FIRST, LAST).frame.iloc[-1]
    assert last.notna().all()


@pytest.mark.parametrize("now", ["2025-06-28T02:00", "2025-06-29T22:00"])
def test_a_finished_bar_stays_before_the_next_session(replay: Replay, now: str) -> None:
    """On a weekend, and on Monday before the open, Friday's bar is a finished one."""
    replay.set_now(now)
    assert ask().frame.index[-1].date() == LAST


@pytest.mark.parametrize("lag", [60, 3600, 5 * 3600])
@pytest.mark.parametrize("now", ["2025-06-28T02:00", "2025-06-29T22:00"])
def test_a_thin_stocks_finished_bar_stays(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, now: str, lag: int
) -> None:
    """A last trade before the session's end does not make its bar unfinished."""
    monkeypatch.setenv("REPLAY_LAST_TRADE_LAG", str(lag))
    replay.set_now(now)
    assert ask().frame.index[-1].date() == LAST
