"""The pace that all processes of a machine keep together."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.request_pace import MachinePace

PACED = Path(__file__).parents[1] / "paced.py"


def started(turn: Path, rate: float, calls: int) -> subprocess.Popen[str]:
    """Return a process that takes turns and prints when it was given them."""
    words = [sys.executable, PACED, "machine", str(rate), str(calls), turn]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_two_processes_keep_one_pace(tmp_path: Path) -> None:
    """Ten turns each of two processes: no two are closer than an interval."""
    runs = [started(tmp_path / "turn", 10, 10) for _ in range(2)]
    answers = [run.communicate(timeout=60)[0].split() for run in runs]
    given = sorted(float(time) for answer in answers for time in answer)
    assert len(given) == 20
    assert given[-1] - given[0] > 19 * 0.1 - 0.1
    assert min(after - before for before, after in pairwise(given)) > 0.05


def test_a_killed_process_blocks_nobody(tmp_path: Path) -> None:
    """The lock of a process that is killed while it waits falls with it."""
    turn = tmp_path / "turn"
    hung = started(turn, 0.01, 2)
    assert hung.stdout
    assert hung.stdout.readline()
    time.sleep(0.5)
    with pytest.raises(TimeoutError):
        FileLock(f"{turn}.lock", timeout=0).acquire()
    hung.send_signal(signal.SIGKILL)
    hung.communicate()
    start = time.monotonic()
    MachinePace(10, turn)()
    assert time.monotonic() - start < 5


def test_a_clock_set_back_costs_one_interval(tmp_path: Path) -> None:
    """A last turn in the future is waited for no longer than one just taken."""
    turn = tmp_path / "turn"
    turn.touch()
    os.utime(turn, (time.time() + 10_000,) * 2)
    start = time.monotonic()
    MachinePace(2, turn)()
    assert 0.4 < time.monotonic() - start < 5
    assert turn.stat().st_mtime < time.time() + 1


def test_a_long_rest_saves_up_nothing(tmp_path: Path) -> None:
    """After an old turn the next comes at once, the one after it an interval later."""
    turn = tmp_path / "folder" / "turn"
    pace = MachinePace(2, turn)
    pace()
    os.utime(turn, (0, 0))
    start = time.monotonic()
    pace()
    assert time.monotonic() - start < 0.4
    pace()
    assert time.monotonic() - start > 0.45


def test_a_folder_that_is_none_sets_no_pace(tmp_path: Path) -> None:
    """Where nothing can be written the run goes on at its own pace."""
    (tmp_path / "file").touch()
    start = time.monotonic()
    MachinePace(0.1, tmp_path / "file" / "turn")()
    assert time.monotonic() - start < 5
