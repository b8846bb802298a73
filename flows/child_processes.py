"""Prefect's parts as child processes without a terminal, ended in good order.

A program that finds a terminal may ask questions there and change its settings; one
that is killed meanwhile leaves it so that Ctrl-C does nothing.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.plain_text import plain_text

STOP_SECONDS = 15
ENDING = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]
"""What ends this process: Ctrl-C, a service manager, a closed terminal window."""

Child = subprocess.Popen[str]


Show = Callable[[str], None]


def show_on_stderr(line: str) -> None:
    """Write the line to stderr, without what would control a terminal."""
    with contextlib.suppress(OSError, ValueError):  # A closed stderr stops no child.
        sys.stderr.write(f"{plain_text(line).rstrip()}\n")
        sys.stderr.flush()


@dataclass
class BufferedLines:
    """The lines of a start: shown if it fails, dropped when it has succeeded.

    Prefect's server greets with advice to change the user's profile.
    """

    _held: list[str] | None = field(default_factory=list)

    def __call__(self, line: str) -> None:
        """Hold the line, or show it if the start is over."""
        if self._held is None:
            show_on_stderr(line)
        else:
            self._held.append(line)

    def end(self, *, show: bool) -> None:
        """Show or drop what is held, and show every line from now on."""
        held, self._held = self._held or [], None
        for line in held if show else ():
            show_on_stderr(line)


@contextmanager
def running(
    words: list[str],
    environment: Mapping[str, str],
    folder: Path,
    show: Show = show_on_stderr,
) -> Iterator[Child]:
    """Run `python -m WORDS` until the block ends; `show` gets its lines."""
    child = subprocess.Popen(  # noqa: S603  our own words alone
        [sys.executable, "-m", *words],
        cwd=folder,
        # Its lines come when they are written, and in UTF-8 on every system.
        env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # No terminal; Ctrl-C reaches this process alone.
    )
    lines = threading.Thread(target=_pass_on, args=(child, show), daemon=True)
    try:
        lines.start()
        yield child
    finally:
        _stop(child)
        lines.join(1)


def _pass_on(child: Child, show: Show) -> None:
    assert child.stdout is not None  # noqa: S101  for mypy: `running` asks for a pipe
    for line in child.stdout:
        show(line)


def _stop(child: Child) -> None:
    """End the child and all that it has started; a second Ctrl-C changes nothing."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    child.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(STOP_SECONDS)
    _kill_group(child)
    child.wait()
    for number, handler in before.items():
        signal.signal(number, handler)


def _kill_group(child: Child) -> None:
    """Kill what is left of the child's session, whose id is the child's."""
    if os.name == "nt":
        child.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
