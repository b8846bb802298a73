"""A whole night whose temporary server is killed: it ends well all the same."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from own_server import Prepare

COMMAND = Path(sys.executable).with_name("overnight")
NIGHT = ["screen", "IBM", "--source", "sample", "--train", "never"]

pytestmark = pytest.mark.long


@pytest.fixture
def night(
    tmp_path: Path, prepare_prefect: Prepare, moment: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a night with a server of its own, which a new user's starts without tables.

    A server that works has them: their making is no part of that case.
    """
    if moment == "at work":
        prepare_prefect(tmp_path / ".prefect")
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
    """Return the run's server when it has started."""
    for _ in range(1200):
        for child in psutil.Process(run.pid).children():
            if "tasks.server_process" in child.cmdline():
                return child
        time.sleep(0.05)
    raise AssertionError("no server")


@pytest.mark.parametrize("moment", ["starting", "at work"])
def test_a_night_outlives_its_own_server(
    night: subprocess.Popen[str], tmp_path: Path, moment: str
) -> None:
    """Killed while it starts or while it serves, the server is started again."""
    server = its_server(night)
    while moment == "at work" and not (tmp_path / "home" / "data" / "nights").exists():
        time.sleep(0.05)
    server.kill()
    said, _ = night.communicate(timeout=250)
    assert night.returncode == 0, said
    assert "1 of 1 symbols usable" in said
    assert list((tmp_path / "home" / "reports" / "csv").iterdir())
