"""The temporary server of a command: killed, it comes back; strangers get no answer."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

COMMAND = Path(sys.executable).with_name("overnight")
NIGHT = ["screen", "--source", "sample", "--epochs", "5"]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a sample night of a new user, with a server of its own."""
    with subprocess.Popen(
        [COMMAND, *NIGHT, "--home", tmp_path / "home"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        yield run
        run.kill()


def its_server(run: subprocess.Popen[str]) -> psutil.Process:
    """Return the run's server when it is there."""
    for _ in range(600):
        for child in psutil.Process(run.pid).children():
            if child.status() != psutil.STATUS_ZOMBIE and "uvicorn" in child.cmdline():
                return child
        time.sleep(0.1)
    raise AssertionError("no server")


def api_of(server: psutil.Process) -> str:
    """Return the address of the server's API when it answers there."""
    words = server.cmdline()
    api = f"http://127.0.0.1:{words[words.index('--port') + 1]}/api"
    for _ in range(600):
        try:
            httpx.get(f"{api}/health")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return api
    raise AssertionError(f"no answer at {api}")


@pytest.mark.timeout(500)
@pytest.mark.parametrize("moment", ["starting", "at work"])
def test_a_night_outlives_its_own_server(
    night: subprocess.Popen[str], tmp_path: Path, moment: str
) -> None:
    """Killed while it starts or while it serves: the night ends well all the same."""
    server = its_server(night)
    if moment == "at work":
        api_of(server)
        while not (tmp_path / "home" / "data" / "nights").exists():
            time.sleep(0.1)
    server.kill()
    said, _ = night.communicate(timeout=400)
    assert night.returncode == 0, said
    assert "5 of 5 symbols usable" in said
    assert list((tmp_path / "home" / "reports" / "csv").iterdir())


def test_nobody_else_is_answered(night: subprocess.Popen[str]) -> None:
    """A page that the user opens meanwhile could use its API otherwise."""
    api = api_of(its_server(night))
    assert httpx.get(f"{api}/admin/settings").status_code == 401
    assert httpx.post(f"{api}/flows/", json={"name": "evil"}).status_code == 401
