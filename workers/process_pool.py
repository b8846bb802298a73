"""Process pool: each runs one job at a time in a clean process of its own.

A crash, an out-of-memory kill or a hang costs the job that met it and no other. WorkerPool
import no Prefect, so a child stays light; their processes end with their parent.
"""

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple
from multiprocessing.sharedctypes import RawArray
from types import TracebackType
from typing import Any, Protocol, Self

from threadpoolctl import threadpool_limits

from config.errors import TrainingFailed
from modelling.training import EpochDone

ONE_THREAD = {
    # The threads of XLA's pool: two would hand each small product to one another.
    "NPROC": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # oneDNN may order sums differently from run to run of one machine.
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
"""A child's environment: a process a core beats threads fighting for the cores."""

LOOK_EVERY_SECONDS = 0.5

OnEpoch = Callable[[EpochDone], None]


class Job[Input, Output](Protocol):
    """A plain function of a module, so that a spawned process can import it."""

    def __call__(self, given: Input, on_epoch: OnEpoch, /) -> Output:
        """Return the answer for `given`; tell `on_epoch` of each epoch."""
        ...


class WorkerPool(Protocol):
    """Where jobs run: a context manager, used by many threads at once."""

    @property
    def count(self) -> int:
        """Return how many jobs run at once."""
        ...

    @property
    def notices(self) -> tuple[str, ...]:
        """Return sentences for the run's head on what went otherwise than planned."""
        ...

    def run[Input, Output](
        self, job: Job[Input, Output], given: Input, on_epoch: OnEpoch = ...
    ) -> Output:
        """Return `job(given)`, computed in a free slot; wait for one if none is.

        Raises
        ------
        TrainingFailed
            If the process died or took too long.
        Exception
            What the job raised.
        """
        ...

    def __enter__(self) -> Self:
        """Return the slots themselves."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all processes."""
        ...


class _TooLateError(Exception):
    """The job in a slot took longer than it may."""


class _Slot:
    """One process, and the four numbers of its current epoch shared with the parent."""

    def __init__(self, jobs: int) -> None:
        context = multiprocessing.get_context("spawn")
        # Shared memory without a lock: a killed child can't leave one held.
        self.epoch = RawArray("d", 4)
        self.executor = ProcessPoolExecutor(
            max_workers=1,
            mp_context=context,
            initializer=_begin,
            initargs=(self.epoch,),
            max_tasks_per_child=jobs,
        )
        # The executor can't bear a shutdown beside another, or beside a start.
        self._one_at_a_time = threading.Lock()
        self._dead = False

    def submit[Input, Output](
        self, job: Job[Input, Output], given: Input
    ) -> Future[Output]:
        """Start `job(given)`; `BrokenProcessPool` where the slot was killed."""
        with self._one_at_a_time:
            if self._dead:
                raise BrokenProcessPool
            return self.executor.submit(_call, job, given)

    @property
    def alive(self) -> bool:
        """Return whether no process of it has died; one not started yet is alive."""
        processes = (self.executor._processes or {}).values()  # noqa: SLF001
        return all(process.is_alive() for process in processes)

    def kill(self) -> None:
        """End the process now, whatever it does; once."""
        with self._one_at_a_time:
            if self._dead:
                return
            self._dead = True
            for process in list((self.executor._processes or {}).values()):  # noqa: SLF001
                process.kill()
            # Waiting is short, the process is dead; not waiting lets the executor's own
            # thread stumble over what the shutdown has already put away.
            self.executor.shutdown(wait=True, cancel_futures=True)


class ProcessPool:
    """A fixed number of slots for any number of threads; a context manager."""

    notices: tuple[str, ...] = ()

    def __init__(
        self,
        count: int,
        jobs_per_process: int,
        seconds: float,
    ) -> None:
        """Plan `count` slots; a process starts with its first job.

        A process is replaced after `jobs_per_process` jobs, so that memory stays flat;
        a job that takes more than `seconds` is killed.
        """
        self.count = count
        self._jobs = jobs_per_process
        self._seconds = seconds
        self._started: set[_Slot] = set()
        self._closed = False
        self._free: queue.SimpleQueue[_Slot | None] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        """Return `job(given)`, computed in a free slot; wait for one if none is.

        Raises
        ------
        TrainingFailed
            If the process died or took too long.
        Exception
            What the job raised.
        """
        slot = self._living(self._free.get())
        kept: _Slot | None = slot
        try:
            return self._watched(slot, slot.submit(job, given), on_epoch)
        except (BrokenProcessPool, _TooLateError) as error:
            self._kill(slot)
            kept = None
            raise TrainingFailed(self._why(error)) from error
        finally:
            self._free.put(kept)

    def _living(self, slot: _Slot | None) -> _Slot:
        """Return the slot, or a new one where its process died while idle."""
        if slot and slot.alive:
            return slot
        if slot:
            self._kill(slot)
        fresh = _Slot(self._jobs)
        self._started.add(fresh)
        if self._closed:  # Since this thread began to wait, or to look.
            fresh.kill()
        return fresh

    def _kill(self, slot: _Slot) -> None:
        slot.kill()
        self._started.discard(slot)

    def _why(self, error: Exception) -> str:
        if isinstance(error, _TooLateError):
            return (
                f"a model process must end within {self._seconds:g} s, got no answer; "
                "lower `epochs` or raise `training_seconds`."
            )
        return (
            "a model process must live to the end, got killed (out of memory?); lower "
            "`training_processes`, or use fewer `lstm_units`."
        )

    def _watched[Output](
        self, slot: _Slot, future: Future[Output], on_epoch: OnEpoch
    ) -> Output:
        """Return the future's result; report each epoch on the way."""
        deadline = time.monotonic() + self._seconds
        told = 0
        while True:
            try:
                return future.result(timeout=LOOK_EVERY_SECONDS)
            except StillRunning:
                if future.done():  # By now, or with a TimeoutError of its own.
                    return future.result()
                if time.monotonic() > deadline:
                    raise _TooLateError from None
            epoch, epochs, loss, validation_loss = slot.epoch
            if told < epoch:
                told = int(epoch)
                on_epoch(EpochDone(told, int(epochs), loss, validation_loss))

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

    def close(self) -> None:
        """End all processes, the busy ones too: their callers get `TrainingFailed`."""
        self._closed = True
        for slot in tuple(self._started):
            self._kill(slot)


_shared_epoch: Any = None


def _begin(epoch: Any) -> None:  # noqa: ANN401
    """Prepare a fresh child: its environment, its report, its end with the parent."""
    global _shared_epoch  # noqa: PLW0603  the only way an initializer passes a value on
    os.environ.update(ONE_THREAD, KERAS_BACKEND="tensorflow")
    # NumPy is loaded by now and its products read no environment any more: two
    # processes with two threads each took twice the time of one.
    threadpool_limits(1)
    _shared_epoch = epoch
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_end_with, args=(parent,), daemon=True)
        watch.start()


def _end_with(parent: Any) -> None:  # noqa: ANN401
    # Without it the children of a killed run wait on their queue for ever.
    parent.join()
    os._exit(1)


def _call[Input, Output](job: Job[Input, Output], given: Input) -> Output:
    _shared_epoch[:] = (0, 0, 0, 0)
    return job(given, _report)


def _report(done: EpochDone) -> None:
    _shared_epoch[:] = astuple(done)
