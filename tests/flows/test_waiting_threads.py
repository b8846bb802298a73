"""The threads of a run: as many as its worker processes need."""

import threading
import uuid
from pathlib import Path

import pytest

from config.settings import PriceSettings
from market_data.folder import FolderSource
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient
from storage.home import Home

THREADS = 24


def test_as_many_tasks_wait_as_there_are_threads(prefect_server: None) -> None:  # noqa: ARG001
    """They wait at once, also if the flow's own runner has one thread."""
    from prefect import flow, task  # noqa: PLC0415
    from prefect.task_runners import ThreadPoolTaskRunner  # noqa: PLC0415

    from tasks.stages import waiting_threads  # noqa: PLC0415

    everybody = threading.Barrier(THREADS, timeout=60)

    @task
    def meet() -> None:
        everybody.wait()

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=1))
    def meeting() -> int:
        with waiting_threads(THREADS):
            met = [meet.submit() for _ in range(THREADS)]
            return sum(one.wait() is None and one.state.is_completed() for one in met)

    assert meeting() == THREADS


def test_threads_belong_to_a_flow_run() -> None:
    """Outside of a flow run the threads are refused."""
    from tasks.stages import waiting_threads  # noqa: PLC0415

    with pytest.raises(RuntimeError, match="inside a flow run"), waiting_threads(1):
        pass


@pytest.mark.parametrize(
    ("processes", "network", "threads"),
    [(2, False, 3), (600, False, 512), (2, True, 16), (12, True, 24), (300, True, 512)],
)
def test_many_threads_wait_for_a_network_alone(
    processes: int,
    network: bool,  # noqa: FBT001
    threads: int,
) -> None:
    """On this machine a symbol waits for a training only."""
    from tasks.stages import thread_count  # noqa: PLC0415

    assert thread_count(processes, network=network) == threads


def test_a_run_waits_for_yahoo_and_for_a_home_in_a_store(
    market: Path, bucket: str, tmp_path: Path
) -> None:
    """Prices of a folder and a home on this machine need no network."""
    from tasks.stages import waits_for_network  # noqa: PLC0415

    disk, store = Home(tmp_path), Home.at(f"{bucket}/{uuid.uuid4().hex}")
    folder, yahoo = FolderSource(market), YahooSource(YahooClient(PriceSettings()))
    assert not waits_for_network(disk, folder)
    assert waits_for_network(store, folder)
    assert waits_for_network(disk, yahoo)
