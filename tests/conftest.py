"""What all tests share: calendars, and the replay of Yahoo where there is one."""

import os
import shutil
import socket
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import absl.logging

# TensorFlow brings curl symbols of its own; loaded first, it takes curl_cffi's place
# and Yahoo's client can't imitate a browser any more. In a run only the process slots
# load TensorFlow; here tests of both share one process.
import curl_cffi  # noqa: F401
import pytest
from dask_cluster import dask_cluster
from equipment import REPLAY_NOW, Replay, equipment, needed
from object_store import bucket_on_loopback, shared_folder

from config.home import Home
from config.places import remove_tree
from market_data.sessions import calendar
from market_data.symbols import EXCHANGES


def pytest_configure(config: pytest.Config) -> None:
    """Let the many short-lived processes share what JAX and Python compiled.

    JAX, which reads it when imported: 2 s each. Prefect, where the environment forbids
    Python to keep bytecode: 5 s each. pytest's own workers inherit both.
    """
    # Keras' logger closes its stream when Prefect sets logging up, unless it is the
    # stderr of that moment: within a test that would be what pytest captures with.
    absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="compiled-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder


@pytest.fixture(scope="session", autouse=True)
def _calendars() -> None:
    # exchange_calendars 4.13 builds a calendar with `Series.values` on aware times,
    # which pandas 3.1 deprecates; built once here, the calendars are cached.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Series.values returning")
        for exchange in EXCHANGES.values():
            calendar(exchange.code)


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """Give the address of a bucket of an S3-compatible server of the tests' own."""
    with bucket_on_loopback() as address:
        yield address


@pytest.fixture(params=["disk", "memory", "s3", "share"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Give an empty home on a disk, in memory, in S3, and in a store that must move."""
    match request.param:
        case "disk":
            opened = Home(tmp_path)
        case "memory":
            opened = Home.at(f"memory://{uuid.uuid4().hex}")
        case "s3":
            opened = Home.at(f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}")
        case _:
            opened = Home.at(shared_folder(tmp_path))
    yield opened
    remove_tree(opened.root)


@pytest.fixture(scope="session")
def dask_address(
    bucket: str,  # noqa: ARG001  its workers are to find it
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Give the address of a Dask scheduler with two workers of one thread."""
    with dask_cluster(tmp_path_factory.mktemp("dask")) as address:
        yield address


@pytest.fixture
def free_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def replay_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Start the replay and lead this process' requests to it until the module ends."""
    server: Replay = equipment("yahoo_replay", "yahoo_replay").start(
        needed("market"), now=REPLAY_NOW, tls_dir=tmp_path_factory.mktemp("tls")
    )
    cache = str(tmp_path_factory.mktemp("yfinance"))
    use_replay = equipment("yahoo_replay", "use_replay")
    led = use_replay.use_replay(server.url, server.ca, cache_dir=cache)
    yield server
    led.undo()
    server.close()


@pytest.fixture
def replay(replay_server: Replay, tmp_path: Path) -> Iterator[Replay]:
    """Return the replay without faults or counts, and the client without memory."""
    replay_server.reset()
    replay_server.set_now(REPLAY_NOW)
    reset = equipment("yahoo_replay", "use_replay").reset_yfinance
    reset(str(tmp_path / "py-yfinance"))
    yield replay_server
    replay_server.reset()
