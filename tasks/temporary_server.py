"""Prefect's temporary server: protected from other pages, and restarted if it ends.

A command without `PREFECT_API_URL` starts one for its own time. Its results are files
in the home; but Prefect ends a run whose server does not answer any more.
"""

import os
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL

from config.errors import RunError

if TYPE_CHECKING:
    from prefect.server.api.server import SubprocessASGIServer

CHECK_SECONDS = 0.5
MAX_RESTARTS = 5
"""A server that ends again and again has a reason that a restart does not mend."""

PORT_TAKEN = 3
"""How the server's process ends if its port is taken; Prefect then takes another."""


@contextmanager
def temporary_server() -> Iterator["TemporaryServer | None"]:
    """Give this process' temporary server; None if `PREFECT_API_URL` names another.

    Raises
    ------
    RunError
        If either server does not answer any more.
    """
    server = None
    if not PREFECT_API_URL.value():
        _require_auth_string()
        server = TemporaryServer()
        threading.Thread(target=server.watch, daemon=True).start()
    try:
        yield server
    except httpx.TransportError as error:
        raise RunError(
            "Prefect's server stopped answering during the run "
            f"({type(error).__name__}); run the same command again, which goes on with "
            "what is finished."
        ) from error
    finally:
        if server:
            server.watch_no_more()


def _require_auth_string() -> None:
    """Let the temporary server answer this process and its children only.

    Any web page could ask it else: its records are those that `overnight deploy` runs.
    """
    made = secrets.token_urlsafe(24)
    os.environ["PREFECT_SERVER_API_AUTH_STRING"] = made
    os.environ["PREFECT_API_AUTH_STRING"] = made
    refresh_global_settings_context()


@dataclass
class TemporaryServer:
    """Restarts the process of the temporary server on the same port and records."""

    _ended: threading.Event = field(default_factory=threading.Event)
    # One thread may take it twice: Ctrl-C runs `stop` within `watch_no_more`.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _restarts: int = 0

    def watch(self) -> None:
        """Look twice a second until `watch_no_more`."""
        while not self._ended.wait(CHECK_SECONDS):
            with self._lock:
                if not self._ended.is_set():
                    self._restart_if_dead()

    def watch_no_more(self) -> None:
        """Leave the server to Prefect, which ends it with this process."""
        self._ended.set()
        with self._lock:  # No restart is under way when this returns.
            pass

    def stop(self) -> None:
        """End the server now."""
        self.watch_no_more()
        for server in _servers():
            server.stop()

    def _restart_if_dead(self) -> None:
        # Requests are repeated for 100 s, a server starts in 10 to 30 s.
        for server in _servers():
            process = server.server_process
            dead = process is not None and process.poll() not in {None, PORT_TAKEN}
            if dead and self._restarts < MAX_RESTARTS:
                self._restarts += 1
                server.server_process = server._run_uvicorn_command()  # noqa: SLF001


def _servers() -> "list[SubprocessASGIServer]":
    """Return what Prefect has started in this process; it imports the server late."""
    module = sys.modules.get("prefect.server.api.server")
    # While that import is under way, the module does not have the class yet.
    started = getattr(module, "SubprocessASGIServer", None)
    return list(started._instances.values()) if started else []  # noqa: SLF001
