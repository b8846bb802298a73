"""The workers of a Dask cluster that may train for one run, each with one job at most.

A thread asks the scheduler for its workers every few seconds. New ones are checked
before they get a job. A scheduler that does not answer ends all waiting.
"""

import asyncio
import shlex
import threading
import time
from collections.abc import Callable, Container, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from distributed import Client

from config.errors import ClusterFailed, ClusterUnavailable, list_names
from storage.paths import StoragePath
from workers.dask_job import end_if_idle, find_refusal

POLL_SECONDS = 2
SILENT_SECONDS = 60
"""A scheduler that answers no question for so long ends the trainings of the run; the
job of a worker without a heartbeat for so long is done elsewhere."""

FIRST_WORKER_SECONDS = 60
CHECK_SECONDS = 30
"""A run that has workers waits no longer than this for the checks of others."""

WORKERS_BACK_SECONDS = 120
"""Jobs fail if the cluster has no usable worker for longer than this."""


@dataclass
class _Member:
    """One worker; `refusal` is None until it is checked, and "" if it may train.

    `on_loss` is called with the reason if the worker is lost while it has a job.
    """

    check: Future[str]
    refusal: str | None = None
    on_loss: Callable[[ClusterFailed], None] | None = None
    had_job: bool = False
    running: bool = True
    last_seen: float = 0.0
    seen_at: float = field(default_factory=time.monotonic)

    @property
    def usable(self) -> bool:
        return self.refusal == "" and (self.running or self.on_loss is not None)

    @property
    def reason(self) -> str:
        """Return why it is not usable."""
        if self.refusal is None:
            return "it did not answer"
        return self.refusal or "Dask paused it, because its memory limit is reached"

    def is_silent(self, seconds: float) -> bool:
        return time.monotonic() - self.seen_at > seconds

    def note_facts(self, facts: Mapping[str, Any]) -> None:
        self.running = facts["status"] == "running"
        if facts["last_seen"] != self.last_seen:
            # Only changes count: the scheduler's clock may be another than ours.
            self.last_seen, self.seen_at = facts["last_seen"], time.monotonic()


def worker_gone(address: str) -> ClusterFailed:
    """Return the fault of a worker whose process ended while it had a job."""
    return ClusterFailed(
        f"the Dask worker {address} was lost during the training, probably out of "
        "memory",
        "give the Dask workers more memory or use fewer `lstm_units`",
    )


def _worker_silent(address: str, seconds: float) -> ClusterFailed:
    return ClusterFailed(
        f"the Dask worker {address} sent no heartbeat for {seconds:g} s during the "
        "training",
        "check that its machine is on, connected and not suspended",
    )


class DaskWorkers:
    """Gives each usable worker to one job at a time."""

    def __init__(
        self,
        client: Client,
        address: str,
        versions: Mapping[str, str],
        home: StoragePath,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        """Watch the workers of the scheduler at `address`, to which `client` is open.

        `versions` are those of the run; `home` is a file that it holds in its home.
        Scheduler and workers may be silent for `silent_seconds`.
        """
        self._silent_seconds = silent_seconds
        self._client, self._address = client, address
        self._versions, self._home = versions, home
        self._scheduler = cast("Any", client.scheduler)
        self._loop = cast("Any", client.loop).asyncio_loop
        self._members: dict[str, _Member] = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._look_again = threading.Event()
        self._fault: tuple[str, str] | None = None
        self._usable_at = time.monotonic()
        self._notices: dict[str, None] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def notices(self) -> tuple[str, ...]:
        """Return a sentence for each worker that is not used as it could be."""
        return tuple(self._notices)

    def wait_until_checked(self) -> int:
        """Wait for the first usable worker; return how many there are.

        Raises
        ------
        ClusterUnavailable
            If there is none.
        """
        more = FIRST_WORKER_SECONDS - CHECK_SECONDS
        with self._changed:
            self._changed.wait_for(self._are_checked, CHECK_SECONDS)
            self._changed.wait_for(lambda: self._count() or self._are_checked(), more)
            for address, member in self._members.items():
                if member.refusal is None:
                    self._note(address, member.reason)
            if self._fault or not self._count():
                fault = self._fault or self._no_worker(FIRST_WORKER_SECONDS)
                raise ClusterUnavailable(*fault)
            return self._count()

    def take(
        self,
        on_loss: Callable[[ClusterFailed], None],
        avoid: Container[str] = frozenset(),
    ) -> str:
        """Return the address of a free worker, as soon as there is one.

        `on_loss` is called with the reason if the worker is lost before it is given
        back. A worker to `avoid` is taken only if no other is usable.

        Raises
        ------
        ClusterFailed
            If the scheduler or all usable workers are gone.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._fault or self._free(avoid))
            if self._fault:
                raise ClusterFailed(*self._fault)
            address = self._free(avoid)[0]
            member = self._members[address]
            member.on_loss, member.had_job = on_loss, True
            return address

    def give_back(self, address: str) -> None:
        """Let the worker take another job."""
        with self._changed:
            if member := self._members.get(address):
                member.on_loss = None
            self._changed.notify_all()

    def forget(self, address: str) -> None:
        """Give the worker no more jobs until it has passed a new check."""
        with self._changed:
            self._members.pop(address, None)

    def fail(self, problem: str, fix: str) -> None:
        """End all waiting, and every later `take`, with this fault."""
        self._ended.set()
        self._look_again.set()
        with self._changed:
            self._fault = self._fault or (problem, fix)
            for address in [*self._members]:
                self._lose(address, ClusterFailed(*self._fault))
            self._changed.notify_all()

    def _watch(self) -> None:
        try:
            while not self._ended.is_set():
                found = self._client.sync(
                    self._scheduler.identity,
                    n_workers=-1,
                    callback_timeout=self._silent_seconds,
                )
                with self._changed:
                    self._update(found["workers"])
                    self._changed.notify_all()
                self._look_again.wait(POLL_SECONDS)
                self._look_again.clear()
        except Exception as error:  # noqa: BLE001  else all jobs would wait for ever
            self._fail_without_scheduler(error)

    def _fail_without_scheduler(self, error: Exception) -> None:
        what = "ended or lost its connection"
        if isinstance(error, TimeoutError):
            what = f"did not answer for {self._silent_seconds:g} s"
        # distributed raises the last one if its loop ends while a thread waits.
        elif not isinstance(error, OSError | RuntimeError | UnboundLocalError):
            what = f"gave an unexpected answer ({error!r})"
        self.fail(
            f"the Dask scheduler at {self._address} {what}",
            "start the scheduler and its workers again, then run again",
        )

    def _update(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """Compare the members with the workers that the scheduler knows."""
        for address, member in [*self._members.items()]:
            if address not in workers:
                self._lose(address, worker_gone(address))
            elif member.is_silent(self._silent_seconds):
                self._lose(address, _worker_silent(address, self._silent_seconds))
        for address, facts in workers.items():
            if address not in self._members:
                self._members[address] = self._join(address, facts)
            member = self._members[address]
            member.note_facts(facts)
            self._finish_check(address, member)
            if facts["status"] == "paused" and member.had_job and not member.on_loss:
                self._start(self._end(address))
        if self._count():
            self._usable_at = time.monotonic()
        elif time.monotonic() - self._usable_at > WORKERS_BACK_SECONDS:
            self.fail(*self._no_worker(WORKERS_BACK_SECONDS))

    def _join(self, address: str, facts: Mapping[str, Any]) -> _Member:
        """Return a new member, whose check has begun."""
        member = _Member(self._start(self._find_refusal(address)))
        member.check.add_done_callback(self._note_answer)
        threads = facts["nthreads"]
        if not facts["nanny"]:
            member.refusal = "it has no nanny to start it again; omit --no-nanny"
            self._note(address, member.refusal)
        elif threads > 1:
            self._notices[
                f"the Dask worker {address} trains one model at a time with one of its "
                f"{threads} threads; start it with --nthreads 1 --nworkers {threads}."
            ] = None
        return member

    def _start[Output](self, work: Coroutine[Any, Any, Output]) -> Future[Output]:
        """Run the coroutine in the client's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _note_answer(self, check: Future[str]) -> None:
        """Use the answer now; a worker that gave none is asked at the next look."""
        if not check.cancelled() and not check.exception():
            self._look_again.set()

    async def _find_refusal(self, address: str) -> str:
        """Return why the worker can't train; raise an `OSError` if it is going."""
        questions = (self._versions, self._home)
        answers = await self._client.run(
            find_refusal, *questions, workers=[address], on_error="return"
        )
        answer = answers.get(address, ConnectionError("no answer"))
        if isinstance(answer, OSError):
            raise answer
        if isinstance(answer, ImportError):
            return f"it can't import this project ({answer})"
        return answer if isinstance(answer, str) else f"its check failed ({answer!r})"

    def _finish_check(self, address: str, member: _Member) -> None:
        if member.refusal is not None or not member.check.done():
            return
        if member.check.exception():
            self.forget(address)
            return
        member.refusal = member.check.result()
        if member.refusal:
            self._note(address, member.refusal)

    async def _end(self, address: str) -> None:
        """End a worker whose memory is full after a job; its nanny starts a new one.

        Dask gives it no further job, and TensorFlow does not return memory.
        """
        with suppress(OSError):
            await self._client.run(end_if_idle, workers=[address], on_error="ignore")

    def _lose(self, address: str, loss: ClusterFailed) -> None:
        member = self._members.pop(address)
        member.check.cancel()
        if member.on_loss:
            member.on_loss(loss)

    def _free(self, avoid: Container[str]) -> list[str]:
        usable = {name: one for name, one in self._members.items() if one.usable}
        others = {name: one for name, one in usable.items() if name not in avoid}
        return [name for name, one in (others or usable).items() if not one.on_loss]

    def _count(self) -> int:
        return sum(member.usable for member in self._members.values())

    def _are_checked(self) -> bool:
        members = self._members.values()
        checked = bool(members) and all(one.refusal is not None for one in members)
        return checked or self._fault is not None

    def _note(self, address: str, reason: str) -> None:
        self._notices[f"the Dask worker {address} is not used: {reason}."] = None

    def _no_worker(self, seconds: float) -> tuple[str, str]:
        refused = [
            f"{address} ({member.reason})" for address, member in self._members.items()
        ]
        if refused:
            start = f"the Dask scheduler at {self._address} has no usable worker"
            fix = "correct these workers and start them again"
            return f"{start}: {list_names(refused)}", fix
        line = f"dask worker {shlex.quote(self._address)} --nthreads 1 --nworkers -1"
        return (
            f"the Dask scheduler at {self._address} had no worker for {seconds} s",
            f"start workers: `{line}`",
        )
