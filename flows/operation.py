"""Server, deployments and worker on one machine, for who wants just Prefect's UI."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from config.errors import RunError
from config.home import Home
from flows.registration import CHECKOUT, POOL

START_SECONDS = 120
STOP_SECONDS = 15


def operate(home: str, port: int, say: Callable[[str], None]) -> None:
    """Start all of it, say where it is, and stop it when this process is told to.

    Raises
    ------
    RunError
        If the port is taken, or a part does not start or ends by itself.
    """
    place = str(Home.at(home).root.resolve())
    _require_free(port)
    address = f"http://127.0.0.1:{port}"
    environment = _environment(place, address)
    with _running(["server", "start", "--port", str(port)], environment) as server:
        _wait_until_healthy(f"{address}/api/health", server)
        _register(environment)
        work = ["worker", "start", "--pool", POOL, "--type", "process"]
        with _running(work, environment) as worker:
            say(f"Prefect's UI: {address}")
            say(f"Results: {place}; Ctrl-C ends all of it.")
            _wait_for_end({"the server": server, "the worker": worker})


def _environment(home: str, address: str) -> dict[str, str]:
    """Return what the parts need, the user's own settings before ours."""
    ours = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
    }
    needed = {
        "OVERNIGHT_HOME": home,
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_UI_URL": address,
        # The UI would look for the server at port 4200 whatever the port is.
        "PREFECT_SERVER_UI_API_URL": "/api",
    }
    return ours | os.environ | needed


@contextmanager
def _running(
    words: list[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of Prefect until the block ends; its lines go to stderr."""
    process = subprocess.Popen(  # noqa: S603  our own words alone
        [sys.executable, "-m", "prefect", *words],
        cwd=CHECKOUT,
        env=dict(environment),
        stdout=sys.stderr,
        start_new_session=True,  # Ctrl-C reaches us, and we stop the parts in order.
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise RunError(
                f"port {port} must be free, got a program that listens there; end it, "
                "or name another with --port."
            )


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise RunError(
        f"Prefect's server must answer at {url} within {START_SECONDS} s, got nothing; "
        "its own lines above say why."
    )


def _register(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.registration"],
        cwd=CHECKOUT,
        env=dict(environment),
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise RunError(
            f"the deployments must be taken by the server, got exit {done.returncode}; "
            "the lines above say why."
        )


def _wait_for_end(parts: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait until a signal ends this process, or a part ends by itself."""
    while True:
        for name, part in parts.items():
            if part.poll() is not None:
                raise RunError(
                    f"{name} must run until Ctrl-C, got its end with code "
                    f"{part.returncode}; its own lines above say why."
                )
        time.sleep(0.5)
