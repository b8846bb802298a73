"""What is left to do when a signal ends this process at once.

A signal ends a command without its `finally` blocks. What a block has to remove from
outside of this process is named here for as long as the block runs.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEP_SECONDS = 5
"""A step that needs longer, as with a store that hangs, is abandoned."""

_steps: list[Callable[[], object]] = []
_ending = threading.Event()


@contextmanager
def on_interruption(step: Callable[[], object]) -> Iterator[None]:
    """Let `end_steps` call `step` if the process is interrupted in the block."""
    _steps.append(step)
    try:
        yield
    finally:
        _steps.remove(step)


def end_steps() -> None:
    """Call the steps of all open blocks, the last one first; none can fail or hang."""
    _ending.set()
    for step in reversed(_steps[:]):
        thread = threading.Thread(target=_try, args=(step,), daemon=True)
        thread.start()
        thread.join(STEP_SECONDS)


def stop_if_ending() -> None:
    """Let this thread do nothing more if the process is being ended by a signal.

    What then looks like a failure, such as a killed child process, is none.
    """
    if _ending.is_set():
        threading.Event().wait()


def _try(step: Callable[[], object]) -> None:
    with contextlib.suppress(BaseException):
        step()
