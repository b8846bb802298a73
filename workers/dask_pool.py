"""Runs jobs in processes on the workers of a Dask cluster.

Dask chooses the worker and repeats a job elsewhere if its worker is lost. Each worker
runs its jobs in a `ProcessPool`, as one machine does.
"""

import contextlib
import multiprocessing
import queue
import shlex
import socket
import uuid
from concurrent.futures import CancelledError
from dataclasses import astuple
from typing import cast, override

from distributed import Client, Future, KilledWorker, Worker, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host_port

from config.errors import ClusterUnavailable, TrainingFailed
from modelling.training import EpochDone
from storage.store_requests import raise_if_any_home_is_lost
from workers.process_pool import Job, OnEpoch, ProcessPool, WorkerPool

CONNECT_SECONDS = 10
FIRST_WORKER_SECONDS = 60
POLL_SECONDS = 60
WORKERS_BACK_SECONDS = 300
"""Jobs fail if the cluster has no worker for longer than this."""

_Epochs = queue.SimpleQueue[EpochDone | None]
"""The epochs of one job, and None when it has ended."""


class DaskPool(WorkerPool):
    """The processes of all Dask workers, one per thread of a worker."""

    def __init__(
        self,
        address: str,
        name: str,
        jobs_per_process: int,
        seconds: float,
    ) -> None:
        """Connect to the scheduler at `address` and open a pool on each worker.

        `name` keeps apart the runs that share a cluster. A killed run leaves its pools
        behind; the next run of the same name ends them.

        Raises
        ------
        ClusterUnavailable
            If no scheduler answers, it has no workers, or they can't run our jobs.
        """
        self._address = address
        self._name = name
        self._epochs: dict[str, _Epochs] = {}
        self._client = _connect(address)
        try:
            self.count = self._open_pools(jobs_per_process, seconds)
        except BaseException:
            self.close()
            raise

    @override
    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        key = f"{getattr(job, '__name__', 'job')}-{uuid.uuid4().hex}"
        epochs = self._epochs[key] = _Epochs()
        future: Future[Output] = self._client.submit(
            _run_on_worker, self._name, key, job, given, key=key, pure=False
        )
        future.add_done_callback(lambda _: epochs.put(None))
        try:
            self._report_epochs(epochs, on_epoch)
            return _result(future)
        except (KilledWorker, CancelledError) as error:
            raise self._failure(error) from error
        finally:
            del self._epochs[key]

    def _open_pools(self, jobs: int, seconds: float) -> int:
        """Open a pool on every worker; return how many jobs run at once."""
        plugin = _PoolPlugin(jobs, seconds)
        try:
            self._client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
            self._client.register_plugin(plugin, name=self._name)
        except TimeoutError as error:
            raise ClusterUnavailable(
                f"the Dask scheduler at {self._address} got no worker within "
                f"{FIRST_WORKER_SECONDS} s",
                "start one: "
                f"`dask worker {shlex.quote(self._address)} --nthreads 1 --no-nanny`",
            ) from error
        except ImportError as error:
            raise ClusterUnavailable(
                f"the Dask workers of {self._address} can't import this project: "
                f"{error}",
                "install the same version there",
            ) from error
        self._client.subscribe_topic(self._name, self._receive_epoch)
        return sum(self._client.nthreads().values())

    def _report_epochs(self, epochs: _Epochs, on_epoch: OnEpoch) -> None:
        """Pass on epochs until the job has ended."""
        while True:
            try:
                raise_if_any_home_is_lost()
                done = epochs.get(timeout=POLL_SECONDS)
            except queue.Empty:
                self._require_workers()
                continue
            if done is None:
                return
            on_epoch(done)

    def _receive_epoch(
        self, event: tuple[float, tuple[str, tuple[int, int, float, float]]]
    ) -> None:
        """Queue an epoch for the thread of its job.

        Dask calls this in its event loop, which a slow `on_epoch` would block.
        """
        _, (key, epoch) = event
        if epochs := self._epochs.get(key):
            epochs.put(EpochDone(*epoch))

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_BACK_SECONDS)
        except TimeoutError as error:
            raise TrainingFailed(
                f"the Dask scheduler at {self._address} had no worker for "
                f"{WORKERS_BACK_SECONDS} s",
                "start some and run again",
            ) from error

    def _failure(self, error: BaseException) -> TrainingFailed:
        if isinstance(error, KilledWorker):
            return TrainingFailed(
                "the Dask worker of the training process was lost "
                f"{error.allowed_failures + 1} times, probably out of memory",
                "give the Dask workers more memory or use fewer `lstm_units`",
            )
        return TrainingFailed(
            f"the Dask scheduler at {self._address} cancelled the training",
            "see the scheduler's log and run again",
        )

    @override
    def close(self) -> None:
        # The scheduler may be gone, or may never have had the plugin.
        with contextlib.suppress(OSError, ValueError):
            self._client.unregister_worker_plugin(self._name)
        self._client.close()


def _connect(address: str) -> Client:
    try:
        # Without this check a client without a scheduler blocks the exit for 20 s.
        place = get_address_host_port(address)
        socket.create_connection(place, timeout=CONNECT_SECONDS).close()
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterUnavailable(
            f"no Dask scheduler answered at {address} within {CONNECT_SECONDS} s",
            'start it, correct `dask_scheduler` under [run], or set runner = "local"',
        ) from error


def _result[Output](future: Future[Output]) -> Output:
    if future.cancelled():  # A closed client can't return more than that.
        raise CancelledError
    return future.result()


class _PoolPlugin(WorkerPlugin):
    """Holds the process pool of a Dask worker, one process per thread."""

    def __init__(self, jobs_per_process: int, seconds: float) -> None:
        self._limits = (jobs_per_process, seconds)

    def setup(self, worker: Worker) -> None:
        """Plan the pool of a worker; Dask calls this, also for workers that join."""
        self.pool = ProcessPool(worker.state.nthreads, *self._limits)
        if multiprocessing.current_process().daemon:
            raise ClusterUnavailable(
                f"the Dask worker {worker.address} is a daemon and can't start "
                "processes",
                "start it with --no-nanny, or with "
                "DASK_DISTRIBUTED__WORKER__DAEMON=false in its environment",
            )

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002  Dask's signature
        """End the worker's processes; Dask calls this."""
        self.pool.close()


def _run_on_worker[Input, Output](
    name: str, key: str, job: Job[Input, Output], given: Input
) -> Output:
    """Return `job(given)`, run in the pool of the Dask worker that calls this."""
    worker = get_worker()
    plugin = cast("_PoolPlugin", worker.plugins[name])
    return plugin.pool.run(
        job, given, lambda done: worker.log_event(name, (key, astuple(done)))
    )
