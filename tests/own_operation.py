"""A running `overnight deploy` as tests use it, and a receiver of what it posts."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from own_server import connected
from own_terminal import OwnTerminal
from prefect_api import prefect_api


@dataclass(frozen=True)
class Operation:
    """A running `overnight deploy`: terminal, server address, home, posted notices."""

    terminal: OwnTerminal
    api: str
    user_home: Path
    posted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Return the home of its runs."""
        return self.user_home / "nights of mine"

    @property
    def auth_string(self) -> str:
        """Return the authentication string that the terminal shows."""
        found = re.search(r"password, which is (\S+)", self.terminal.text)
        assert found
        return found[1]

    @cached_property
    def client(self) -> httpx.Client:
        """Return an HTTP client with the authentication string."""
        return prefect_api(self.api, self.auth_string)

    @contextlib.contextmanager
    def used_here(self) -> Iterator[None]:
        """Let flows of this process run on the server and in the home, as runs do."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OVERNIGHT_HOME", str(self.home))
            with connected(
                PREFECT_API_URL=self.api, PREFECT_API_AUTH_STRING=self.auth_string
            ):
                yield

    @property
    def processes(self) -> list[psutil.Process]:
        """Return all processes that it has started."""
        return psutil.Process(self.terminal.process.pid).children(recursive=True)

    @property
    def worker(self) -> psutil.Process:
        """Return the worker, whose environment its runs get."""
        (found,) = [one for one in self.processes if "worker" in one.cmdline()]
        return found

    def listed(self, path: str, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the records that the server lists at the path."""
        answer = self.client.post(f"{path}/filter", json=asked)
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def asked(self, name: str, **parameters: Any) -> httpx.Response:  # noqa: ANN401
        """Request a run of `flow/deployment`; return the server's answer."""
        found = self.client.get(f"/deployments/name/{name}").json()
        address = f"/deployments/{found['id']}/create_flow_run"
        return self.sent(address, {"parameters": parameters})

    def sent(self, path: str, body: object) -> httpx.Response:
        """Send the body to the path; return the server's answer."""
        for _ in range(20):
            answer = self.client.post(path, json=body)
            if answer.status_code < 500:  # SQLite under load: asked again, it answers.
                break
            time.sleep(1)
        return answer

    def start(self, name: str, **parameters: Any) -> str:  # noqa: ANN401
        """Start the deployment called `flow/deployment`; return its run's id."""
        made = self.asked(name, **parameters)
        assert made.is_success, made.text
        return str(made.json()["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        """Return the run when it has ended."""
        for _ in range(240):
            run: dict[str, Any] = self.client.get(f"/flow_runs/{run_id}").json()
            if run["end_time"] is not None:
                return run
            time.sleep(0.5)
        raise AssertionError(f"still {run['state']['name']}")

    def told(self, name: str) -> dict[str, Any]:
        """Return the notices that were posted about the run of that name."""
        for _ in range(300):
            for notice in self.posted:
                if notice["run"] == name:
                    return notice
            time.sleep(0.1)
        raise AssertionError(f"nothing posted of {name}: {self.posted}")


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the address of a webhook and the list of what it was sent."""
    posted: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            posted.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    server.server_close()
