"""Checks of a temporary server in a process of their own, without the tests' server."""

import os
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psutil
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from pipeline.request_pace import machine_pace
from tasks import server_pace, temporary_server
from tasks.server_pace import request_pace
from tasks.temporary_server import TemporaryServer


@contextmanager
def own_server(prepared: Path) -> Iterator[TemporaryServer]:
    """Yield a server that is in use, and end it."""
    temporary_server._prepared_database = lambda: prepared
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


def check_restart(prepared: Path) -> None:
    """Kill a server that has stored something."""
    with own_server(prepared) as server:
        with closing(sqlite3.connect(prepared)) as database:
            assert database.execute("SELECT count(*) FROM flow").fetchone() == (0,)
        login = {
            "Authorization": f"Basic {b64encode(server._password.encode()).decode()}"
        }
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


def check_use(prepared: Path) -> None:
    """Use a server and stop it."""
    with own_server(prepared) as server:
        with closing(sqlite3.connect(prepared)) as database:
            assert database.execute("SELECT count(*) FROM flow").fetchone() == (0,)
        assert PREFECT_API_URL.value() == os.environ["PREFECT_API_URL"] == server.url
        assert not PREFECT_LOGGING_TO_API_ENABLED.value()
        with get_client(sync_client=True) as client:
            assert client.read_flows() == []
        server_pace.machine_pace = lambda _: machine_pace
        assert request_pace(2) is machine_pace
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
            assert request_pace(2) is not machine_pace
        server.stop()
        assert not server._folder.exists()
        assert not processes_of(server._folder)
        assert PREFECT_API_URL.value() != server.url
        assert "PREFECT_API_AUTH_STRING" not in os.environ
        assert PREFECT_LOGGING_TO_API_ENABLED.value()
