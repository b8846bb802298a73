"""Process slots on the workers of a Dask cluster that somebody else runs.

Dask decides where a job runs and takes it elsewhere when a worker is lost; there it
runs in the same process slot as on one machine, with the same promises. Alone here is
Dask known, and nothing of Prefect: workers need neither its address nor its states.
"""

import contextlib
import multiprocessing
import queue
import socket
import uuid
from concurrent.futures import CancelledError
from dataclasses import astuple
from types import TracebackType
from typing import Self, cast

from distributed import Client, Future, KilledWorker, Worker, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host_port

from config.errors import ClusterUnavailable, TrainingFailed
from modelling.training import EpochDone
from workers.process_pool import Job, OnEpoch, ProcessPool

CONNECT_SECONDS = 10
FIRST_WORKER_SECONDS = 60
LOOK_EVERY_SECONDS = 60
WORKERS_BACK_SECONDS = 300
"""A cluster without a worker for longer than this takes no more jobs."""


class DaskPool:
    """The process slots of all workers, one a worker thread; a context manager."""

    notices: tuple[str, ...] = ()

    def __init__(
        self,
        address: str,
        name: str,
        jobs_per_process: int,
        seconds: float,
    ) -> None:
        """Connect to the scheduler at `address` and furnish its workers with pool.

        `name` tells runs apart that share the cluster; one that was killed leaves its
        slots behind, and the next of the same name ends them.

        Raises
        ------
        ClusterUnavailable
            If no scheduler answers, it has no workers, or they can't run our jobs.
        """
        self._address = address
        self._name = name
        self._told: dict[str, queue.SimpleQueue[EpochDone | None]] = {}
        self._client = _connected(address)
        try:
            self.count = self._furnished(_WorkerSlots(jobs_per_process, seconds))
        except BaseException:
            self.close()
            raise

    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        """Return `job(given)`, computed in a slot of some worker.

        Raises
        ------
        TrainingFailed
            If the process died or took too long, or the cluster lost the job.
        Exception
            What the job raised.
        """
        key = f"{getattr(job, '__name__', 'job')}-{uuid.uuid4().hex}"
        told = self._told[key] = queue.SimpleQueue()
        future: Future[Output] = self._client.submit(
            _in_slot, self._name, key, job, given, key=key, pure=False
        )
        future.add_done_callback(lambda _: told.put(None))
        try:
            self._listen(told, on_epoch)
            return _answer(future)
        except (KilledWorker, CancelledError) as error:
            raise TrainingFailed(self._why(error)) from error
        finally:
            del self._told[key]

    def _furnished(self, plugin: "_WorkerSlots") -> int:
        """Give every worker its slots; return how many there are."""
        try:
            self._client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
            self._client.register_plugin(plugin, name=self._name)
        except TimeoutError as error:
            raise ClusterUnavailable(
                f"the Dask scheduler at {self._address} must have workers, got none "
                f"within {FIRST_WORKER_SECONDS} s; start one: "
                f"`dask worker {self._address} --nthreads 1`."
            ) from error
        except ImportError as error:
            raise ClusterUnavailable(
                f"the Dask workers of {self._address} must have this project "
                f"installed, got: {error}; install the same version there."
            ) from error
        self._client.subscribe_topic(self._name, self._hear)
        return sum(self._client.nthreads().values())

    def _listen(
        self, told: "queue.SimpleQueue[EpochDone | None]", on_epoch: OnEpoch
    ) -> None:
        """Pass on epochs until the job has ended."""
        while True:
            try:
                done = told.get(timeout=LOOK_EVERY_SECONDS)
            except queue.Empty:
                self._require_workers()
                continue
            if done is None:
                return
            on_epoch(done)

    def _hear(
        self, event: tuple[float, tuple[str, tuple[int, int, float, float]]]
    ) -> None:
        """Hand an epoch to the thread that waits for its job; stay off it oneself.

        Dask calls this in its own loop, which no slow listener may hold up.
        """
        _, (key, epoch) = event
        if told := self._told.get(key):
            told.put(EpochDone(*epoch))

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_BACK_SECONDS)
        except TimeoutError as error:
            raise TrainingFailed(
                f"the Dask scheduler at {self._address} must have workers, got none "
                f"for {WORKERS_BACK_SECONDS} s; start some and run again."
            ) from error

    def _why(self, error: BaseException) -> str:
        if isinstance(error, KilledWorker):
            return (
                "a model process must live to the end, got its worker lost "
                f"{error.allowed_failures + 1} times (out of memory?); give the Dask "
                "workers more memory, or use fewer `lstm_units`."
            )
        return (
            f"the Dask scheduler at {self._address} must stay reachable, got the job "
            "cancelled; look at its log and run again."
        )

    def close(self) -> None:
        """End all slots of this name and the connection."""
        # The scheduler may be gone, or never have had them.
        with contextlib.suppress(OSError, ValueError):
            self._client.unregister_worker_plugin(self._name)
        self._client.close()

    def __enter__(self) -> Self:
        """Return the slots themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all processes."""
        self.close()


def _connected(address: str) -> Client:
    try:
        # A client that meets nobody holds its process up for 20 s when it is dropped.
        place = get_address_host_port(address)
        socket.create_connection(place, timeout=CONNECT_SECONDS).close()
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterUnavailable(
            f"`dask_scheduler` must be the address of a running Dask scheduler, got "
            f"{address} and no answer within {CONNECT_SECONDS} s; start it, or set "
            'runner = "local".'
        ) from error


def _answer[Output](future: Future[Output]) -> Output:
    if future.cancelled():  # A client that is closed by now can't be asked for more.
        raise CancelledError
    return future.result()


class _WorkerSlots(WorkerPlugin):
    """What a worker keeps between jobs: a process slot for each of its threads."""

    def __init__(self, jobs_per_process: int, seconds: float) -> None:
        self._limits = (jobs_per_process, seconds)

    def setup(self, worker: Worker) -> None:
        """Plan the worker's slots; called by Dask, for late-comers too."""
        self.slots = ProcessPool(worker.state.nthreads, *self._limits)
        if multiprocessing.current_process().daemon:
            raise ClusterUnavailable(
                f"the Dask worker {worker.address} must be allowed processes of its "
                "own, got a daemon; start it with --no-nanny, or with "
                "DASK_DISTRIBUTED__WORKER__DAEMON=false in its environment."
            )

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the worker's slots; called by Dask."""
        self.slots.close()


def _in_slot[Input, Output](
    name: str, key: str, job: Job[Input, Output], given: Input
) -> Output:
    """Return `job(given)`, run in a slot of the Dask worker that this runs in."""
    worker = get_worker()
    kept = cast("_WorkerSlots", worker.plugins[name])
    return kept.slots.run(
        job, given, lambda done: worker.log_event(name, (key, astuple(done)))
    )
