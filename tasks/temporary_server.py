"""Prefect's temporary server: a command starts it beside its imports and ends it.

A command needs it if no `PREFECT_API_URL` is set: Prefect ends a run whose server does
not answer. The results of a run are files in the home, so this server has only what
Prefect's client requires: no scheduler, no recorder of events, and an own database that
is removed with it. It answers this process and its children only, because without a
password any web page could use it.
"""

import contextlib
import http.client
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import httpx
from prefect.context import refresh_global_settings_context
from prefect.events.clients import NullEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    temporary_settings,
)

from config.errors import RunError
from storage.interruption import on_interruption
from tasks.server_start import ServerStart

ONLY_WHAT_A_RUN_NEEDS = {
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
    "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_LOGGER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
}
"""The server's environment; as an ephemeral one it starts no scheduler either."""

NO_OTHER_SERVER = {"PREFECT_SERVER_EPHEMERAL_ENABLED": "false"}
"""The client's environment, also after `stop`: without this, a thread that still sends
something would start a server of Prefect's own, with the user's database."""

POLL_SECONDS = 0.05
CHECK_SECONDS = 0.5
MAX_RESTARTS = 5
"""Restarting does not help a server that has ended so many times."""


@contextmanager
def temporary_server() -> Iterator["TemporaryServer | None"]:
    """Yield this process' temporary server, or None if `PREFECT_API_URL` names another.

    Raises
    ------
    RunError
        If the server, temporary or named, stops answering.
    """
    server = None if PREFECT_API_URL.value() else TemporaryServer()
    try:
        with on_interruption(server.end) if server else nullcontext():
            yield server
    except httpx.TransportError as error:
        raise RunError(
            "Prefect's server stopped answering during the run "
            f"({type(error).__name__})",
            "run the same command again, which resumes what is finished",
        ) from error
    finally:
        if server:
            server.stop()


def without_heartbeats() -> AbstractContextManager[object]:
    """Let the flows of the block send no heartbeats to a temporary server.

    It passes them on to nobody, and the end of a flow waits for them up to a second.
    """
    if not TemporaryServer.is_in_use():
        return nullcontext()
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


class TemporaryServer:
    """A server process; if it ends, it is started again with the same records."""

    _url_in_use: ClassVar[str] = ""

    def __init__(self) -> None:
        """Start the process, and a thread that restarts it until `stop`."""
        self._folder = Path(tempfile.mkdtemp(prefix="overnight-server-"))
        self._database = self._folder / "prefect.db"
        self._password = secrets.token_urlsafe(24)
        self._port = _free_port()
        self._answered = False
        self._restarts = 0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        _copy_prepared_database(self._database)
        self._process = self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    @classmethod
    def is_in_use(cls) -> bool:
        """Return whether Prefect's client in this process uses a temporary server."""
        return bool(cls._url_in_use) and PREFECT_API_URL.value() == cls._url_in_use

    @property
    def url(self) -> str:
        """Return the address of the server's API."""
        return f"http://127.0.0.1:{self._port}/api"

    def wait_until_ready(self) -> None:
        """Wait until the server answers, and make it the server of Prefect's client.

        Raises
        ------
        RunError
            If it ends again and again, or its process does not work or not end its
            start.
        """
        start = ServerStart()
        while not _answers(self._port):
            if self._restarts >= MAX_RESTARTS:
                raise RunError(
                    f"Prefect's temporary server did not start: it ended by itself "
                    f"{MAX_RESTARTS} times (exit code {self._process.returncode}); its "
                    "errors are above",
                    "run `overnight doctor`",
                )
            start.check(self._process.pid)
            time.sleep(POLL_SECONDS)
        self._answered = True
        _prepare_database(self._database)
        TemporaryServer._url_in_use = self.url
        os.environ |= self._client_environment | NO_OTHER_SERVER
        refresh_global_settings_context()
        # Nobody would receive the client's events.
        EventsWorker.set_client_override(NullEventsClient)

    def end(self) -> None:
        """End the server's process, and remove its records."""
        self._ended.set()
        with self._lock:  # No restart is under way from here on.
            self._end_process()
        shutil.rmtree(self._folder, ignore_errors=True)

    def stop(self) -> None:
        """End the server, and use it no more in Prefect's client."""
        self.end()
        if self.is_in_use():
            for name in self._client_environment:
                del os.environ[name]
            refresh_global_settings_context()
            EventsWorker.set_client_override(None)

    @property
    def _client_environment(self) -> dict[str, str]:
        return {
            "PREFECT_API_URL": self.url,
            "PREFECT_API_AUTH_STRING": self._password,
            # Nobody reads the log lines there. With `--debug` the command would wait
            # minutes at its end, because its server has ended before they are sent.
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
        }

    def _start(self) -> subprocess.Popen[bytes]:
        records = f"sqlite+aiosqlite:///{self._database}"
        own = {
            "PREFECT_API_DATABASE_CONNECTION_URL": records,
            "PREFECT_SERVER_API_AUTH_STRING": self._password,
        }
        module = ["-m", "tasks.server_process", str(self._port), str(self._folder)]
        return subprocess.Popen(  # noqa: S603  this Python
            [sys.executable, *module],
            env=os.environ | ONLY_WHAT_A_RUN_NEEDS | own,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # A signal to the command's process group must not end it: the command does.
            start_new_session=True,
        )

    def _end_process(self) -> None:
        with self._process:  # Closes the pipe, and waits for the end.
            self._process.kill()

    def _watch(self) -> None:
        """Restart the server if it has ended, until `stop`."""
        while not self._ended.wait(CHECK_SECONDS):
            with self._lock:
                if self._ended.is_set() or self._restarts >= MAX_RESTARTS:
                    return
                if self._process.poll() is not None:
                    self._restarts += 1
                    self._end_process()
                    if not self._answered:
                        self._begin_anew()
                    self._process = self._start()

    def _begin_anew(self) -> None:
        """Take another port and an empty folder; one of the two may be unusable."""
        self._port = _free_port()
        _prepared_database().unlink(missing_ok=True)
        for part in self._folder.iterdir():
            part.unlink()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    """Return whether a server is ready on the port; no proxy is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(connection):
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _prepared_database() -> Path:
    """Return the path of an empty database in the format of this Prefect.

    To create its tables costs a server 5 s, to copy them nothing.
    """
    folder = Path(PREFECT_HOME.value()) / "overnight"
    return folder / f"empty-{version('prefect')}.db"


def _copy_prepared_database(target: Path) -> None:
    """Copy the empty database; without it the server creates its tables itself."""
    with contextlib.suppress(OSError):
        shutil.copyfile(_prepared_database(), target)


def _prepare_database(records: Path) -> None:
    """Store a copy of a new server's records as the empty database of later commands.

    It is written under another name first: a killed command leaves no half of it. The
    ones of other versions of Prefect are removed.
    """
    prepared = _prepared_database()
    if prepared.exists():
        return
    draft = prepared.with_suffix(f".{secrets.token_hex(4)}")
    with contextlib.suppress(OSError, sqlite3.Error):
        prepared.parent.mkdir(parents=True, exist_ok=True)
        with (
            closing(sqlite3.connect(records)) as source,
            closing(sqlite3.connect(draft)) as copy,
        ):
            source.backup(copy)
        for other in prepared.parent.glob("empty-*"):
            if other != draft:
                other.unlink(missing_ok=True)
        draft.replace(prepared)
