"""`overnight deploy`: a server, the deployments, and a worker that runs what is asked.

One real start for all tests here; its automations post to a receiver on loopback.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

COMMAND = Path(sys.executable).with_name("overnight")


@dataclass(frozen=True)
class Operation:
    """What runs: where the server answers, its home, and what was posted."""

    process: subprocess.Popen[str]
    api: str
    home: Path
    posted: list[dict[str, Any]] = field(default_factory=list)

    def start(self, name: str, **parameters: Any) -> str:  # noqa: ANN401
        """Start the deployment called `flow/deployment`; return its run's id."""
        found = httpx.get(f"{self.api}/deployments/name/{name}", timeout=30).json()
        address = f"{self.api}/deployments/{found['id']}/create_flow_run"
        for _ in range(20):
            made = httpx.post(address, json={"parameters": parameters}, timeout=30)
            if made.status_code < 500:  # SQLite under load: asked again, it answers.
                break
            time.sleep(1)
        assert made.is_success, made.text
        return str(made.json()["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Return the run when it has ended."""
        for _ in range(240):
            answer = httpx.get(f"{self.api}/flow_runs/{run_id}", timeout=30)
            run: dict[str, Any] = answer.json()
            if run["end_time"] is not None:
                return run
            time.sleep(0.5)
        raise AssertionError(f"still {run['state']['name']}")

    def run(self, name: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Start the deployment and return its run when it has ended."""
        return self.ended(self.start(name, **parameters))

    def told(self, name: str) -> dict[str, Any]:
        """Return what was posted of the run called so."""
        for _ in range(60):
            for notice in self.posted:
                if notice["run"] == name:
                    return notice
            time.sleep(0.5)
        raise AssertionError(f"nothing posted of {name}: {self.posted}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give the address of a webhook and the list of what it was sent."""
    posted: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            posted.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def operation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operation]:
    """Give a running `overnight deploy`, ended by SIGTERM."""
    folder = tmp_path_factory.mktemp("operation")
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
    with receiver() as (hook, posted), (folder / "log").open("w") as log:
        ours = {
            "OVERNIGHT_NOTICE_URL": hook,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "1",  # It would look every ten.
        }
        process = subprocess.Popen(
            [COMMAND, "deploy", "--port", str(port), "--home", str(folder / "home")],
            env=clean | ours,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        api = f"http://127.0.0.1:{port}/api"
        try:
            assert process.stdout is not None
            assert f"http://127.0.0.1:{port}" in process.stdout.readline()
            assert str(folder / "home") in process.stdout.readline()
            yield Operation(process, api, folder / "home", posted)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def test_everything_is_registered(operation: Operation) -> None:
    """All deployments, the pool and the server's automations are there."""
    listed = httpx.post(f"{operation.api}/deployments/filter", json={}).json()
    names = {one["name"] for one in listed}
    assert names == {"monthly", "custom", "single", "nightly", "manual", "morning"}
    assert {one["work_pool_name"] for one in listed} == {"overnight"}
    automations = httpx.post(f"{operation.api}/automations/filter", json={}).json()
    assert len(automations) == 2
    limits = httpx.post(f"{operation.api}/v2/concurrency_limits/filter", json={}).json()
    (yahoo,) = [one for one in limits if one["name"] == "yahoo"]
    assert yahoo["slot_decay_per_second"] == 2


def test_one_symbol_is_trained_by_name(operation: Operation) -> None:
    """`-p symbol=` is all a training needs; the run's name has symbol and night."""
    run = operation.run(
        "lstm-training/single",
        symbol="aapl",
        source="sample",
        parameters={"epochs": 1, "lstm_units": [4, 3]},
    )
    assert run["state"]["name"] == "Completed"
    assert run["name"] == "lstm-training AAPL 2013-03-01"
    assert (operation.home / "models" / "lstm_AAPL_model.keras").exists()


def test_the_second_of_two_runs_of_a_night_is_skipped(operation: Operation) -> None:
    """Two runs of one night at once: one screens, the other waits and is skipped."""
    asked = {"source": "sample", "selection": {"universe": "sample"}, "train": "never"}
    started = [operation.start("overnight-screening/manual", **asked) for _ in range(2)]
    ended = [operation.ended(one) for one in started]
    assert {run["state"]["name"] for run in ended} == {"Completed", "Skipped"}


def test_a_failed_run_reaches_the_person(operation: Operation) -> None:
    """What can't be screened is posted with its sentence, quotes and all."""
    run = operation.run(
        "overnight-screening/manual", selection={"own_list": 'no "such" list'}
    )
    assert run["state"]["type"] == "FAILED"
    notice = operation.told(run["name"])
    assert notice["state"] == "Failed"
    assert """got 'no "such" list'""" in notice["text"]
    assert run["id"] in notice["url"]


def test_a_missed_night_reaches_the_person(operation: Operation) -> None:
    """The morning's watch posts that last night's CSV is not there."""
    run = operation.run("night-watch/morning")
    assert run["state"]["name"] == "Missed"
    assert "must be published in" in operation.told(run["name"])["text"]


def test_a_taken_port_is_refused(operation: Operation) -> None:
    """A second start on the same port ends with one sentence."""
    port = operation.api.rsplit(":", 1)[1].removesuffix("/api")
    again = subprocess.run(
        [COMMAND, "deploy", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert again.stderr.startswith(f"overnight: port {port} must be free")
    assert len(again.stderr.splitlines()) == 1


def test_a_run_without_heartbeat_is_called_crashed(operation: Operation) -> None:
    """The server ends a run whose process is gone, before it ran or while it did."""
    made = httpx.post(
        f"{operation.api}/automations/filter",
        json={"automations": {"name": {"any_": [DEAD]}}},
    ).json()
    (trigger,) = [one["trigger"] for one in made]
    assert trigger["posture"] == "Proactive"
    assert trigger["within"] >= 3 * 180
    begun = {"prefect.flow-run.heartbeat", "prefect.flow-run.Pending"}
    assert begun == set(trigger["after"])


DEAD = "overnight: a run without heartbeat has crashed"


def test_sigterm_ends_all_of_it(operation: Operation) -> None:
    """Server and worker end with the command; runs last, it ends them for all tests."""
    operation.process.send_signal(signal.SIGTERM)
    operation.process.communicate(timeout=60)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{operation.api}/health", timeout=2)
