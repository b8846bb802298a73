"""A Dask cluster on this machine's loopback, started by the lines of docs/scale.md."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "scale.md"
NAMED = "tcp://scheduler:8786"
"""The scheduler's address on the page."""

SURROUNDINGS = {
    "PYTHONPATH": str(TESTS),
    # Idle, each process looks at itself once a second, not 50 and 100 times.
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}


@dataclass
class Cluster:
    """The scheduler's address, and the processes of the lines that were typed."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]
    folder: Path


def page_lines() -> list[list[str]]:
    """Return the words of the page's `uv run dask` lines, without `uv run`."""
    lines = re.findall(r"^uv run (dask .+)$", PAGE.read_text(), re.MULTILINE)
    return [shlex.split(line) for line in lines]


@contextmanager
def dask_cluster(folder: Path, workers: int | None = 2) -> Iterator[Cluster]:
    """Start a scheduler and its workers; with None as many as the page starts."""
    scheduler_line, worker_line = page_lines()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    line = [word.replace("8786", str(port)) for word in scheduler_line]
    with ExitStack() as stack:
        scheduler = stack.enter_context(typed(folder, line))
        cluster = Cluster(address, scheduler, [], folder)
        line = [word.replace(NAMED, address) for word in worker_line]
        if workers is not None:
            line[line.index("--nworkers") + 1] = str(workers)
        if workers != 0:
            cluster.workers.append(stack.enter_context(typed(folder, line)))
            with _client(address) as client:
                client.wait_for_workers(workers or 1, timeout=60)
        yield cluster


@contextmanager
def more_workers(
    cluster: Cluster, variables: Mapping[str, str], *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start one more worker, whose environment or options differ."""
    words = ["dask", "worker", cluster.address, "--nthreads", "1", *options]
    with _client(cluster.address) as client:
        before = len(client.scheduler_info(n_workers=-1)["workers"])
        with typed(cluster.folder, words, variables) as process:
            client.wait_for_workers(before + 1, timeout=60)
            yield process


def _client(address: str) -> "Client":
    # Every process that collects tests reads this file, and few of them run Dask.
    from distributed import Client  # noqa: PLC0415

    return Client(address, timeout=60, set_as_default=False)


@contextmanager
def typed(
    folder: Path, words: list[str], variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a line as a shell runs it, in a process group of its own."""
    program = Path(sys.executable).with_name(words[0])
    surroundings = SURROUNDINGS | dict(variables or {})
    with (folder / f"{words[1]}.log").open("ab") as log:
        process = subprocess.Popen(
            [program, *words[1:]],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={
                name: value
                for name, value in (os.environ | surroundings).items()
                if value
            },
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, also those that are stopped."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        process.wait(timeout=20)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
