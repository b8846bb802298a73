"""What a run may ask: its own pace, its time for retries, and turns shared with others.

Times are waited for, not faked; margins are wide.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from equipment import Replay

from config.settings import PriceSettings
from market_data.yahoo_client import RequestBudget, YahooClient

SLOW_TURN = 0.75


def test_requests_keep_the_pace() -> None:
    """Five requests at ten a second take four intervals."""
    budget = RequestBudget(per_second=10, retry_seconds=0, give_up_after=3)
    start = time.monotonic()
    for _ in range(5):
        budget.pace()
    assert time.monotonic() - start > 0.39


def test_retries_end_with_their_time() -> None:
    """The first pause starts the time; one that reaches past its end is refused."""
    budget = RequestBudget(per_second=10, retry_seconds=1, give_up_after=3)
    assert budget.allows(0.5)
    assert not budget.allows(1.5)
    time.sleep(1.1)
    assert not budget.allows(0)


def test_waiting_for_a_turn_is_no_retry() -> None:
    """What was waited for others' requests is added to the time for retries."""
    budget = RequestBudget(per_second=10, retry_seconds=0.5, give_up_after=3)
    budget.extend(100)  # Before the first retry there is nothing to prolong.
    assert budget.allows(0)
    time.sleep(0.6)
    assert not budget.allows(0)
    budget.extend(0.6)
    assert budget.allows(0)


def test_every_question_waits_for_its_turn(replay: Replay) -> None:
    """A turn is taken for each question and each retry, and its wait costs no retry.

    One turn takes almost as long as all pauses may; a second retry comes all the same.
    """
    turns: list[str] = []

    def turn() -> None:
        turns.append(threading.current_thread().name)
        time.sleep(SLOW_TURN)

    chosen = PriceSettings(requests_per_second=50, extras_retry_seconds=0.8)
    client = YahooClient(chosen, turn, pause_seconds=0.05)
    replay.faults("http,status=503,endpoint=quoteSummary,first=4")
    assert client.calendar_events("CBA.AX")
    assert len(turns) == 3


def test_one_thread_at_a_time_waits_for_a_turn(replay: Replay) -> None:  # noqa: ARG001
    """Whoever paces needs no lock of its own: turns never overlap."""
    inside: list[int] = []
    most: list[int] = []

    def turn() -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        inside.pop()

    client = YahooClient(PriceSettings(requests_per_second=500), turn)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(client.calendar_events, ["CBA.AX"] * 6))
    assert most == [1] * 6
