"""A Dask cluster on this machine's loopback, started as an operator starts one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

TESTS = Path(__file__).parent
PLACE = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def dask_cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """Start a scheduler and its workers of one thread; give the scheduler's address."""
    with ExitStack() as stack:
        address = stack.enter_context(dask_scheduler(folder))
        for number in range(workers):
            stack.enter_context(_dask_worker(address, folder / f"worker-{number}"))
        yield address


@contextmanager
def dask_scheduler(folder: Path) -> Iterator[str]:
    """Start a scheduler on a free port; give its address."""
    written = folder / "scheduler.json"
    with _started(folder, "scheduler", "--port", "0", "--scheduler-file", str(written)):
        yield _address(written)


@contextmanager
def _dask_worker(address: str, folder: Path) -> Iterator[None]:
    folder.mkdir()
    one = ("--nthreads", "1", "--nworkers", "1", "--local-directory", str(folder))
    with _started(folder, "worker", address, *one):
        yield


@contextmanager
def _started(folder: Path, *words: str) -> Iterator[None]:
    allowed = {"DASK_DISTRIBUTED__WORKER__DAEMON": "false", "PYTHONPATH": str(TESTS)}
    with (folder / f"{words[0]}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, *PLACE],
            stdout=log,
            stderr=log,
            env=os.environ | allowed,
        )
    try:
        yield
    finally:
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
