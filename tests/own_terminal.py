"""A program on a new terminal, as a person starts it."""

import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class OwnTerminal:
    """A program whose stdin, stdout and stderr are one new terminal."""

    def __init__(
        self,
        words: Sequence[str | Path],
        env: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        """Start it as the terminal's foreground program, by default in this folder."""
        self._ours, self._its = pty.openpty()
        self._settings_before = self._settings()
        self._read = b""
        # Not by `preexec_fn`: JAX, which other tests load, warns of forks in Python.
        take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        run = "os.execvp(sys.argv[1], sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", take + run, *map(str, words)],
            env=env,
            cwd=folder,
            stdin=self._its,
            stdout=self._its,
            stderr=self._its,
            start_new_session=True,
        )
        threading.Thread(target=self._keep_reading, daemon=True).start()

    @property
    def text(self) -> str:
        """Return what the terminal has shown so far."""
        return self._read.decode(errors="replace").replace("\r\n", "\n")

    @property
    def is_as_before(self) -> bool:
        """Return whether the terminal's settings are those of its start."""
        return self._settings() == self._settings_before

    def wait_for(self, words: str, seconds: float = 150) -> None:
        """Wait until the terminal shows the words; fail if the program ends first."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def press(self, key: bytes) -> None:
        """Press a key, as the byte 3 for Ctrl-C."""
        os.write(self._ours, key)

    def ended(self, seconds: float = 60) -> int:
        """Return the exit code when the program has ended."""
        code = self.process.wait(seconds)
        time.sleep(0.2)  # Its last output is still to be read.
        return code

    def _settings(self) -> list[Any]:
        return termios.tcgetattr(self._its)

    def _keep_reading(self) -> None:
        while True:
            try:
                self._read += os.read(self._ours, 65536)
            except OSError:
                return
