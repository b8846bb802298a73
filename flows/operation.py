"""`overnight deploy`: run Prefect's server and a worker on this machine."""

import contextlib
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from config.errors import RunError
from flows.child_environment import (
    NOTICE_URL,
    child_environment,
    drop_addresses,
    drop_server_settings,
)
from flows.child_processes import BufferedLines, Child, run_child, show_on_stderr
from flows.registration import POOL
from flows.server_access import VARIABLE, ServerAccess, server_access
from flows.server_settings import PATIENT_CLIENT, delete_old_runs
from storage.checkout import CHECKOUT
from storage.home import Home
from storage.settings_file import read_settings
from tasks.server_start import ServerStart

HOST = "127.0.0.1"
"""Only this machine may connect: a client of the API can run any code."""

EXAMPLES = (
    "overnight-screening/manual",
    "lstm-training/single -p symbol=CBA.AX",
)


def operate(address: str, port: int, show: Callable[[str], None]) -> None:
    """Start server and worker, show how to use them, and stop them with this process.

    Raises
    ------
    RunError
        If the port is taken, the server or the worker does not start or ends by itself,
        or the authentication string can't be stored.
    UsageError
        If a setting of the home can't be used.
    """
    home = Home.at(address)
    _require_free(port)
    access = server_access(home)
    url = f"http://{HOST}:{port}"
    for_server, for_clients = _make_environments(home, url, access)
    show_on_stderr("Starting Prefect's server, which takes up to a minute.")
    with _run_server(url, port, for_server) as server:
        _register(for_clients)
        work = ["--no-prompt", "worker", "start", "--pool", POOL, "--type", "process"]
        with run_child(["prefect", *work], for_clients, CHECKOUT) as worker:
            for line in _greeting(home, url, access):
                show(line)
            _wait_for_end({"the server": server, "the worker": worker})


@contextmanager
def _run_server(url: str, port: int, environment: Mapping[str, str]) -> Iterator[Child]:
    """Run the server until the block ends; start the block when the server answers."""
    lines = BufferedLines()
    serve = ["--no-prompt", "server", "start", "--host", HOST, "--port", str(port)]
    with run_child(["prefect", *serve], environment, CHECKOUT, lines) as server:
        try:
            _wait_for_answer(f"{url}/api/health", server)
        except RunError:
            lines.end(show=True)
            raise
        lines.end(show=False)
        yield server


def _make_environments(
    home: Home, url: str, access: ServerAccess
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the environments of the server, and of worker and registration."""
    common = child_environment(in_store=not isinstance(home.root, Path))
    common |= {
        "OVERNIGHT_HOME": str(home.root.resolve()),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": access.auth_string,
        "PREFECT_UI_URL": url,
    }
    for name in ("NO_PROXY", "no_proxy"):  # A proxy can't reach this machine's ports.
        common[name] = ",".join(filter(None, (common.get(name), HOST)))
    preferred = {
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # Only our page's script may use the API; by default every page's script may.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": url,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        **delete_old_runs(read_settings(home.root).run),
    }
    needed = {
        VARIABLE: access.auth_string,
        # Without it the page looks for the server at port 4200.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }
    for_server = preferred | drop_addresses(common) | needed
    return for_server, PATIENT_CLIENT | drop_server_settings(common)


def _greeting(home: Home, url: str, access: ServerAccess) -> list[str]:
    """Return what the user needs next; only a terminal gets the string itself."""
    password = f"the value of {VARIABLE}"
    if access.file:
        password = f"the line in {access.file}"
        if sys.stdout.isatty():
            password = f"{access.auth_string}  (kept in {access.file})"
    start = (
        f"PREFECT_API_URL={url}/api PREFECT_API_AUTH_STRING={access.in_shell} "
        "uv run prefect deployment run"
    )
    return [
        f"Prefect's UI: {url}",
        f"Results: {home.root.resolve()}; Ctrl-C ends all of it.",
        f"The page asks once for a password, which is {password}",
        f"To start a run, in another terminal, in {shlex.quote(str(CHECKOUT))}:",
        *(f"  {start} {example}" for example in EXAMPLES),
    ]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise RunError(
                f"another program is listening on port {port}",
                "end that program, or pass another port with --port",
            )


def _wait_for_answer(url: str, server: Child) -> None:
    """Wait until the server answers.

    Raises
    ------
    RunError
        If it ends before, or its start takes too long.
    """
    start = ServerStart()
    # Without the user's proxy: the server is on this machine.
    with httpx.Client(trust_env=False, timeout=2) as client:
        while server.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if client.get(url).is_success:
                    return
            start.check(server.pid)
            time.sleep(0.5)
    raise RunError(
        f"Prefect's server ended at its start with code {server.returncode}",
        "read the reason in its lines above",
    )


def _register(environment: Mapping[str, str]) -> None:
    """Register the deployments; only this process gets the webhook's address."""
    notice = {NOTICE_URL: os.environ.get(NOTICE_URL, "")}
    with run_child(
        ["flows.registration"], {**environment, **notice}, CHECKOUT
    ) as registration:
        code = registration.wait()
    if code:
        raise RunError(
            f"the deployments could not be registered (exit code {code})",
            "read the reason in the lines above",
        )


def _wait_for_end(parts: Mapping[str, Child]) -> None:
    """Wait until a signal ends this process, or a child ends by itself."""
    while True:
        for name, part in parts.items():
            if part.poll() is not None:
                raise RunError(
                    f"{name} ended by itself with code {part.returncode}",
                    "read the reason in its lines above, and run `overnight deploy` "
                    "again",
                )
        time.sleep(0.5)
