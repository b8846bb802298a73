"""WorkerPool, on this machine and on a Dask cluster: one job's crash is that job's alone."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import slot_jobs

from config.errors import TooShort, TrainingFailed
from modelling.training import EpochDone
from workers.dask_pool import DaskPool
from workers.process_pool import ProcessPool, WorkerPool

LIMITS = {"jobs_per_process": 4, "seconds": 10}


@contextmanager
def opened(kind: str, request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """Open slots with a limit of ten seconds a job and four jobs a process."""
    if kind == "local":
        with ProcessPool(1, **LIMITS) as here:
            yield here
    else:
        address = request.getfixturevalue("dask_address")
        with DaskPool(address, "contract", **LIMITS) as there:
            yield there


@pytest.fixture(scope="module", params=["local", "dask"])
def slots(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """Give the slots of either kind, used by one test after the other."""
    with opened(request.param, request) as given:
        yield given


def test_a_process_is_reused_and_then_replaced(pool: WorkerPool) -> None:
    """A process runs as many jobs as it may, then a clean one takes its place."""
    jobs = 4 * pool.count + 1
    uses = Counter(pool.run(slot_jobs.process_id, None) for _ in range(jobs))
    assert 1 < max(uses.values()) <= 4
    assert os.getpid() not in uses


def test_as_many_jobs_run_at_once_as_there_are_slots(pool: WorkerPool) -> None:
    """Each slot has a process of its own; a job more waits for the first free one."""
    with ThreadPoolExecutor(pool.count + 1) as threads:
        jobs = range(pool.count + 1)
        spans = list(threads.map(lambda _: pool.run(slot_jobs.span, 1.0), jobs))
    overlaps = [sum(a < start <= b for a, b in spans) for start, _ in spans]
    assert max(overlaps) + 1 == pool.count


def test_a_child_is_held_to_one_thread(pool: WorkerPool) -> None:
    """TensorFlow gets one thread in a slot: a process a core beats shared cores."""
    assert pool.run(slot_jobs.environment, "TF_NUM_INTRAOP_THREADS") == "1"


def test_the_jobs_own_error_comes_through(pool: WorkerPool) -> None:
    """A job's own failure reaches the caller with its type and its sentence."""
    with pytest.raises(TooShort, match="40 sessions"):
        pool.run(slot_jobs.refuse, "40 sessions")
    with pytest.raises(TimeoutError, match="the job's own"):
        pool.run(slot_jobs.time_out, None)


def test_a_killed_process_costs_one_job(pool: WorkerPool) -> None:
    """After an out-of-memory kill the slots serve the next jobs."""
    with pytest.raises(TrainingFailed, match=r"got killed \(out of memory"):
        pool.run(slot_jobs.die, None)
    assert all(pool.run(slot_jobs.process_id, None) for _ in range(pool.count + 1))


def test_a_process_that_died_idle_costs_nothing(pool: WorkerPool) -> None:
    """A process killed between two jobs is replaced before the next one."""
    os.kill(pool.run(slot_jobs.process_id, None), signal.SIGKILL)
    time.sleep(0.5)
    assert all(pool.run(slot_jobs.process_id, None) for _ in range(pool.count + 1))


def test_a_hanging_job_is_cut(pool: WorkerPool) -> None:
    """A job over its limit is killed at the limit, not at its own end."""
    start = time.monotonic()
    with pytest.raises(TrainingFailed, match=r"must end within 10 s"):
        pool.run(slot_jobs.sleep, 60.0)
    assert time.monotonic() - start < 25


def test_epochs_are_told_as_they_happen(pool: WorkerPool) -> None:
    """The caller hears of epochs in their order, with losses, while the job runs."""
    heard: list[EpochDone] = []
    pool.run(slot_jobs.count_epochs, 3, heard.append)
    epochs = [done.epoch for done in heard]
    assert len(epochs) > 1
    assert epochs == sorted(set(epochs))
    assert heard[-1] == EpochDone(3, 3, 1 / 3, 2 / 3)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.05, 0.15])
def test_closing_ends_a_process_that_starts(seconds: float) -> None:
    """Closed before, while or after its process starts, a waiting caller is told."""
    with ThreadPoolExecutor(1) as thread, ProcessPool(1, 10, 60.0) as pool:
        waiting = thread.submit(pool.run, slot_jobs.sleep, 60.0)
        time.sleep(seconds)
    with pytest.raises(TrainingFailed, match="got"):
        waiting.result()


@pytest.mark.parametrize("kind", ["local", "dask"])
def test_closing_ends_a_busy_process(kind: str, request: pytest.FixtureRequest) -> None:
    """Whoever waits for a job when the slots close is told, and waits no longer."""
    start = time.monotonic()
    with ThreadPoolExecutor(1) as thread, opened(kind, request) as pool:
        waiting = thread.submit(pool.run, slot_jobs.sleep, 60.0)
        time.sleep(1)
    with pytest.raises(TrainingFailed, match="got"):
        waiting.result()
    assert time.monotonic() - start < 25
