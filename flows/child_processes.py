"""Run the parts of Prefect as child processes without a terminal, and stop them.

A program with a terminal may ask questions and change the terminal's settings. If it is
killed then, Ctrl-C no longer works in that terminal.
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
END_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]
"""Signals that end this process: Ctrl-C, a service manager, a closed terminal."""

Child = subprocess.Popen[str]
Show = Callable[[str], None]


def show_on_stderr(line: str) -> None:
    """Write the line to stderr, without control characters."""
    with contextlib.suppress(OSError, ValueError):  # A closed stderr stops no child.
        sys.stderr.write(f"{plain_text(line).rstrip()}\n")
        sys.stderr.flush()


@dataclass
class BufferedLines:
    """The lines of a start: shown if the start fails, dropped if it succeeds.

    Prefect's server begins with advice to change the user's profile.
    """

    _kept: list[str] | None = field(default_factory=list)

    def __call__(self, line: str) -> None:
        """Keep the line, or show it if the start is over."""
        if self._kept is None:
            show_on_stderr(line)
        else:
            self._kept.append(line)

    def end(self, *, show: bool) -> None:
        """Show or drop the kept lines, and show every line from now on."""
        kept, self._kept = self._kept or [], None
        for line in kept if show else ():
            show_on_stderr(line)


@contextmanager
def run_child(
    arguments: list[str],
    environment: Mapping[str, str],
    folder: Path,
    show: Show = show_on_stderr,
) -> Iterator[Child]:
    """Run `python -m ARGUMENTS` until the block ends; call `show` with each line."""
    child = subprocess.Popen(  # noqa: S603  our own arguments only
        [sys.executable, "-m", *arguments],
        cwd=folder,
        # Its lines come at once, and in UTF-8 on every system.
        env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # No terminal; Ctrl-C reaches our process only.
    )
    lines = threading.Thread(target=_show_lines, args=(child, show), daemon=True)
    try:
        lines.start()
        yield child
    finally:
        _stop(child)
        lines.join(1)


def _show_lines(child: Child, show: Show) -> None:
    assert child.stdout is not None  # noqa: S101  for mypy: `run_child` asks for a pipe
    for line in child.stdout:
        show(line)


def _stop(child: Child) -> None:
    """End the child and its own children; a second Ctrl-C does not interrupt this."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in END_SIGNALS}
    child.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(STOP_SECONDS)
    _kill_group(child)
    child.wait()
    for number, handler in before.items():
        signal.signal(number, handler)


def _kill_group(child: Child) -> None:
    """Kill the processes that are left of the child's session."""
    if os.name == "nt":
        child.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
