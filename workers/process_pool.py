"""Runs each job in a clean process of this machine.

A crash, an out-of-memory kill or a hang fails only its own job. The processes import no
Prefect, which keeps them small, and end with their parent.
"""

import multiprocessing
import os
import queue
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import astuple
from multiprocessing.sharedctypes import RawArray
from typing import Any, Self, override

from threadpoolctl import threadpool_limits

from config.errors import LostHome, TrainingFailed
from modelling.training import EpochDone
from storage.interruption import stop_if_ending
from storage.store_requests import raise_if_any_home_is_lost

ONE_THREAD = {
    # Threads of XLA's pool; two would pass each small product to and fro.
    "NPROC": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # oneDNN may order sums differently in each run on the same machine.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
"""Environment of a child: one process per core is faster than competing threads."""

POLL_SECONDS = 0.5

OnEpoch = Callable[[EpochDone], None]


type Job[Input, Output] = Callable[[Input, OnEpoch], Output]
"""A function of a module, which a spawned process can import."""


class WorkerPool(ABC):
    """Runs jobs in worker processes; a context manager that many threads can share."""

    count: int
    """How many jobs run at once."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Return sentences about the pool, for the run's head."""
        return ()

    @abstractmethod
    def run[Input, Output](
        self, job: Job[Input, Output], given: Input, on_epoch: OnEpoch = ...
    ) -> Output:
        """Return `job(given)`, computed in a process; wait until a process is free.

        Raises
        ------
        TrainingFailed
            If the process was killed, took too long, or the cluster lost the job.
        Exception
            What the job raised.
        """

    @abstractmethod
    def close(self) -> None:
        """End all processes; jobs that still run fail with `TrainingFailed`."""

    def __enter__(self) -> Self:
        """Return the pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        self.close()


class _TooLongError(Exception):
    """A job took longer than it may."""


class _Worker:
    """One process, and four numbers of its current epoch in shared memory."""

    def __init__(self, jobs: int) -> None:
        context = multiprocessing.get_context("spawn")
        # Without a lock, which a killed child could leave locked.
        self.epoch = RawArray("d", 4)
        self.executor = ProcessPoolExecutor(
            max_workers=1,
            mp_context=context,
            initializer=_start_child,
            initargs=(self.epoch,),
            max_tasks_per_child=jobs,
        )
        # The executor can't be shut down by two threads, or while it starts a process.
        self._one_at_a_time = threading.Lock()
        self._killed = False

    def submit[Input, Output](
        self, job: Job[Input, Output], given: Input
    ) -> Future[Output]:
        """Start `job(given)`; raise a `BrokenProcessPool` after `kill`."""
        with self._one_at_a_time:
            if self._killed:
                raise BrokenProcessPool
            with _without_ctrl_c():
                return self.executor.submit(_run_job, job, given)

    @property
    def alive(self) -> bool:
        """Return whether its process, if started, is running."""
        processes = (self.executor._processes or {}).values()  # noqa: SLF001
        return all(process.is_alive() for process in processes)

    def kill(self) -> None:
        """Kill the process, whatever it is doing."""
        with self._one_at_a_time:
            if self._killed:
                return
            self._killed = True
            for process in list((self.executor._processes or {}).values()):  # noqa: SLF001
                process.kill()
            # The wait is short. Without it the executor's own thread fails on what the
            # shutdown has already removed.
            self.executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Keep Ctrl-C from processes that start in the block: it would print a traceback.

    At a terminal it reaches the whole process group; this process ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class ProcessPool(WorkerPool):
    """A fixed number of processes on this machine."""

    def __init__(
        self,
        count: int,
        jobs_per_process: int,
        seconds: float,
    ) -> None:
        """Plan `count` processes; each starts with its first job.

        A process is replaced after `jobs_per_process` jobs, which limits its memory. A
        job that takes more than `seconds` is killed.
        """
        self.count = count
        self._jobs = jobs_per_process
        self._seconds = seconds
        self._started: set[_Worker] = set()
        self._closed = False
        self._free: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    @override
    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        worker = self._ensure_alive(self._free.get())
        kept: _Worker | None = worker
        try:
            return self._wait(worker, worker.submit(job, given), on_epoch)
        except (BrokenProcessPool, _TooLongError, LostHome) as error:
            stop_if_ending()
            self._kill(worker)
            kept = None
            if isinstance(error, LostHome):
                raise
            raise self._failure(error) from error
        finally:
            self._free.put(kept)

    def _ensure_alive(self, worker: _Worker | None) -> _Worker:
        """Return the worker, or a new one if its process died while idle."""
        if worker and worker.alive:
            return worker
        if worker:
            self._kill(worker)
        fresh = _Worker(self._jobs)
        self._started.add(fresh)
        if self._closed:  # While this thread was waiting.
            fresh.kill()
        return fresh

    def _kill(self, worker: _Worker) -> None:
        worker.kill()
        self._started.discard(worker)

    def _failure(self, error: BaseException) -> TrainingFailed:
        if isinstance(error, _TooLongError):
            return TrainingFailed(
                f"the training process did not end within {self._seconds:g} s",
                "lower `epochs` or raise `training_seconds`",
            )
        return TrainingFailed(
            "the training process was killed, probably out of memory",
            "lower `training_processes` or use fewer `lstm_units`",
        )

    def _wait[Output](
        self, worker: _Worker, future: Future[Output], on_epoch: OnEpoch
    ) -> Output:
        """Return the future's result; report each epoch until then."""
        deadline = time.monotonic() + self._seconds
        reported = 0
        while True:
            try:
                return future.result(timeout=POLL_SECONDS)
            except TimeoutError:
                if future.done():  # Just now, or the job raised a `TimeoutError`.
                    return future.result()
                if time.monotonic() > deadline:
                    raise _TooLongError from None
            epoch, epochs, loss, validation_loss = worker.epoch
            raise_if_any_home_is_lost()
            if reported < epoch:
                reported = int(epoch)
                on_epoch(EpochDone(reported, int(epochs), loss, validation_loss))

    @override
    def close(self) -> None:
        self._closed = True
        for worker in tuple(self._started):
            self._kill(worker)


_shared_epoch: Any = None


def _start_child(epoch: Any) -> None:  # noqa: ANN401
    """Prepare a new child: environment, shared epoch, and end with its parent."""
    global _shared_epoch  # noqa: PLW0603  an initializer can pass a value only so
    use_one_thread()
    _shared_epoch = epoch
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def use_one_thread() -> None:
    """Limit this process to one thread; call it before TensorFlow is loaded."""
    os.environ.update(ONE_THREAD, KERAS_BACKEND="tensorflow")
    # NumPy is already loaded and ignores the environment: two processes with two
    # threads each took twice as long as one process.
    threadpool_limits(1)


def _exit_with_parent(parent: Any) -> None:  # noqa: ANN401
    # Without this the children of a killed run would wait for jobs for ever.
    parent.join()
    os._exit(1)


def _run_job[Input, Output](job: Job[Input, Output], given: Input) -> Output:
    _shared_epoch[:] = (0, 0, 0, 0)
    return job(given, _share_epoch)


def _share_epoch(done: EpochDone) -> None:
    _shared_epoch[:] = astuple(done)
