"""Ends a command on Ctrl-C, TERM or HUP: at once, in one sentence, with nothing left.

What is finished is on disk already. A flow could not end in order: it would wait for
downloads, trainings and the answers of a server that may have got the signal as well.
"""

import contextlib
import contextvars
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from types import FrameType

from flows.child_processes import END_SIGNALS
from storage.interruption import end_steps

POLL_SECONDS = 0.5
"""On Windows a signal is handled only between two waits."""

NEW_LINE = "\x1b[?25h\n"
"""Shows a terminal's cursor, which the progress hides, and leaves its line."""


def end_on_signals(advice: str) -> None:
    """End this process at a signal; `advice` follows the cause in its last sentence."""

    def end(number: int, _frame: FrameType | None) -> None:
        ignore_signals()
        end_steps()
        _print_last(f"overnight: interrupted by {_name(number)}{advice}.")
        os._exit(128 + number)

    for number in signals_to_handle():
        signal.signal(number, end)


def signals_to_handle() -> list[int]:
    """Return the signals that end a command; `nohup` lets it ignore HUP."""
    return [
        number
        for number in END_SIGNALS
        if _name(number) != "HUP" or signal.getsignal(number) != signal.SIG_IGN
    ]


def ignore_signals() -> None:
    """Let no further signal interrupt the end, which would change the exit code."""
    for number in END_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def call_in_thread[Result](call: Callable[[], Result]) -> Result:
    """Return what `call` returns, in another thread with this thread's context.

    Prefect takes the signal TERM over while a flow runs in the main thread. It would
    report the end to its server before the process ends.
    """
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(context.run, call)
        while not future.done():
            wait([future], timeout=POLL_SECONDS)
        return future.result()


def _name(number: int) -> str:
    name = signal.Signals(number).name.removeprefix("SIG")
    return "Ctrl-C" if name == "INT" else name


def end_children() -> None:
    """Kill all child processes, so that none writes or prints any more.

    They would end by themselves, but later than this process. Python's resource tracker
    does so only after it has removed what the others left.
    """
    import psutil  # noqa: PLC0415  only at the end

    ended = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # It may end at the same moment.
            if not _is_tracker(child.cmdline()):
                child.kill()
                ended.append(child)
    psutil.wait_procs(ended, timeout=1)


def _is_tracker(words: list[str]) -> bool:
    return any("multiprocessing.resource_tracker" in word for word in words)


def _print_last(sentence: str) -> None:
    """Write to stderr past Python's buffer, whose lock another thread may hold."""
    with contextlib.suppress(OSError, ValueError):  # After HUP there is no terminal.
        start = NEW_LINE if sys.stderr.isatty() else ""
        os.write(2, f"{start}{sentence}\n".encode())
