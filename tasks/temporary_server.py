"""Prefect's temporary server: protected by a password, and restarted if it ends.

A command without `PREFECT_API_URL` starts this server and stops it at the end. The
results are files in the home, but Prefect ends a run whose server does not answer.
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
"""Restarting does not help a server that has ended so many times."""

PORT_TAKEN = 3
"""Exit code of the server if its port is taken; Prefect then tries another port."""


@contextmanager
def temporary_server() -> Iterator["TemporaryServer | None"]:
    """Yield this process' temporary server, or None if `PREFECT_API_URL` names another.

    Raises
    ------
    RunError
        If the server, temporary or named, stops answering.
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
            f"({type(error).__name__})",
            "run the same command again, which resumes what is finished",
        ) from error
    finally:
        if server:
            server.stop_watching()


def _require_auth_string() -> None:
    """Let the temporary server answer this process and its children only.

    Without a password any web page could use it. It shares its records with the server
    of `overnight deploy`, whose worker starts the runs in them.
    """
    auth_string = secrets.token_urlsafe(24)
    os.environ["PREFECT_SERVER_API_AUTH_STRING"] = auth_string
    os.environ["PREFECT_API_AUTH_STRING"] = auth_string
    refresh_global_settings_context()


@dataclass
class TemporaryServer:
    """Restarts the temporary server's process with the same port and records."""

    _ended: threading.Event = field(default_factory=threading.Event)
    # One thread may take it twice: Ctrl-C runs `stop` within `stop_watching`.
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _restarts: int = 0

    def watch(self) -> None:
        """Check the server twice a second until `stop_watching`."""
        while not self._ended.wait(CHECK_SECONDS):
            with self._lock:
                if not self._ended.is_set():
                    self._restart_if_dead()

    def stop_watching(self) -> None:
        """Stop restarting the server; Prefect ends it with this process."""
        self._ended.set()
        with self._lock:  # No restart is under way when this returns.
            pass

    def stop(self) -> None:
        """End the server now."""
        self.stop_watching()
        for server in _servers():
            server.stop()

    def _restart_if_dead(self) -> None:
        # Prefect repeats requests for 100 s; a server starts in 10 to 30 s.
        for server in _servers():
            process = server.server_process
            dead = process is not None and process.poll() not in {None, PORT_TAKEN}
            if dead and self._restarts < MAX_RESTARTS:
                self._restarts += 1
                server.server_process = server._run_uvicorn_command()  # noqa: SLF001


def _servers() -> "list[SubprocessASGIServer]":
    """Return the servers that Prefect has started in this process."""
    module = sys.modules.get("prefect.server.api.server")
    # Prefect imports the module late; during the import it lacks the class.
    started = getattr(module, "SubprocessASGIServer", None)
    return list(started._instances.values()) if started else []  # noqa: SLF001
