"""Fixtures for all tests: calendars, invented prices, and services for tests only.

pytest's main process reads this file too, and runs no test. So what takes long to
import is imported by the fixtures.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
import sys
import uuid
import warnings
from collections.abc import Callable, Generator, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import absl.logging

# TensorFlow contains curl symbols of its own. If it is loaded before curl_cffi, Yahoo's
# client can't imitate a browser. A run loads TensorFlow only in training processes;
# these tests use both in one process.
import curl_cffi  # noqa: F401
import pytest
from equipment import REPLAY_NOW, Replay, equipment, needed
from filelock import FileLock
from grouped_files import GroupedFiles
from hypothesis import settings
from own_server import Prepare, make_tables, used_server

if TYPE_CHECKING:
    from xdist.remote import Producer

    from storage.home import Home
    from workers.process_pool import ProcessPool

# Prefect reads these when it is imported.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
# Each client of Prefect reads all certificates, 117 of them in 21 ms; our servers
# have no TLS.
ONE_CERTIFICATE = str(Path(__file__).with_name("one_certificate.pem"))
os.environ.setdefault("PREFECT_API_SSL_CERT_FILE", ONE_CERTIFICATE)

# An example that waits for a processor is not a slow one.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

AS_OF = date(2025, 11, 10)
GOOD = ("AAA.AX", "BBB.AX", "CCC.AX")
QUICK: dict[str, Any] = {
    "epochs": 1,
    "sequence_length": 30,
    "period": "1y",
    "lstm_units": (4, 3),
    # No shrinkage: a network that predicts no change would pass a leak unnoticed.
    "early_stopping_patience": 0,
}
"""The parameters that a night of the tests changes, if it says nothing else."""

SLOW_FILES = (
    "flows/test_operation.py",
    "flows/test_overnight_screening.py",
    "flows/test_resume.py",
    "flows/test_dask_night.py",
    "workers/test_dask_pool.py",
    "test_services_by_hand.py",
    "test_readme.py",
    "flows/test_telemetry.py",
    "flows/test_schedules.py",
    "flows/test_shared_server.py",
    "test_evaluation_guide.py",
    "flows/test_temporary_server.py",
    "faults/test_kills.py",
    "flows/test_delivery_kills.py",
    "flows/test_killed_worker.py",
    "flows/test_suspended_night.py",
    "tasks/test_temporary_server.py",
    "evaluation/scorecard/test_run.py",
    "benchmarks/test_training.py",
    "test_windows.py",
    "evaluation/test_evaluate.py",
    "flows/test_home_in_store.py",
    "screening/report/test_page_in_browser.py",
    "modelling/test_fit.py",
    "flows/test_scale_benchmark.py",
    "cli/test_app.py",
    "status/test_doctor.py",
    "market_data/test_yahoo_replay.py",
    "flows/test_lstm_training.py",
    "flows/test_one_night.py",
    "faults/test_network.py",
    "evaluation/test_walk_forward.py",
    "flows/test_control_characters.py",
    "evaluation/lookahead/test_leaks.py",
    "storage/test_lock.py",
    "pipeline/test_request_pace.py",
    "pipeline/test_night_tables.py",
)
"""The files that take longest, the longest first; see `--durations=50`."""

RunNight = Callable[..., Any]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupedFiles:
    """Hand out files, and those that run together as one."""
    return GroupedFiles(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow files first, so that no worker is left with one at the end."""
    places = {Path(__file__).parent / name: at for at, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file whose tests are all left out, by `-m long` or `-m "not long"`.

    With `-m long`, each process imported 220 files to run 22: 3 s more.
    """
    if collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    left_out = {
        "long": "mark.long" not in text,
        "not long": re.search(r"^pytestmark = .*mark\.long", text, re.MULTILINE),
    }
    return bool(left_out.get(config.option.markexpr)) or None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Pause the garbage collector: modules and tests stay until the end.

    In each process it took 3 s: while it collected, and when it ended.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_configure() -> None:
    """Let Python keep the bytecode of Prefect for the many short-lived processes.

    Where the environment forbids it, each of them takes 5 s longer. pytest's own
    workers inherit the environment.
    """
    # Keras' logger closes its stream when Prefect sets logging up, unless it is the
    # stderr of that moment: within a test that would be what pytest captures with.
    absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session", autouse=True)
def _calendars() -> None:
    # exchange_calendars 4.13 builds a calendar with `Series.values` on aware times,
    # which pandas 3.1 deprecates; built once here, the calendars are cached.
    from market_data.sessions import calendar  # noqa: PLC0415
    from market_data.symbols import EXCHANGES  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Series.values returning")
        for exchange in EXCHANGES.values():
            calendar(exchange.code)


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """Yield the address of a bucket of an S3-compatible server of the tests' own."""
    from object_store import bucket_on_loopback  # noqa: PLC0415

    with bucket_on_loopback() as address:
        yield address


@pytest.fixture(params=["disk", "s3"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """Yield an empty home on a disk and in S3."""
    from storage.home import Home  # noqa: PLC0415

    if request.param == "disk":
        yield Home(tmp_path)
        shutil.rmtree(tmp_path, ignore_errors=True)
    else:
        from object_store import forget  # noqa: PLC0415

        address = f"{request.getfixturevalue('bucket')}/{uuid.uuid4().hex}"
        yield Home.at(address)
        forget(address)


@pytest.fixture(scope="session")
def dask_address(
    bucket: str,  # noqa: ARG001  its workers are to find it
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Yield the address of a Dask scheduler with two workers of one thread."""
    from dask_cluster import dask_cluster  # noqa: PLC0415

    with dask_cluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster.address


@pytest.fixture
def free_port() -> int:
    """Return a free port of loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def replay_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Start the replay and send this process' requests to it until the module ends."""
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
    """Return the replay without faults and counts, and a client without a cache."""
    replay_server.reset()
    replay_server.set_now(REPLAY_NOW)
    reset = equipment("yahoo_replay", "use_replay").reset_yfinance
    reset(str(tmp_path / "py-yfinance"))
    yield replay_server
    replay_server.reset()


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print without terminal width and colours, so that no line is broken."""
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send no message to the addresses of the person who runs the tests."""
    monkeypatch.delenv("OVERNIGHT_DELIVER_TO", raising=False)


@pytest.fixture(scope="session")
def prepare_prefect(tmp_path_factory: pytest.TempPathFactory) -> Prepare:
    """Return a function that copies the tables of a server, made once for all tests."""
    shared = tmp_path_factory.getbasetemp().parent / "prefect-tables"
    database = shared / "prefect.db"
    prepared = f"empty-{version('prefect')}.db"
    with FileLock(f"{shared}.lock"):
        if not database.exists():
            make_tables(shared)

    def prepare(folder: Path) -> Path:
        (folder / "overnight").mkdir(parents=True)
        for copy in (folder / database.name, folder / "overnight" / prepared):
            shutil.copyfile(database, copy)
        return folder

    return prepare


@pytest.fixture(scope="session")
def prefect_server(
    prepare_prefect: Prepare, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Yield the tests a Prefect server and database of their own."""
    with used_server(prepare_prefect(tmp_path_factory.mktemp("server"))):
        yield


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of prices: three good symbols, and SHORT.AX with 40 rows."""
    folder = tmp_path_factory.mktemp("market")
    for seed, symbol in enumerate((*GOOD, "SHORT.AX")):
        write_prices(folder, symbol, seed, rows=40 if symbol == "SHORT.AX" else None)
    return folder


def write_prices(folder: Path, symbol: str, seed: int, rows: int | None = None) -> None:
    """Write a random walk to `{folder}/prices/{symbol}.csv`, up to some weeks later."""
    from made_market import random_walk  # noqa: PLC0415

    from market_data.sessions import sessions_between  # noqa: PLC0415

    sessions = sessions_between("XASX", date(2024, 10, 1), date(2025, 12, 5))
    walk = random_walk(sessions, seed)
    table = walk.assign(**{"Adj Close": walk["Close"] * 0.97})
    known = table[table["Date"] <= AS_OF] if rows else table
    path = folder / "prices" / f"{symbol}.csv"
    path.parent.mkdir(exist_ok=True)
    known.tail(rows or len(known)).to_csv(path, index=False)


@pytest.fixture(scope="session")
def run_night(prefect_server: None, market: Path) -> RunNight:  # noqa: ARG001
    """Return a function that runs a screening night and returns its Prefect state."""
    from flows.overnight_screening import overnight_screening  # noqa: PLC0415

    def run(home: Path, *symbols: str, **changes: Any) -> Any:  # noqa: ANN401
        asked = asked_for(market, home, symbols, changes)
        return overnight_screening(**({"force": True} | asked), return_state=True)

    return run


@pytest.fixture(scope="session")
def training_pool(
    bucket: str,  # noqa: ARG001  its process is to find it
) -> Iterator[ProcessPool]:
    """Yield a pool of one process, which imports TensorFlow once for all tests."""
    from workers.process_pool import ProcessPool  # noqa: PLC0415

    with ProcessPool(1, jobs_per_process=250, seconds=250) as pool:
        yield pool


@pytest.fixture(scope="session")
def train_first(market: Path, training_pool: ProcessPool) -> RunNight:
    """Return a function that trains for a flow of the same request; see `train_only`.

    Training processes of the flow's own take 6 CPU seconds.
    """
    from plain_night import train_only  # noqa: PLC0415

    from pipeline.plan import RunRequest  # noqa: PLC0415

    def run(flow: str, home: Path, *symbols: str, **changes: Any) -> None:  # noqa: ANN401
        request = RunRequest(**asked_for(market, home, symbols, changes))
        train_only(request, training_pool, flow)

    return run


@pytest.fixture(scope="session")
def quick_night(market: Path, training_pool: ProcessPool) -> RunNight:
    """Return a function like `run_night` that needs no Prefect server."""
    from plain_night import plain_night  # noqa: PLC0415

    from pipeline.plan import RunRequest  # noqa: PLC0415

    def run(
        home: Path,
        *symbols: str,
        only: bool = False,
        **changes: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        request = RunRequest(**asked_for(market, home, symbols, changes))
        return plain_night(request, training_pool, only=only)

    return run


def asked_for(
    market: Path, home: Path, symbols: tuple[str, ...], changes: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a quick night of the market, with `changes`."""
    from config.parameters import TrainingOverrides  # noqa: PLC0415
    from market_data.selection import Symbols  # noqa: PLC0415

    arguments = {
        "selection": Symbols(symbols=symbols),
        "source": "folder",
        "folder": market,
        "as_of": AS_OF,
        "parameters": TrainingOverrides(**QUICK),
        "home": str(home),
    }
    return arguments | changes


@pytest.fixture(scope="session")
def trained_home(
    quick_night: RunNight, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the home of a night that trained the three good symbols; only read it."""
    home = tmp_path_factory.mktemp("trained")
    quick_night(home, *GOOD)
    return home
