"""The temporary server: prepared records, restarts, and nothing left behind."""

import os
import sqlite3
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from config.errors import RunError
from pipeline.request_pace import machine_pace
from tasks import temporary_server
from tasks.server_pace import request_pace
from tasks.temporary_server import TemporaryServer


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the prepared database, which is damaged at first."""
    path = tmp_path_factory.mktemp("prefect") / "empty.db"
    path.write_bytes(b"damaged" * 1000)
    return path


@pytest.fixture
def server(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TemporaryServer]:
    """Yield a server that is in use, and end it."""
    monkeypatch.setattr(temporary_server, "_prepared_database", lambda: prepared)
    started = TemporaryServer()
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.stop()


def wait_for(happens: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return the server processes with this folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in (process.info["cmdline"] or [])
    ]


def answers(url: str) -> bool:
    """Return whether a server is ready at the address."""
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def test_a_killed_server_is_restarted_with_its_records(server: TemporaryServer) -> None:
    """The address stays the same, and what was stored before the kill is still there.

    Without the password nobody stores or reads anything, before and after.
    """
    login = {"Authorization": f"Basic {b64encode(server._password.encode()).decode()}"}
    body = {"name": "a-flow"}
    assert httpx.post(f"{server.url}/flows/", json=body).status_code == 401
    assert httpx.get(f"{server.url}/admin/settings").status_code == 401
    assert httpx.post(f"{server.url}/flows/", json=body, headers=login).is_success
    (process,) = processes_of(server._folder)
    process.kill()
    wait_for(lambda: processes_of(server._folder) not in ([], [process]))
    wait_for(lambda: answers(server.url))
    assert httpx.get(f"{server.url}/flows/name/a-flow").status_code == 401
    found = httpx.get(f"{server.url}/flows/name/a-flow", headers=login)
    assert found.json()["name"] == "a-flow"


def test_a_server_begins_empty_and_leaves_nothing(
    server: TemporaryServer, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no records of another server, and paces no requests, unlike a shared one.

    The first server has replaced the damaged prepared database. After `stop` there is
    no folder, no process and no setting of the server.
    """
    with closing(sqlite3.connect(prepared)) as database:
        assert database.execute("SELECT count(*) FROM flow").fetchone() == (0,)
    assert PREFECT_API_URL.value() == os.environ["PREFECT_API_URL"] == server.url
    with get_client(sync_client=True) as client:
        assert client.read_flows() == []
    monkeypatch.setattr("tasks.server_pace.machine_pace", lambda _: machine_pace)
    assert request_pace(2) is machine_pace
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert request_pace(2) is not machine_pace
    server.stop()
    assert not server._folder.exists()
    assert not processes_of(server._folder)
    assert PREFECT_API_URL.value() != server.url
    assert "PREFECT_API_AUTH_STRING" not in os.environ


def test_a_server_that_ends_again_and_again_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last restart the wait ends with a problem and a fix."""
    monkeypatch.setattr(temporary_server, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(temporary_server, "_prepared_database", lambda: tmp_path / "no")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    server = TemporaryServer()
    with pytest.raises(RunError, match=r"did not start.*overnight doctor"):
        server.wait_until_ready()
    server.stop()


def test_a_killed_command_leaves_no_server(tmp_path: Path) -> None:
    """The server's process ends, and its folder is removed, with a killed command."""
    code = (
        "import time; from tasks.temporary_server import TemporaryServer; "
        "print(TemporaryServer()._folder, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PREFECT_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout
        folder = Path(command.stdout.readline().strip())
        wait_for(lambda: processes_of(folder))
        command.kill()
    wait_for(lambda: not processes_of(folder) and not folder.exists())
