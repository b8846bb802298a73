"""Worker pools on this machine and on Dask: a crash fails only its own job."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pool_jobs
import pytest

from config.errors import TooShort, TrainingFailed
from modelling.training import EpochDone
from workers.dask_pool import DaskPool
from workers.process_pool import ProcessPool, WorkerPool

KINDS = ["local", pytest.param("dask", marks=pytest.mark.long)]
SECONDS = 10


@contextmanager
def open_pool(
    kind: str, request: pytest.FixtureRequest, seconds: float = SECONDS
) -> Iterator[WorkerPool]:
    """Open a pool with so many seconds per job, here with four jobs per process."""
    if kind == "local":
        with ProcessPool(1, 4, seconds) as here:
            yield here
    else:
        address = request.getfixturevalue("dask_address")
        with DaskPool(address, Path(__file__), seconds) as there:
            yield there


@pytest.fixture(scope="module", params=KINDS)
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """Yield a pool of either kind, which the tests share."""
    with open_pool(request.param, request) as opened:
        yield opened


def test_a_process_is_reused_and_then_replaced(
    request: pytest.FixtureRequest,
) -> None:
    """After its four jobs a process of this machine is replaced by a clean one."""
    with open_pool("local", request) as pool:
        uses = Counter(pool.run(pool_jobs.process_id, None) for _ in range(5))
    assert sorted(uses.values()) == [1, 4]
    assert os.getpid() not in uses


def test_as_many_jobs_run_at_once_as_there_are_processes(pool: WorkerPool) -> None:
    """Each process runs one job; a further job waits for a free process."""
    with ThreadPoolExecutor(pool.count + 1) as threads:
        jobs = range(pool.count + 1)
        spans = list(threads.map(lambda _: pool.run(pool_jobs.span, 1.0), jobs))
    overlaps = [sum(a < start <= b for a, b in spans) for start, _ in spans]
    assert max(overlaps) + 1 == pool.count


def test_a_child_is_held_to_one_thread(pool: WorkerPool) -> None:
    """TensorFlow gets one thread in each process."""
    assert pool.run(pool_jobs.environment, "TF_NUM_INTRAOP_THREADS") == "1"


def test_the_jobs_own_error_comes_through(pool: WorkerPool) -> None:
    """A job's own error reaches the caller with its type and message."""
    with pytest.raises(TooShort, match="40 sessions"):
        pool.run(pool_jobs.refuse, "40 sessions")


def test_an_unexpected_error_comes_through(request: pytest.FixtureRequest) -> None:
    """A job's own time-out is not taken for that of the pool."""
    with (
        open_pool("local", request) as pool,
        pytest.raises(TimeoutError, match="the job's own"),
    ):
        pool.run(pool_jobs.time_out, None)


def test_a_killed_process_costs_one_job(pool: WorkerPool) -> None:
    """After an out-of-memory kill the pool runs the next jobs."""
    with pytest.raises(TrainingFailed, match=r"(killed|lost).*probably out of memory"):
        pool.run(pool_jobs.die, None)
    assert all(pool.run(pool_jobs.process_id, None) for _ in range(pool.count + 1))


def test_a_process_that_died_idle_costs_nothing(pool: WorkerPool) -> None:
    """A process killed between two jobs is replaced before the next one."""
    os.kill(pool.run(pool_jobs.process_id, None), signal.SIGKILL)
    time.sleep(0.5)
    assert all(pool.run(pool_jobs.process_id, None) for _ in range(pool.count + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_hanging_job_is_cut(kind: str, request: pytest.FixtureRequest) -> None:
    """A job over its limit is killed at the limit, not at its own end."""
    with open_pool(kind, request, seconds=1) as pool:
        start = time.monotonic()
        with pytest.raises(TrainingFailed, match="did not end within 1 s"):
            pool.run(pool_jobs.sleep, 60.0)
        assert time.monotonic() - start < 15


def test_epochs_are_reported_as_they_happen(pool: WorkerPool) -> None:
    """The caller gets the epochs in order, with losses, while the job runs."""
    reported: list[EpochDone] = []
    pool.run(pool_jobs.count_epochs, 3, reported.append)
    epochs = [done.epoch for done in reported]
    assert len(epochs) > 1
    assert epochs == sorted(set(epochs))
    assert reported[-1] == EpochDone(3, 3, 1 / 3, 2 / 3)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.05, 0.15])
def test_closing_ends_a_process_that_starts(seconds: float) -> None:
    """A waiting caller gets an error, whenever the pool is closed."""
    with ThreadPoolExecutor(1) as thread, ProcessPool(1, 10, 60.0) as pool:
        waiting = thread.submit(pool.run, pool_jobs.sleep, 60.0)
        time.sleep(seconds)
    with pytest.raises(TrainingFailed, match=r"killed|cancelled|lost"):
        waiting.result()


@pytest.mark.parametrize("kind", KINDS)
def test_closing_ends_a_busy_process(kind: str, request: pytest.FixtureRequest) -> None:
    """A caller that waits for a job gets an error when the pool closes."""
    start = time.monotonic()
    with ThreadPoolExecutor(1) as thread, open_pool(kind, request) as pool:
        waiting = thread.submit(pool.run, pool_jobs.sleep, 60.0)
        time.sleep(1)
    with pytest.raises(TrainingFailed, match=r"killed|cancelled|lost"):
        waiting.result()
    assert time.monotonic() - start < 25
