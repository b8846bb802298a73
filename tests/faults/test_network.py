"""Yahoo's faults as a night meets them: the real client, the replay, real time."""

import time
from datetime import date
from pathlib import Path

import pytest
from equipment import Replay

from config.errors import NoNetwork, RateLimited, SymbolError, Unreachable
from config.settings import PriceSettings
from market_data.prices import PriceHistory
from market_data.store import PriceStore
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient

FIRST, LAST = date(2025, 1, 2), date(2025, 6, 27)
SESSIONS = 122  # of Sydney, from FIRST to LAST
HANG = "hang,seconds=60"


def yahoo(retry_seconds: float = 0, **others: float) -> YahooSource:
    """Return a source that waits little, with a connection of its own."""
    limits = {"request_timeout_seconds": 4, "question_timeout_seconds": 12}
    values = {"requests_per_second": 50, "retry_seconds": retry_seconds}
    chosen = PriceSettings.model_validate(values | limits | others)
    return YahooSource(YahooClient(chosen))


def ask(source: YahooSource, symbol: str = "BHP.AX") -> PriceHistory:
    """Return what the source answers for half a year."""
    return source.fetch(symbol, FIRST, LAST)


@pytest.mark.parametrize("endpoint", ["cookie", "crumb", "consent"])
def test_prices_need_no_credentials(replay: Replay, endpoint: str) -> None:
    """A cookie or crumb that hangs is waited for once, and no prices are lost."""
    replay.faults(f"{HANG},endpoint=cookie", f"{HANG},endpoint={endpoint}")
    source = yahoo(request_timeout_seconds=2, question_timeout_seconds=6)
    for symbol in ("BHP.AX", "CBA.AX", "WBC.AX"):
        assert len(ask(source, symbol).frame) == SESSIONS
    assert replay.stats()["by_endpoint"][endpoint] <= 1


def test_where_all_hangs_a_question_ends_in_its_time(replay: Replay) -> None:
    """Zone, cookie, crumb and prices together get one limit, and it holds."""
    replay.faults(f"{HANG},endpoint=*")
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"BHP\.AX"):
        ask(yahoo(request_timeout_seconds=1, question_timeout_seconds=2))
    assert time.monotonic() - begun < 10


def test_answers_that_drip_end_in_their_time(replay: Replay) -> None:
    """A server that answers too slowly is as one that does not answer."""
    replay.faults("slow,seconds=9,endpoint=chart")
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        ask(yahoo(request_timeout_seconds=1, question_timeout_seconds=3))
    assert time.monotonic() - begun < 8


def test_a_dead_service_is_given_up(replay: Replay) -> None:
    """With all retries spent, a row of failures ends the asking, with its cause."""
    replay.faults("rate_limit,endpoint=chart")
    source = yahoo(retry_seconds=1, give_up_after=4)
    causes: list[SymbolError] = []
    for number in range(12):
        with pytest.raises(RateLimited) as refused:
            ask(source, f"ZZ{number}.AX")
        causes.append(refused.value)
    asked = replay.stats()["by_endpoint"]["chart"]
    assert "this run no longer asks Yahoo for" in str(causes[-1])
    with pytest.raises(RateLimited):
        ask(source)
    assert replay.stats()["by_endpoint"]["chart"] == asked


def test_one_bad_symbol_gives_nothing_up(replay: Replay) -> None:
    """Failures between answers are no row."""
    replay.faults("http,status=503,endpoint=chart,symbols=CBA.AX")
    source = yahoo(give_up_after=2)
    for _ in range(3):
        with pytest.raises(Unreachable):
            ask(source, "CBA.AX")
        assert len(ask(source).frame) == SESSIONS


@pytest.mark.parametrize("fault", ["rate_limit", "http,status=503"])
def test_every_third_answer_refused_costs_no_symbol(replay: Replay, fault: str) -> None:
    """A service that fails now and then is asked again, and all symbols come."""
    replay.faults(f"{fault},every=3,endpoint=chart")
    source = yahoo(retry_seconds=60)
    for symbol in ("BHP.AX", "CBA.AX", "WBC.AX", "NAB.AX"):
        assert len(ask(source, symbol).frame) == SESSIONS


def test_closes_are_never_taken_for_adjusted_ones(
    replay: Replay, tmp_path: Path
) -> None:
    """An answer without adjusted closes is refused, and stored closes are used."""
    source = yahoo()
    store = PriceStore(tmp_path, source, PriceSettings())
    store.history("BHP.AX", FIRST, LAST)
    replay.faults("drop_adjclose,endpoint=chart")
    with pytest.raises(Unreachable, match=r"sent no adjusted closes of BHP\.AX"):
        ask(source)
    history = store.history("BHP.AX", date(2024, 7, 1), LAST)
    assert (history.source, len(history.frame)) == ("yahoo (stored)", SESSIONS)


@pytest.mark.parametrize("address", ["no-such-host.invalid:3128", "127.0.0.1:{}"])
def test_without_a_network_one_request_says_so(
    monkeypatch: pytest.MonkeyPatch, free_port: int, address: str
) -> None:
    """An unknown host, or a host that does not answer: the cause, and no retry."""
    proxy = f"http://{address.format(free_port)}"
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    source = yahoo(retry_seconds=60)
    begun = time.monotonic()
    with pytest.raises(
        NoNetwork, match=r"Yahoo cannot be reached for BHP\.AX"
    ) as refused:
        ask(source)
    assert time.monotonic() - begun < 50
    said = str(refused.value)
    assert address.split(":", maxsplit=1)[0] in said
    assert said.endswith(" connection, or use --source folder.")
    assert "curl" not in said


@pytest.mark.parametrize("fault", ["no_tz", "no_meta", "no_result", "html_down", "cut"])
def test_half_an_answer_is_no_answer(replay: Replay, fault: str) -> None:
    """What lacks its zone, its header or its end is refused, in one sentence."""
    replay.faults(f"{fault},endpoint=chart")
    with pytest.raises(SymbolError, match=r"BHP\.AX") as refused:
        ask(yahoo())
    assert "\n" not in str(refused.value)
