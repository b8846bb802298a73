"""Slots with a GPU before them, a processor in its place: who trains what, and when."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import slot_jobs

from config.errors import TooShort, TrainingFailed
from config.parameters import training_parameters
from config.settings import ModelSettings
from config.tables import write_signed
from features.indicators import indicator_frame
from market_data.prices import CLOSE, HIGH, LOW, OPEN, SESSION, VOLUME
from modelling.jobs import TrainingJob, train_symbol
from modelling.model_metadata import ModelMetadata
from modelling.registry import Registry
from modelling.training import EpochDone
from tasks.gpu_slots import WITHOUT_A_GPU, GpuSlots
from tasks.slots import ALONE_ON_A_GPU, Job, OnEpoch, ProcessSlots

PLACES = 5
LONGER_THAN_A_TEST = 60.0
TINY = training_parameters(
    epochs=2, sequence_length=30, lstm_units=(4, 3), batch_size=16
)
"""Shapes and places are those of `test_jax_batch`: compiled once for both."""


class Gpu(ProcessSlots):
    """The GPU's one process, on a processor; `batches` are the symbols asked of it."""

    def __init__(
        self,
        seconds: float = 120,
        instead: Job[Any, Any] | None = None,
        given: object = None,
    ) -> None:
        """Train, or do another job `instead`, on `given` or on what is to train."""
        super().__init__(1, 50, seconds, environment=WITHOUT_A_GPU)
        self.batches: list[list[str]] = []
        self._instead, self._given = instead, given

    def run(self, job: Job[Any, Any], given: Any, on_epoch: OnEpoch = print) -> Any:  # noqa: ANN401
        """Write down the batch; then a real process trains it, or does the other."""
        self.batches.append([one.symbol for one in given.jobs])
        asked = self._instead or job, self._given or given
        return super().run(*asked, on_epoch)

    def hold(self, gate: Path) -> None:
        """Keep the process busy until the file `gate` is there."""
        super().run(slot_jobs.wait_for, gate)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., TrainingJob]:
    """Return a maker of jobs on stored features; `sessions` of them are there."""
    folder: Path = tmp_path_factory.mktemp("home")

    def made(symbol: str, sessions: int = 160) -> TrainingJob:
        path = folder / f"{symbol}.parquet"
        write_signed(path, random_walk(sessions), symbol=symbol, stage="indicators")
        models = folder / "models"
        at = datetime(2013, 2, 1, tzinfo=UTC)
        return TrainingJob(symbol, path, "made", models, TINY, ModelSettings(), at)

    return made


def random_walk(sessions: int) -> pd.DataFrame:
    """Return the indicators of a random walk; another for another length."""
    generator = np.random.default_rng(sessions)
    close = 60 * np.exp(np.cumsum(generator.normal(0, 0.012, sessions)))
    index = pd.bdate_range("2012-06-01", periods=sessions, name=SESSION, unit="ns")
    columns = {OPEN: close, HIGH: close * 1.01, LOW: close * 0.99, CLOSE: close}
    volume = {VOLUME: generator.uniform(1e5, 1e6, sessions)}
    return indicator_frame(pd.DataFrame(columns | volume, index=index))


@pytest.fixture(scope="module")
def processor() -> Iterator[ProcessSlots]:
    """Give the process slots behind the GPU."""
    with ProcessSlots(1, 100, 120) as slots:
        yield slots


@pytest.fixture(scope="module")
def gpu() -> Iterator[Gpu]:
    """Give the GPU's one process."""
    with Gpu() as slots:
        yield slots


@pytest.fixture
def slots(processor: ProcessSlots, gpu: Gpu) -> GpuSlots:
    """Return slots with a GPU that has five places; nothing was asked of it yet."""
    gpu.batches.clear()
    return GpuSlots(processor, gpu, PLACES)


def all_at_once(
    slots: GpuSlots, jobs: list[TrainingJob]
) -> list["Future[ModelMetadata]"]:
    """Train each job from a thread of its own, in their order; return all ended."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        return [threads.submit(slots.run, train_symbol, job) for job in jobs]


def test_the_gpu_trains_and_the_processor_registers(
    slots: GpuSlots, processor: ProcessSlots, job: Callable[..., TrainingJob]
) -> None:
    """A model from a batch is the one that the processor would have trained."""
    one = job("AAA.AX")
    batched = slots.run(train_symbol, one)
    alone = processor.run(train_symbol, job("ALONE.AX"))
    assert (batched.device, alone.device) == ("cpu", None)
    assert batched.results.final_val_loss == pytest.approx(
        alone.results.final_val_loss, rel=1e-3
    )
    assert batched.calibration_residuals == pytest.approx(
        alone.calibration_residuals, abs=1e-5
    )
    assert Registry(one.models, one.settings).required("AAA.AX") == batched
    assert slots.notices == ()


def test_what_is_asked_meanwhile_is_trained_together(
    slots: GpuSlots, gpu: Gpu, job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    """While the GPU is busy trainings gather, up to its places, in their order."""
    names = [f"B{number}.AX" for number in range(7)]
    with ThreadPoolExecutor(8) as threads:
        threads.submit(gpu.hold, tmp_path / "gate")
        models = []
        for one in map(job, names):
            models.append(threads.submit(slots.run, train_symbol, one))
            time.sleep(0.3)
        assert gpu.batches == [names[:1]]
        (tmp_path / "gate").touch()
    assert [model.result().symbol for model in models] == names
    assert gpu.batches == [names[:1], names[1:6], names[6:]]


def test_one_symbols_fault_is_no_others(
    slots: GpuSlots, gpu: Gpu, job: Callable[..., TrainingJob]
) -> None:
    """Histories of two shapes and one that is too short: each its model or reason."""
    jobs = [job("SHORT.AX", 60), job("LONG.AX", 220), job("MIDDLE.AX")]
    short, *good = all_at_once(slots, jobs)
    with pytest.raises(TooShort, match="training needs 100 sessions, got 60"):
        short.result()
    assert [model.result().device for model in good] == ["cpu", "cpu"]
    asked = [symbol for batch in gpu.batches for symbol in batch]
    assert sorted(asked) == ["LONG.AX", "MIDDLE.AX", "SHORT.AX"]
    assert slots.notices == ()


def test_epochs_are_told_to_all_who_wait(
    processor: ProcessSlots, job: Callable[..., TrainingJob], tmp_path: Path
) -> None:
    """Each symbol of a batch hears how far the batch is."""
    heard: dict[str, list[EpochDone]] = {"C1.AX": [], "C2.AX": []}
    with Gpu(instead=slot_jobs.fit_slowly) as gpu, ThreadPoolExecutor(4) as threads:
        slots = GpuSlots(processor, gpu, PLACES)
        threads.submit(gpu.hold, tmp_path / "gate")
        time.sleep(0.3)
        for name in ("C0.AX", *heard):
            tell = heard[name].append if name in heard else print
            threads.submit(slots.run, train_symbol, job(name), tell)
            time.sleep(0.3)
        (tmp_path / "gate").touch()
        threads.shutdown()
    assert gpu.batches == [["C0.AX"], ["C1.AX", "C2.AX"]]
    assert heard["C1.AX"] == heard["C2.AX"]
    assert EpochDone(2, 2, 1 / 2, 1) in heard["C1.AX"]


def test_other_jobs_go_to_the_processor(slots: GpuSlots, gpu: Gpu) -> None:
    """Whatever is no training passes through, to processes that see no GPU."""
    assert slots.run(slot_jobs.environment, "JAX_PLATFORMS") == "cpu"
    assert slots.run(slot_jobs.environment, "OMP_NUM_THREADS") == "1"
    assert gpu.batches == []


def test_a_gpus_process_has_its_own_environment() -> None:
    """It may use all threads, and takes memory only as it needs it."""
    with ProcessSlots(1, 9, 60, environment=ALONE_ON_A_GPU) as alone:
        preallocates = "XLA_PYTHON_CLIENT_PREALLOCATE"
        assert alone.run(slot_jobs.environment, preallocates) == "false"
        assert alone.run(slot_jobs.environment, "NPROC") is None


@pytest.mark.parametrize(
    ("instead", "given", "seconds", "said"),
    [
        (slot_jobs.die, None, 60, r"got TrainingFailed: .*\(out of memory"),
        (slot_jobs.sleep, LONGER_THAN_A_TEST, 1, "must end within 1 s"),
        (slot_jobs.time_out, None, 60, "got TimeoutError: the job's own"),
    ],
    ids=["killed", "too late", "raises"],
)
def test_where_the_gpu_fails_the_processor_trains(  # noqa: PLR0917  a case each
    processor: ProcessSlots,
    job: Callable[..., TrainingJob],
    instead: Job[Any, Any],
    given: object,
    seconds: float,
    said: str,
) -> None:
    """Its symbols get their models, the run says so, and the GPU is asked no more."""
    with Gpu(seconds, instead, given) as broken:
        slots = GpuSlots(processor, broken, PLACES)
        models = all_at_once(slots, [job("D0.AX"), job("D1.AX")])
        assert [model.result().device for model in models] == [None, None]
        assert slots.run(train_symbol, job("D2.AX")).device is None
    (notice,) = slots.notices
    assert re.search(said, notice)
    assert len(broken.batches) == 1


def test_closing_ends_all_who_wait(job: Callable[..., TrainingJob]) -> None:
    """In the GPU, or waiting for it: everybody is told, and soon."""
    start = time.monotonic()
    gpu = Gpu(120, slot_jobs.sleep, LONGER_THAN_A_TEST)
    with (
        ThreadPoolExecutor(5) as threads,
        GpuSlots(ProcessSlots(1, 9, 60), gpu, PLACES) as slots,
    ):
        jobs = [job(f"E{number}.AX") for number in range(5)]
        waiting = [threads.submit(slots.run, train_symbol, one) for one in jobs]
        time.sleep(1)
    for one in waiting:
        with pytest.raises(TrainingFailed, match="got"):
            one.result()
    assert time.monotonic() - start < 25
