"""A Dask cluster on this machine's loopback, started as an operator starts one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distributed import Client

TESTS = Path(__file__).parent
PLACE = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def dask_cluster(
    folder: Path, workers: int = 2, *, daemon: bool = False
) -> Iterator[str]:
    """Start a scheduler and its workers of one thread; give the scheduler's address.

    A job is given up after two lost workers, half of what Dask does by itself.
    """
    surroundings = {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "DASK_DISTRIBUTED__WORKER__DAEMON": str(daemon),
        "PYTHONPATH": str(TESTS),
    }
    with ExitStack() as stack:
        address = stack.enter_context(_scheduler(folder, surroundings))
        for number in range(workers):
            place = folder / f"worker-{number}"
            stack.enter_context(_worker(address, place, surroundings))
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
        yield address


@contextmanager
def _scheduler(folder: Path, surroundings: dict[str, str]) -> Iterator[str]:
    written = folder / "scheduler.json"
    words = ("scheduler", "--port", "0", "--scheduler-file", str(written))
    with _started(folder, words, surroundings):
        yield _address(written)


@contextmanager
def _worker(address: str, folder: Path, surroundings: dict[str, str]) -> Iterator[None]:
    folder.mkdir()
    one = ("--nthreads", "1", "--nworkers", "1", "--local-directory", str(folder))
    with _started(folder, ("worker", address, *one), surroundings):
        yield


@contextmanager
def _started(
    folder: Path, words: tuple[str, ...], surroundings: dict[str, str]
) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, *PLACE],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | surroundings,
        )
    try:
        yield
    finally:
        _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _address(written: Path) -> str:
    """Return the address that the scheduler wrote, once it has."""
    for _ in range(300):
        if written.exists() and written.read_text().strip():
            address: str = json.loads(written.read_text())["address"]
            return address
        time.sleep(0.1)
    raise TimeoutError(f"no scheduler wrote {written} within 30 s")
