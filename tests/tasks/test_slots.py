"""Process slots: one job's crash, hang or error is that job's alone."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
import slot_jobs

from config.errors import TooShort, TrainingFailed
from modelling.training import EpochDone
from tasks.slots import ProcessSlots


@pytest.fixture
def slots() -> Iterator[ProcessSlots]:
    """Give one slot with a limit of six seconds a job and two jobs a process."""
    with ProcessSlots(1, jobs_per_process=2, seconds=6) as opened:
        yield opened


def test_a_process_is_reused_and_then_replaced(slots: ProcessSlots) -> None:
    """A process runs as many jobs as it may, then a clean one takes its place."""
    first, second, third = (slots.run(slot_jobs.process_id, None) for _ in range(3))
    assert first == second != third


def test_a_child_is_held_to_one_thread(slots: ProcessSlots) -> None:
    """TensorFlow gets one thread in a slot: a process a core beats shared cores."""
    assert slots.run(slot_jobs.environment, "TF_NUM_INTRAOP_THREADS") == "1"


def test_the_jobs_own_error_comes_through(slots: ProcessSlots) -> None:
    """A job's own failure reaches the caller and costs no process."""
    before = slots.run(slot_jobs.process_id, None)
    with pytest.raises(TooShort, match="40 sessions"):
        slots.run(slot_jobs.refuse, "40 sessions")
    with pytest.raises(TimeoutError, match="the job's own"):
        slots.run(slot_jobs.time_out, None)
    assert before != slots.run(slot_jobs.process_id, None)


def test_a_killed_process_costs_one_job(slots: ProcessSlots) -> None:
    """After an out-of-memory kill the slot serves the next job."""
    with pytest.raises(TrainingFailed, match=r"got killed \(out of memory"):
        slots.run(slot_jobs.die, None)
    assert slots.run(slot_jobs.process_id, None) > 0


def test_a_process_that_died_idle_costs_nothing(slots: ProcessSlots) -> None:
    """A process killed between two jobs is replaced before the next one."""
    os.kill(slots.run(slot_jobs.process_id, None), signal.SIGKILL)
    time.sleep(0.5)
    assert slots.run(slot_jobs.process_id, None) > 0


def test_a_hanging_job_is_cut(slots: ProcessSlots) -> None:
    """A job over its limit is killed at the limit, not at its own end."""
    start = time.monotonic()
    with pytest.raises(TrainingFailed, match=r"must end within 6 s"):
        slots.run(slot_jobs.sleep, 60.0)
    assert time.monotonic() - start < 20


def test_epochs_are_told_as_they_happen(slots: ProcessSlots) -> None:
    """The caller hears of every epoch with its losses while the job runs."""
    heard: list[EpochDone] = []
    slots.run(slot_jobs.count_epochs, 3, heard.append)
    assert [done.epoch for done in heard] == [1, 2, 3]
    assert heard[-1] == EpochDone(3, 3, 1 / 3, 2 / 3)
