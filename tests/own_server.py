"""A Prefect server of the tests' own, in a process that can be killed and restarted."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

STARTS_WITHIN_SECONDS = 150

Prepare = Callable[[Path], Path]
"""Gives a `PREFECT_HOME` an empty database with all tables, and returns it."""

TABLES = """
import asyncio
from prefect.server.database import provide_database_interface
asyncio.run(provide_database_interface().create_db())
"""


def make_tables(folder: Path) -> None:
    """Create the tables of a server in `folder`, which takes 5 s."""
    subprocess.run(
        [sys.executable, "-c", TABLES],
        env=os.environ | {"PREFECT_HOME": str(folder)},
        check=True,
    )


class OwnServer:
    """A server on SQLite in `folder`, on a port that stays the same."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/api"
        others = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
        self._environment = others | {
            "DO_NOT_TRACK": "1",
            "PREFECT_HOME": str(folder),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # Without these it starts sooner: no scheduler, no page, no built-in blocks.
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        self.environment = self._environment | {"PREFECT_API_URL": self.url}
        """Return the environment with which a process uses this server."""
        self.start()

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        # `prefect server start` starts the same, after another import of Prefect.
        words = [
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            "--app-dir",
            str(Path(__file__).parent),
            "--port",
            str(self._port),
        ]
        self._process = subprocess.Popen(
            [*words, "rarely_checking_server:create_app"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "the server must start, got no answer"
            time.sleep(0.1)

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator["OwnServer"]:
        """Start it, and end it with the block."""
        server = cls(folder)
        try:
            yield server
        finally:
            server.kill()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            health = f"{self.url}/health"
            with urllib.request.urlopen(health, timeout=2) as answer:  # noqa: S310  http
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def used_server(folder: Path) -> Iterator[None]:
    """Run a server that Prefect's client in this process uses until the block ends.

    `prefect_test_harness` does so too, and imports the server in this process as well,
    which takes 5 s.
    """
    records = f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
    with (
        OwnServer.running(folder) as server,
        connected(
            PREFECT_API_URL=server.url,
            PREFECT_API_DATABASE_CONNECTION_URL=records,
            # The end of a flow waits for its heartbeats, which sleep for a second.
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY=None,
        ),
    ):
        yield


@contextmanager
def connected(**settings: str | None) -> Iterator[None]:
    """Let Prefect's client in this process use the settings until the block ends."""
    from prefect import settings as prefect_settings  # noqa: PLC0415
    from prefect.context import (  # noqa: PLC0415
        _temporary_global_settings_context,
        get_settings_context,
    )
    from prefect.events.worker import EventsWorker  # noqa: PLC0415
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    changes = {getattr(prefect_settings, name): settings[name] for name in settings}
    APILogWorker.drain_all()
    EventsWorker.drain_all()
    with (
        prefect_settings.temporary_settings(changes),
        # Threads that were started before do not know this context.
        _temporary_global_settings_context(get_settings_context()),
    ):
        yield
        APILogWorker.drain_all()
        EventsWorker.drain_all()
