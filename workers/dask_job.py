"""What a run executes on a Dask worker: the check of the worker, and one job at a time.

A job runs in the worker's own process, which its nanny starts again when it ends.
"""

import asyncio
import faulthandler
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any, cast

from distributed import Worker, get_worker
from distributed.core import Status

from config.errors import ClusterFailed, OvernightError, SymbolError
from modelling.training import EpochDone
from storage.paths import StoragePath, is_there
from workers.process_pool import Job, use_one_thread
from workers.versions import list_differences, training_versions

READ_SECONDS = 20
"""A worker that can't read the run's home for longer than this is refused."""

POLL_SECONDS = 0.5

LATER_SECONDS = 5
"""The process ends itself so much later than the run gives up its job."""

STARTED = EpochDone(0, 0, 0.0, 0.0)
"""Reported when the job begins."""


@dataclass(frozen=True)
class JobTerms:
    """What a job on a Dask worker needs to know about its run.

    `topic` is where it reports epochs, `key` its name in the cluster, `seconds` the
    longest time that it may take.
    """

    topic: str
    key: str
    versions: Mapping[str, str]
    seconds: float


async def find_refusal(versions: Mapping[str, str], home: StoragePath) -> str:
    """Return why this worker can't train for a run with that home, "" if it can.

    `home` is a file that the run holds in its home.
    """
    if differences := _differences(versions):
        return differences
    try:
        reading = asyncio.to_thread(is_there, home)
        found = await asyncio.wait_for(reading, READ_SECONDS)
    except TimeoutError:
        return f"it could not read {home} within {READ_SECONDS} s"
    except (OvernightError, OSError) as error:
        return f"it can't read the run's home: {_problem(error)}"
    return "" if found else f"it does not see the run's home: it has no {home}"


def run_job[Input, Output](
    terms: JobTerms, job: Job[Input, Output], given: Input
) -> Output:
    """Return `job(given)`, computed in the process of the Dask worker that calls this.

    The process ends if the job takes too long, or if nobody waits for it any more.

    Raises
    ------
    SymbolError
        What the job raised.
    ClusterFailed
        If this worker has another version than the run, or the job raised anything
        else; it names the worker.
    """
    worker = get_worker()
    # The check of a new worker may be of an earlier process at the same address.
    if differences := _differences(terms.versions):
        raise _fault(worker, differences)
    use_one_thread()

    def report(done: EpochDone) -> None:
        worker.log_event(terms.topic, (terms.key, astuple(done)))

    with _end_if_unwanted(worker, terms):
        try:
            _report_start(worker, terms)
            return job(given, report)
        except SymbolError:
            raise
        except Exception as error:
            # Whatever it is, it may not happen on another worker.
            raise _fault(worker, _problem(error)) from error


def _report_start(worker: Worker, terms: JobTerms) -> None:
    """Report that the job begins; return when the scheduler has the report.

    The job may let no other thread of this process run, not even the one that sends.
    """
    sent = worker.scheduler.log_event(
        topic=terms.topic, msg=(terms.key, astuple(STARTED))
    )
    loop = cast("Any", worker.loop).asyncio_loop
    asyncio.run_coroutine_threadsafe(sent, loop).result()


def _fault(worker: Worker, problem: str) -> ClusterFailed:
    return ClusterFailed(
        f"the Dask worker {worker.address} could not train: {problem}",
        "correct that worker and run again",
    )


def _problem(error: Exception) -> str:
    if isinstance(error, OvernightError):
        return error.problem
    return f"{type(error).__name__}: {error}"


def _differences(versions: Mapping[str, str]) -> str:
    found = list_differences(versions, training_versions())
    return f"its versions are not those of the run: {found}" if found else ""


@contextmanager
def _end_if_unwanted(worker: Worker, terms: JobTerms) -> Iterator[None]:
    """End this process if the job hangs, or if its run or the scheduler is gone."""
    ended = threading.Event()
    watch = threading.Thread(
        target=_watch, args=(worker, terms.key, ended), daemon=True
    )
    # Its thread needs no interpreter lock, which a hanging job may hold.
    faulthandler.dump_traceback_later(terms.seconds + LATER_SECONDS, exit=True, file=2)
    watch.start()
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        ended.set()
        watch.join()


def _watch(worker: Worker, key: str, ended: threading.Event) -> None:
    while not ended.wait(POLL_SECONDS):
        task = worker.state.tasks.get(key)
        wanted = task is not None and task.state == "executing"
        if not wanted or worker.status not in (Status.running, Status.paused):
            os._exit(1)


def end_if_idle(dask_worker: Worker) -> None:
    """End this process, which its nanny starts again, unless it runs a job."""
    if not dask_worker.state.executing:
        os._exit(1)
