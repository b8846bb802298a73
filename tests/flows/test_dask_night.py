"""A night on a Dask cluster: the same rows as here, whatever happens to a worker."""

import io
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import RunNight
from dask_cluster import dask_cluster
from distributed import Client, get_task_stream

from config.errors import ClusterUnavailable
from config.parameters import TrainingOverrides
from market_data.selection import Symbols
from storage.home import Home, write_atomic
from storage.paths import files_in, read_bytes
from storage.settings_file import SETTINGS_FILE

pytestmark = pytest.mark.long

TIMES = ["run_at", "model_trained_at"]


@dataclass
class DaskNight:
    """A night during which a worker was killed: its home, and what the cluster saw."""

    home: Home
    state: Any
    workers: set[str]
    killed: int


SYMBOLS = ("AAPL", "GOOG", "MSFT")
THREE: dict[str, Any] = {
    "selection": Symbols(symbols=SYMBOLS),
    "source": "sample",
    "preset": "quick_test",
    "parameters": TrainingOverrides(epochs=3, lstm_units=(4, 3)),
}
"""The arguments of a night of three of the sample's stocks."""


def sample_night(home: object, **changes: Any) -> Any:  # noqa: ANN401  Prefect's
    """Screen three stocks of the sample; return the run's state."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    arguments = THREE | {"home": str(home)} | changes
    return overnight_screening(**arguments, return_state=True)


def rows_of(home: Home) -> pd.DataFrame:
    """Return the night's CSV as text, one row per symbol, without the run's times."""
    (path,) = files_in(home.screening_csv)
    table = pd.read_csv(io.BytesIO(read_bytes(path)), dtype=str, keep_default_na=False)
    return table.set_index("symbol").drop(columns=TIMES)


def use_dask(home: Home, address: str) -> None:
    """Write the settings of a home whose models are trained on the cluster."""
    text = f'[run]\nrunner = "dask"\ndask_scheduler = "{address}"\n'
    write_atomic(home.root / SETTINGS_FILE, text)


def kill_one_that_trains(client: Client, killed: list[int]) -> None:
    """`kill -9` the first worker that is seen to train; put its number in `killed`."""
    while not killed:
        for address, keys in client.processing().items():
            if any(str(key).startswith("train_symbol") for key in keys):
                killed.append(client.run(os.getpid, workers=[address])[address])
                os.kill(killed[0], signal.SIGKILL)
                return
        time.sleep(0.2)


@pytest.fixture(scope="module")
def dask_night(
    prefect_server: None,  # noqa: ARG001
    dask_address: str,
    bucket: str,
) -> DaskNight:
    """Give a night in S3 on two workers, of which one was killed while it trained."""
    home = Home.at(f"{bucket}/{uuid.uuid4().hex}")
    use_dask(home, dask_address)
    killed: list[int] = []
    with Client(dask_address, set_as_default=False) as client:
        killer = threading.Thread(target=kill_one_that_trains, args=(client, killed))
        with get_task_stream(client) as stream:
            killer.start()
            state = sample_night(home.root)
            killer.join(timeout=10)
    return DaskNight(home, state, {task["worker"] for task in stream.data}, killed[0])


def test_the_csv_is_the_local_one(
    dask_night: DaskNight, quick_night: RunNight, tmp_path: Path
) -> None:
    """Every column but the times is the same, bit for bit, and no symbol failed."""
    changes = THREE | {"folder": None, "as_of": None}
    quick_night(tmp_path, *SYMBOLS, **changes)
    here, there = rows_of(Home(tmp_path)), rows_of(dask_night.home)
    assert dask_night.state.is_completed()
    assert there["components"].str.contains("lstm").any()
    assert not (there["data_status"] == "failed").any()
    pd.testing.assert_frame_equal(there, here)


def test_two_workers_share_the_night(dask_night: DaskNight) -> None:
    """The scheduler's own record names at least two workers that ended jobs."""
    assert len(dask_night.workers) >= 2


def test_the_killed_worker_is_gone(dask_night: DaskNight) -> None:
    """The night lost a worker in the middle: its process is no more."""
    with pytest.raises(ProcessLookupError):
        os.kill(dask_night.killed, 0)


def test_workers_find_a_home_named_from_here(
    prefect_server: None,  # noqa: ARG001
    dask_address: str,
    tmp_path: Path,
) -> None:
    """A home relative to the present folder is found from the workers' folders too."""
    use_dask(Home(tmp_path), dask_address)
    apple = Symbols(symbols=("AAPL",))
    state = sample_night(os.path.relpath(tmp_path), selection=apple)
    assert [model.symbol for model in state.result().trained] == ["AAPL"]
    assert (tmp_path / "models" / "lstm_AAPL_model.keras").exists()


def test_the_next_run_trains_what_a_lost_cluster_did_not(
    prefect_server: None,  # noqa: ARG001
    dask_address: str,
    tmp_path: Path,
) -> None:
    """The night is published with failures that name the scheduler, then completed."""
    home = Home(tmp_path / "home")
    with dask_cluster(tmp_path, 1) as cluster:
        use_dask(home, cluster.address)
        arguments = (cluster.address, cluster.scheduler.kill)
        killer = threading.Thread(target=end_when_it_trains, args=arguments)
        killer.start()
        first = sample_night(home.root)
        killer.join(timeout=10)
    untrained = first.result().unserved
    assert (first.name, first.result().failures) == ("Completed with failures", {})
    assert all(cluster.address in reason for reason in untrained.values())
    assert any("run the night again" in text for text in first.result().notices)
    use_dask(home, dask_address)
    second = sample_night(home.root)
    assert second.name == "Completed"
    assert {one.symbol for one in second.result().trained} == set(untrained)
    assert sample_night(home.root).name == "Skipped"


def end_when_it_trains(address: str, end: Callable[[], None]) -> None:
    """Call `end` when the cluster is seen to train."""
    with Client(address, set_as_default=False) as client:
        while not any(client.processing().values()):
            time.sleep(0.2)
    end()


def test_no_scheduler_ends_the_run_in_one_sentence(
    prefect_server: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    """Where no scheduler answers the run fails soon and names the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=answer_otherwise, args=(server,), daemon=True).start()
        use_dask(Home(tmp_path), address)
        start = time.monotonic()
        error = sample_night(tmp_path).result(raise_on_failure=False)
    assert isinstance(error, ClusterUnavailable)
    assert address in str(error)
    assert "\n" not in str(error)
    assert time.monotonic() - start < 15


def answer_otherwise(server: socket.socket) -> None:
    """Answer the next connection as a web server does."""
    with server.accept()[0] as peer:
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.recv(1000)
