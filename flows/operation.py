"""`overnight deploy`: Prefect's server, deployments and a worker on this machine."""

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
    drop_server_settings,
)
from flows.child_processes import BufferedLines, Child, running, show_on_stderr
from flows.registration import POOL
from flows.server_access import VARIABLE, ServerAccess, server_access
from storage.checkout import CHECKOUT
from storage.home import Home

START_SECONDS = 120
HOST = "127.0.0.1"
"""This machine only: whoever reaches the API can have the worker run any code."""

EXAMPLES = (
    "overnight-screening/manual",
    "lstm-training/single -p symbol=CBA.AX",
)


def operate(address: str, port: int, say: Callable[[str], None]) -> None:
    """Start server and worker, say where they are, and stop them with this process.

    Raises
    ------
    RunError
        If the port is taken, a part does not start or ends by itself, or the
        authentication string can't be kept.
    """
    home = Home.at(address)
    _require_free(port)
    access = server_access(home)
    url = f"http://{HOST}:{port}"
    for_server, for_clients = _environments(home, url, access)
    show_on_stderr("Starting Prefect's server, which takes up to a minute.")
    with _running_server(url, port, for_server) as server:
        _register(for_clients)
        work = ["--no-prompt", "worker", "start", "--pool", POOL, "--type", "process"]
        with running(["prefect", *work], for_clients, CHECKOUT) as worker:
            for line in _greeting(home, url, access):
                say(line)
            _wait_for_end({"the server": server, "the worker": worker})


@contextmanager
def _running_server(
    url: str, port: int, environment: Mapping[str, str]
) -> Iterator[Child]:
    """Run the server until the block ends; the block begins when it answers."""
    lines = BufferedLines()
    serve = ["--no-prompt", "server", "start", "--host", HOST, "--port", str(port)]
    with running(["prefect", *serve], environment, CHECKOUT, lines) as server:
        healthy = _is_healthy(f"{url}/api/health", server)
        lines.end(show=not healthy)
        if not healthy:
            raise RunError(
                f"Prefect's server did not answer at {url} within {START_SECONDS} s; "
                "its lines above give the reason."
            )
        yield server


def _environments(
    home: Home, url: str, access: ServerAccess
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the server's environment, and that of worker and registration."""
    common = child_environment(in_store=not isinstance(home.root, Path))
    common |= {
        "OVERNIGHT_HOME": str(home.root.resolve()),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": access.auth_string,
        "PREFECT_UI_URL": url,
    }
    for name in ("NO_PROXY", "no_proxy"):  # A proxy does not know this machine's ports.
        common[name] = ",".join(filter(None, (common.get(name), HOST)))
    preferred = {
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # No other page's script may ask the API; the default is every page's.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": url,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
    }
    needed = {
        VARIABLE: access.auth_string,
        # The page would look for the server at port 4200 whatever the port is.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }
    return preferred | common | needed, drop_server_settings(common)


def _greeting(home: Home, url: str, access: ServerAccess) -> list[str]:
    """Return what the user needs next; only a terminal shows the string itself."""
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
                f"port {port} must be free, got a program that listens there; end it, "
                "or name another with --port."
            )


def _is_healthy(url: str, server: Child) -> bool:
    """Return whether the server answers before it ends or its time is over."""
    deadline = time.monotonic() + START_SECONDS
    # Not by a proxy of the user's: the server is on this machine.
    with httpx.Client(trust_env=False, timeout=2) as client:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                if client.get(url).is_success:
                    return True
            except httpx.TransportError:
                pass
            time.sleep(0.5)
    return False


def _register(environment: Mapping[str, str]) -> None:
    """Register the deployments; the webhook's address is for this process alone."""
    notice = {NOTICE_URL: os.environ.get(NOTICE_URL, "")}
    given = {**environment, **notice}
    with running(["flows.registration"], given, CHECKOUT) as registration:
        code = registration.wait()
    if code:
        raise RunError(
            f"the server did not take the deployments (exit code {code}); the lines "
            "above give the reason."
        )


def _wait_for_end(parts: Mapping[str, Child]) -> None:
    """Wait until a signal ends this process, or a part ends by itself."""
    while True:
        for name, part in parts.items():
            if part.poll() is not None:
                raise RunError(
                    f"{name} ended by itself with code {part.returncode}; its lines "
                    "above give the reason. Run `overnight deploy` again."
                )
        time.sleep(0.5)
