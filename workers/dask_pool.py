"""Runs each job in the process of a Dask worker; a lost worker costs no job.

The run gives each worker one job, so that a job that kills its worker takes no other
job with it.
"""

import asyncio
import contextlib
import logging
import math
import queue
import time
import uuid
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import override

from distributed import Client, Future, KilledWorker
from distributed.client import ClosedClientError
from distributed.comm.core import connect
from distributed.security import Security

from config.errors import ClusterFailed, ClusterUnavailable, OvernightError
from modelling.training import EpochDone
from storage.paths import StoragePath
from storage.store_requests import raise_if_any_home_is_lost
from workers.dask_job import STARTED, JobTerms, run_job
from workers.dask_workers import SILENT_SECONDS, DaskWorkers, worker_gone
from workers.process_pool import Job, OnEpoch, WorkerPool
from workers.versions import training_versions

CONNECT_SECONDS = 10
CLOSE_SECONDS = 5
POLL_SECONDS = 2
RESULT_SECONDS = 30
"""A worker that finished its job and does not hand over the result is lost."""

MAX_ATTEMPTS = 3
"""Attempts to run a job, on other workers if there are any."""

_Messages = queue.SimpleQueue[EpochDone | ClusterFailed | None]
"""The epochs of one job, then None if it has ended, or the loss of its worker."""


class _WorkerLost(Exception):
    """The worker of a job is gone; `loss` says how, if that is known."""

    def __init__(self, loss: ClusterFailed | None = None) -> None:
        super().__init__(loss)
        self.loss = loss


class DaskPool(WorkerPool):
    """The workers of a Dask cluster, each with one job at a time."""

    def __init__(
        self,
        address: str,
        home: StoragePath,
        seconds: float,
        silent_seconds: float = SILENT_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        """Connect to the scheduler at `address` and check its workers.

        Each worker must see `home`, a file that the run holds in its home. A job that
        takes more than `seconds` is ended. Scheduler and workers may be silent for
        `silent_seconds`; a connection may take `connect_seconds`.

        Raises
        ------
        ClusterUnavailable
            If no scheduler answers, it has no workers, or they can't run our jobs.
        """
        # Its errors would be printed beside the sentence of our own.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._seconds = seconds
        self._topic = f"overnight {home}"
        self._messages: dict[str, _Messages] = {}
        self._versions = training_versions()
        self._client = _connect(address, connect_seconds)
        self._client.subscribe_topic(self._topic, self._receive_epoch)
        self._workers = DaskWorkers(
            self._client, address, self._versions, home, silent_seconds
        )
        try:
            self.count = self._workers.wait_until_checked()
        except BaseException:
            self.close()
            raise

    @property
    @override
    def notices(self) -> tuple[str, ...]:
        return self._workers.notices

    @override
    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        faults: dict[str, ClusterFailed] = {}
        for _ in range(MAX_ATTEMPTS):
            messages = _Messages()
            address = self._workers.take(messages.put, avoid=faults)
            try:
                return self._run_on(address, messages, job, given, on_epoch)
            except queue.Empty:
                self._workers.forget(address)
                raise self._overdue(address) from None
            except _WorkerLost as lost:
                self._workers.forget(address)
                faults[address] = lost.loss or worker_gone(address)
            except ClusterFailed as fault:
                faults[address] = fault
            finally:
                self._workers.give_back(address)
        problems = "; ".join(fault.problem for fault in faults.values())
        raise ClusterFailed(problems, [*faults.values()][-1].fix)

    def _run_on[Input, Output](
        self,
        address: str,
        messages: _Messages,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch,
    ) -> Output:
        """Return the job's answer; raise `queue.Empty` if it takes too long."""
        key = f"{getattr(job, '__name__', 'job')}-{uuid.uuid4().hex}"
        self._messages[key] = messages
        future = self._submit(address, key, job, given)
        future.add_done_callback(lambda _: messages.put(None))
        try:
            loss = self._report_epochs(messages, on_epoch)
            return _result(future, loss)
        finally:
            del self._messages[key]
            # Without this reference the scheduler cancels a job that still runs.
            future.release()

    def _submit[Input, Output](
        self, address: str, key: str, job: Job[Input, Output], given: Input
    ) -> Future[Output]:
        terms = JobTerms(self._topic, key, self._versions, self._seconds)
        try:
            return self._client.submit(
                run_job, terms, job, given, key=key, workers=[address], pure=False
            )
        except ClosedClientError as error:
            raise _WorkerLost from error

    def _overdue(self, address: str) -> ClusterFailed:
        return ClusterFailed(
            f"the training on the Dask worker {address} did not end within "
            f"{self._seconds:g} s",
            "lower `epochs` or raise `training_seconds`",
        )

    def _report_epochs(
        self, messages: _Messages, on_epoch: OnEpoch
    ) -> ClusterFailed | None:
        """Pass on epochs until the job ends; return the loss of its worker, if any.

        Its time begins when the worker, which may have another run's job, starts it.
        If it takes too long, `queue.Empty` is raised.
        """
        deadline = math.inf
        while True:
            raise_if_any_home_is_lost()
            left = deadline - time.monotonic()
            try:
                done = messages.get(timeout=min(POLL_SECONDS, max(left, 0)))
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise
                continue
            if not isinstance(done, EpochDone):
                if done and left < 0:
                    # The worker ended itself, because the job took too long.
                    raise queue.Empty
                return done
            if done == STARTED:
                deadline = time.monotonic() + self._seconds
            else:
                on_epoch(done)

    def _receive_epoch(
        self, event: tuple[float, tuple[str, tuple[int, int, float, float]]]
    ) -> None:
        """Queue an epoch for the thread of its job.

        Dask calls this in its event loop, which a slow `on_epoch` would block.
        """
        _, (key, epoch) = event
        if messages := self._messages.get(key):
            messages.put(EpochDone(*epoch))

    @override
    def close(self) -> None:
        self._workers.fail("the run ended and cancelled this training", "run again")
        # A scheduler that is gone does not answer.
        with contextlib.suppress(OSError):
            self._client.close(CLOSE_SECONDS)


def _result[Output](future: Future[Output], loss: ClusterFailed | None) -> Output:
    if not future.done():
        raise _WorkerLost(loss)
    try:
        return future.result(timeout=RESULT_SECONDS)
    except OvernightError:
        raise
    except (KilledWorker, CancelledError, ClosedClientError, TimeoutError) as error:
        raise _WorkerLost from error
    except Exception as error:  # The job's own are converted: this one is Dask's.
        raise ClusterFailed(
            f"the Dask cluster could not run the training: {str(error).strip()}",
            "install the run's version where the scheduler runs and start both again",
        ) from error


def _connect(address: str, seconds: float) -> Client:
    try:
        # Dask waits without limit for a peer that accepts and does not answer. It needs
        # a thread of its own, because this one may run an event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _require_answer(address, seconds)).result()
        return Client(address, timeout=seconds, set_as_default=False)
    except (OSError, ValueError, TypeError, MemoryError) as error:
        # The last two: certificates are not set, and an answer in another protocol.
        raise ClusterUnavailable(
            f"no Dask scheduler answered at {address} within {seconds:g} s",
            'start it, correct `dask_scheduler` under [run], or set runner = "local"',
        ) from error


async def _require_answer(address: str, seconds: float) -> None:
    options = Security().get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, **options), seconds)
    comm.abort()
