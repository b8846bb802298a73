"""The temporary server: prepared records, restarts, and nothing left behind."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from own_server import Prepare
from server_checks import check_restart, check_use, processes_of, wait_for

from config.errors import RunError
from tasks import temporary_server
from tasks.temporary_server import TemporaryServer


@pytest.fixture
def prepared(prepare_prefect: Prepare, tmp_path: Path) -> Path:
    """Return the path of a prepared database."""
    return prepare_prefect(tmp_path / "prefect") / "prefect.db"


@pytest.fixture(scope="module")
def other_process() -> Iterator[ProcessPoolExecutor]:
    """Yield a process that has no part in the server of other tests."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as executor:
        yield executor


@pytest.mark.long
def test_a_killed_server_is_restarted_with_its_records(
    other_process: ProcessPoolExecutor, prepared: Path
) -> None:
    """The address stays the same, and what was stored before the kill is still there.

    Without the password nobody stores or reads anything, before and after. The prepared
    database is damaged at first: a server without it replaces it.
    """
    prepared.write_bytes(b"damaged" * 1000)
    other_process.submit(check_restart, prepared).result()


def test_a_server_begins_empty_and_leaves_nothing(
    other_process: ProcessPoolExecutor, prepared: Path
) -> None:
    """It has no records of another server, and paces no requests, unlike a shared one.

    It gets no log lines: a command would wait for their answer after the server's end.
    After `stop` there is no folder, no process and no setting of the server.
    """
    other_process.submit(check_use, prepared).result()


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


@pytest.mark.long
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
