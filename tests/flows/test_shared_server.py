"""Runs on one Prefect server: the requests they share, and the server gone for a while.

The session's server serves most; a relay to it ends as if the server was killed. The
long test kills a server of its own, and starts it again.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
from own_relay import Relay
from own_server import OwnServer, Prepare
from plain_night import ONE_PROCESS

RATE = 4
PACED = Path(__file__).parents[1] / "paced.py"
AWAY_SECONDS = float(os.environ.get("OVERNIGHT_TEST_AWAY_SECONDS", "10"))
"""Its start takes as long again; 30 were tried, too."""


@pytest.fixture
def server(tmp_path: Path, prepare_prefect: Prepare) -> Iterator[OwnServer]:
    """Give a server that can be killed."""
    with OwnServer.running(prepare_prefect(tmp_path / "prefect")) as own:
        yield own


@pytest.fixture(scope="module")
def address(prefect_server: None) -> str:  # noqa: ARG001
    """Return the address of the session's server."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    return str(PREFECT_API_URL.value())


def limit_now() -> tuple[int, float]:
    """Return slots and decay of the limit that the server holds."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        found = client.read_global_concurrency_limit_by_name("yahoo")
    return found.limit, found.slot_decay_per_second


def taking_turns(address: str, calls: int) -> subprocess.Popen[str]:
    """Return a process that takes turns and prints when it was given them."""
    return subprocess.Popen(
        [sys.executable, PACED, "server", str(RATE), str(calls)],
        env=os.environ | {"PREFECT_API_URL": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.usefixtures("prefect_server")
def test_the_limit_is_made_and_kept_up() -> None:
    """Asked for twice there is one limit; asked for at another rate it has that."""
    from tasks.server_pace import ensure_request_limit  # noqa: PLC0415

    for rate in (5, 5, RATE):
        ensure_request_limit(rate)
    assert limit_now() == (2 * RATE, RATE)


@pytest.fixture(scope="module")
def turns(address: str) -> tuple[list[float], list[str]]:
    """Return the first ten turns of two processes, and what each of them warned of.

    After these turns they lose the server; each has at least one turn without it.
    """
    port = urlsplit(address).port
    assert port
    relay = Relay(port)
    relayed = address.replace(f":{port}", f":{relay.port}")
    runs = [taking_turns(relayed, 1000) for _ in range(2)]
    given = [turn_after(run, 0) for _ in range(10) for run in runs]
    relay.close()
    lost = time.time()
    for run in runs:
        turn_after(run, lost + 1)
        run.kill()
    return sorted(given), [run.communicate(timeout=120)[1] for run in runs]


def test_two_processes_share_the_rate(turns: tuple[list[float], list[str]]) -> None:
    """Ten turns each: the burst at once, the rest no faster than the common rate."""
    given, _ = turns
    burst, rate = limit_now()
    assert given[-1] - given[0] > (20 - burst) / rate - 1


@pytest.mark.usefixtures("prefect_server")
def test_what_is_shown_costs_no_run() -> None:
    """An artifact that Prefect refuses leaves None behind, and the run goes on."""
    from prefect import flow  # noqa: PLC0415
    from prefect.artifacts import create_table_artifact  # noqa: PLC0415

    from tasks.server import try_show  # noqa: PLC0415

    @flow
    def showing() -> tuple[object, object]:
        table: list[dict[str, Any]] = [{"symbol": "AAPL"}]
        return (
            try_show("a table", lambda: create_table_artifact(table, key="Not A Key!")),
            try_show("a table", lambda: create_table_artifact(table, key="a-key")),
        )

    refused, taken = showing()
    assert refused is None
    assert taken is not None


def started_night(server: OwnServer, home: Path) -> subprocess.Popen[str]:
    """Return a sample night that trains for a while; wait for its first model."""
    (home / "overnight.toml").write_text(ONE_PROCESS)
    command = Path(sys.executable).with_name("overnight")
    network = ["--epochs", "8", "--lstm-units", "4,3"]
    run = subprocess.Popen(
        [command, "screen", "--source", "sample", *network, "--home", home],
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (home / "data" / "nights").exists():
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.2)
    return run


def runs_on(server: OwnServer) -> list[dict[str, Any]]:
    """Return the flow runs of the server, the latest first."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    connected = temporary_settings({PREFECT_API_URL: server.url})
    with connected, get_client(sync_client=True) as client:
        asked = {"sort": "START_TIME_DESC"}
        found: list[dict[str, Any]] = client._client.post(
            "/flow_runs/filter", json=asked
        ).json()
    return found


@pytest.mark.long
@pytest.mark.timeout(500)
def test_a_night_outlives_its_server(server: OwnServer, tmp_path: Path) -> None:
    """If the server is killed for a while during training, no symbol fails."""
    run = started_night(server, tmp_path)
    time.sleep(6)
    server.kill()
    time.sleep(AWAY_SECONDS)
    server.start()
    said, _ = run.communicate(timeout=300)
    rows = pd.read_csv(next((tmp_path / "reports" / "csv").iterdir()))
    assert run.returncode == 0, said
    assert "5 of 5 symbols usable" in said
    assert set(rows["data_status"]) <= {"ok", "degraded"}
    assert set(rows["model_status"]) == {"fresh"}
    assert runs_on(server)[0]["state_type"] == "COMPLETED"


@pytest.mark.timeout(500)
def test_little_memory_is_said_at_the_head_of_the_run(
    prefect_server: None,  # noqa: ARG001
    run_night: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    """If memory allows only one training process, the run has a notice."""
    (tmp_path / "overnight.toml").write_text("[run]\nprocess_memory_mb = 10_000_000\n")
    state = run_night(tmp_path, "AAA.AX", "BBB.AX", train="never")
    (notice,) = [one for one in state.result().notices if "memory" in one]
    assert notice.startswith("memory allows 1 training process of ")
    assert state.is_completed()


def test_turns_go_on_without_the_server(turns: tuple[list[float], list[str]]) -> None:
    """A server lost while two processes ask fails neither; each warns once."""
    _, errors = turns
    pace = "does not pace the requests to Yahoo"
    assert [error.count(pace) for error in errors] == [1, 1]


def turn_after(run: subprocess.Popen[str], instant: float) -> float:
    """Wait until the process has been given a turn after an instant; return it."""
    assert run.stdout
    while (given := float(run.stdout.readline())) < instant:
        continue
    return given
