"""Slots that train on a GPU: trainings are gathered, and done many at once.

One process has the GPU; the process slots judge and register what it trained, and do
whatever else is asked. Where the GPU fails they train too, as on a machine without one.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from types import TracebackType
from typing import Self, cast

from prefect.logging import get_logger

from config.errors import SymbolError
from config.settings import ModelSettings
from modelling.batch_jobs import BatchJob, Device, device_found, fit_symbols
from modelling.jobs import TrainingJob, train_symbol
from modelling.training import EpochDone, Fitted
from tasks.slots import ALONE_ON_A_GPU, Job, OnEpoch, ProcessSlots

LONGEST_QUOTE = 200

WITHOUT_A_GPU = {**ALONE_ON_A_GPU, "JAX_PLATFORMS": "cpu"}


def is_asked_for(models: ModelSettings) -> bool:
    """Return whether to look for a device to train on in batches.

    Cheap, and no more than a reason to look: JAX finds its GPU packages by this name.
    """
    if models.engine != "jax" or models.batches == "never":
        return False
    return models.batches == "cpu" or bool(entry_points(group="jax_plugins"))


def batch_slots(models: ModelSettings, batches_a_process: int) -> ProcessSlots:
    """Return the one slot in which batches are to be trained."""
    environment = WITHOUT_A_GPU if models.batches == "cpu" else ALONE_ON_A_GPU
    limit = models.training_seconds
    return ProcessSlots(1, batches_a_process, limit, "jax", environment)


def device_in(slots: ProcessSlots, wanted: str) -> tuple[str, str]:
    """Return the name of the device that answers there, else '' and a sentence why."""
    sentence = "models are trained one by one on the processor: JAX must find a GPU"
    try:
        found: Device = slots.run(device_found, None)
    except Exception as error:  # noqa: BLE001  a driver may raise anything
        return "", f"{sentence}, got {_said(error)}; run `overnight doctor`"
    if found.kind != wanted:
        return "", f"{sentence}, got {found.name}; mend its driver, or its packages"
    return found.name, ""


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST_QUOTE]}"


@dataclass(frozen=True)
class _Asked:
    """A training that somebody waits for; the answer None: not on the GPU."""

    job: TrainingJob
    on_epoch: OnEpoch
    answer: "Future[Fitted | SymbolError | None]" = field(default_factory=Future)


class GpuSlots:
    """Process slots with a GPU before them, for any number of threads.

    Whenever the GPU is free it takes what has been asked of it meanwhile: the first to
    find it so trains for all that wait. Nobody waits for a batch to fill.
    """

    def __init__(self, slots: ProcessSlots, gpu: ProcessSlots, places: int) -> None:
        """Train up to `places` symbols at once in `gpu`, do all else in `slots`."""
        self.count = slots.count + places
        self.notices: tuple[str, ...] = ()
        self._slots = slots
        self._gpu = gpu
        self._places = places
        self._waiting: list[_Asked] = []
        self._changed = threading.Condition()
        self._busy = False
        self._given_up = False

    def run[Input, Output](
        self,
        job: Job[Input, Output],
        given: Input,
        on_epoch: OnEpoch = lambda _: None,
    ) -> Output:
        """Return `job(given)`, a training's weights having come from the GPU.

        Raises
        ------
        TrainingFailed
            If the process died or took too long.
        Exception
            What the job raised.
        """
        if job is not train_symbol or self._given_up:
            return self._slots.run(job, given, on_epoch)
        training = cast("TrainingJob", given)
        fitted = self._fitted(_Asked(training, on_epoch))
        ready = replace(training, fitted=fitted)
        return cast("Output", self._slots.run(train_symbol, ready, on_epoch))

    def _fitted(self, asked: _Asked) -> Fitted | None:
        """Return the symbol's weights, None where the GPU could not train.

        Raises
        ------
        SymbolError
            If the symbol can't be trained anywhere.
        """
        with self._changed:
            self._waiting.append(asked)
        while batch := self._next_batch(asked):
            self._train(batch)
        answer = asked.answer.result()
        if isinstance(answer, SymbolError):
            raise answer
        return answer

    def _next_batch(self, asked: _Asked) -> list[_Asked]:
        """Wait; return whom to train once the GPU is free, nobody if `asked` is."""
        with self._changed:
            self._changed.wait_for(lambda: asked.answer.done() or not self._busy)
            if asked.answer.done():
                return []
            self._busy = True
            batch = self._waiting[: self._places]
            del self._waiting[: self._places]
            return batch

    def _train(self, batch: Sequence[_Asked]) -> None:
        """Answer all of the batch, with None where the GPU fails, now or before."""
        answers: Sequence[Fitted | SymbolError | None] = [None] * len(batch)
        try:
            if not self._given_up:
                answers = self._trained(batch)
        except Exception as error:  # noqa: BLE001  whatever it is, the processor can
            self._give_up(error, len(batch))
        finally:
            with self._changed:
                self._busy = False
                for asked, answer in zip(batch, answers, strict=True):
                    asked.answer.set_result(answer)
                self._changed.notify_all()

    def _trained(self, batch: Sequence[_Asked]) -> Sequence[Fitted | SymbolError]:
        def told(done: EpochDone) -> None:
            for asked in batch:
                asked.on_epoch(done)

        jobs, start = tuple(asked.job for asked in batch), time.monotonic()
        answers = self._gpu.run(fit_symbols, BatchJob(jobs, self._places), told)
        seconds = time.monotonic() - start
        get_logger("overnight").info(
            f"{len(batch)} models trained at once, in {seconds:.1f} s."
        )
        return answers

    def _give_up(self, error: Exception, symbols: int) -> None:
        """Use the GPU no more in this run: what failed once costs its time again."""
        self._given_up = True
        notice = (
            f"the GPU must train {symbols} symbols at once, got {_said(error)}; they "
            "and all after them were trained on the processor; lower `gpu_symbols`, "
            'or set batches = "never" under [models]'
        )
        self.notices = (notice,)

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
        """End all processes, the busy ones too: their callers get `TrainingFailed`.

        Those that wait for the GPU find it given up, and the process slots closed.
        """
        self._slots.close()
        self._gpu.close()
