"""A deployed run whose worker is killed while the run waits for the home."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.home import Home
from storage.lock import one_run_at_a_time

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
WAITING = "this run waits until that one ends"
REQUEST = {
    "source": "sample",
    "selection": {"symbols": ["IBM"]},
    "train": "never",
}


@pytest.fixture
def address(prefect_server: None) -> str:  # noqa: ARG001
    """Return the address of the session's server."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    return str(PREFECT_API_URL.value())


def wait_until(is_true: Callable[[], bool], shown: Callable[[], object]) -> None:
    """Return when the condition holds; fail after four minutes with what is shown."""
    deadline = time.monotonic() + 240
    while not is_true():
        assert time.monotonic() < deadline, shown()
        time.sleep(0.1)


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker that looks for runs each second; kill it at the end of the block."""
    words = ["prefect", "worker", "start", "--pool", "overnight", "--type", "process"]
    with (
        log.open("wb") as lines,
        subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=environment | {"PREFECT_WORKER_QUERY_SECONDS": "1"},
            stdout=lines,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        yield process
        process.kill()


def test_a_run_that_waits_for_the_home_outlives_its_worker(
    address: str, tmp_path: Path
) -> None:
    """Its worker is killed, then it gets the home: it completes, its CSV is written."""
    home, log = Home(tmp_path / "home"), tmp_path / "worker.log"
    others = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    environment = others | {
        "PREFECT_API_URL": address,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "OVERNIGHT_HOME": str(home.root),
    }
    register = [sys.executable, "-m", "flows.registration"]
    subprocess.run(register, cwd=ROOT, env=environment, check=True)
    with closing(httpx.Client(base_url=address, timeout=30)) as client:
        with one_run_at_a_time(home), worker(environment, log):
            run = start(client)
            wait_until(lambda: WAITING in log.read_text(), log.read_text)
        wait_until(lambda: bool(state(client, run)["end"]), lambda: state(client, run))
        assert state(client, run)["name"] == "Completed", state(client, run)
    assert len(list((tmp_path / "home").rglob("*_screening_results.csv"))) == 1
    with one_run_at_a_time(home):
        pass


def start(client: httpx.Client) -> str:
    """Start the deployment of a night on demand; return its run's id."""
    found = client.get("/deployments/name/overnight-screening/manual").json()
    address = f"/deployments/{found['id']}/create_flow_run"
    made = client.post(address, json={"parameters": REQUEST})
    return str(made.raise_for_status().json()["id"])


def state(client: httpx.Client, run_id: str) -> dict[str, Any]:
    """Return name and message of a run's state, and when the run ended or None."""
    run = client.get(f"/flow_runs/{run_id}").raise_for_status().json()
    names = ("name", "message")
    return {name: run["state"][name] for name in names} | {"end": run["end_time"]}
