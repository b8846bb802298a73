"""Jobs for the tests of the process pool: functions that a spawned child imports."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.errors import TooShort
from modelling.training import EpochDone
from storage.home import Home, write_atomic
from storage.paths import files_in, remove

OnEpoch = Callable[[EpochDone], None]


def process_id(_given: object, _on_epoch: OnEpoch) -> int:
    """Return the id of the process that runs the job."""
    return os.getpid()


def environment(name: str, _on_epoch: OnEpoch) -> str | None:
    """Return a variable of the child's environment."""
    return os.environ.get(name)


def refuse(reason: str, _on_epoch: OnEpoch) -> None:
    """Raise the error of a symbol that can't be trained."""
    raise TooShort(reason)


def time_out(_given: object, _on_epoch: OnEpoch) -> None:
    """Raise a `TimeoutError`, which a future also raises while its job runs."""
    raise TimeoutError("the job's own")


def die(_given: object, _on_epoch: OnEpoch) -> None:
    """Kill this process, as the kernel does if it uses too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float, _on_epoch: OnEpoch) -> None:
    """Do nothing for a while."""
    time.sleep(seconds)


def hold_the_interpreter(seconds: int, _on_epoch: OnEpoch) -> None:
    """Do nothing for a while, and let no other thread of the process run."""
    ctypes.PyDLL(None).sleep(seconds)


def write_later(asked: tuple[float, Path], on_epoch: OnEpoch) -> None:
    """Report an epoch, wait for so many seconds, then write the file."""
    seconds, file = asked
    on_epoch(EpochDone(1, 2, 0.1, 0.1))
    time.sleep(seconds)
    file.write_text(str(os.getpid()))


KEPT: list[bytes] = []


def keep_memory(megabytes: int, _on_epoch: OnEpoch) -> int:
    """Hold so much more memory from now on; return the id of the process."""
    KEPT.append(b"x" * (megabytes * 10**6))
    return os.getpid()


def fail_to_write(file: Path, _on_epoch: OnEpoch) -> None:
    """Write into a folder that is not there."""
    (file / "missing" / "file").write_text("")


def wait_for(file: Path, _on_epoch: OnEpoch) -> None:
    """Wait until the file exists."""
    while not file.exists():
        time.sleep(0.05)


def count_epochs(epochs: int, on_epoch: OnEpoch) -> int:
    """Report epochs slowly enough for the parent to see each."""
    for epoch in range(1, epochs + 1):
        on_epoch(EpochDone(epoch, epochs, 1 / epoch, 2 / epoch))
        time.sleep(0.7)
    return epochs


def tidy(home: Home, _on_epoch: OnEpoch) -> list[str]:
    """Write one file of the home, change one, remove one; return what it found."""
    found = [path.name for path in files_in(home.models)]
    write_atomic(home.models / "new.json", "new")
    write_atomic(home.models / "changed.json", "changed")
    remove(home.models / "old.json")
    return found


def span(seconds: float, _on_epoch: OnEpoch) -> tuple[float, float]:
    """Do nothing for a while; return when it began and ended."""
    start = time.monotonic()
    time.sleep(seconds)
    return start, time.monotonic()


def die_once(marker: Path, _on_epoch: OnEpoch) -> int:
    """Kill this process on the first call; return its id on later calls."""
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def predict_in_keras(
    asked: tuple[Path, NDArray[np.float64]], _on_epoch: OnEpoch
) -> float:
    """Return what Keras alone predicts with a model's file for one scaled window."""
    import keras  # noqa: PLC0415  takes seconds

    file, window = asked
    network = keras.saving.load_model(file, safe_mode=True)
    return float(network(window[None])[0, 0])
