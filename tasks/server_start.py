"""How long the start of a Prefect server is waited for: while its process works."""

import contextlib
import os
import time
from dataclasses import dataclass, field

import psutil

from config.errors import RunError

IDLE_SECONDS = 120
"""A start is given up if its process has not run on a processor for so long."""

MAX_SECONDS = 1800
"""A start is given up after this time, whatever its process does."""

WAIT = "wait until the machine has less to do, and run the same command again"


@dataclass
class ServerStart:
    """The start of a server's process, which `check` watches.

    A busy machine can need minutes for what takes 5 s on an idle one.
    """

    idle_seconds: float = IDLE_SECONDS
    max_seconds: float = MAX_SECONDS
    _begun: float = field(default_factory=time.monotonic, init=False)
    _worked_at: float = field(default_factory=time.monotonic, init=False)
    _used: float = field(default=0.0, init=False)

    def check(self, process: int) -> None:
        """Look at the process with this number once more.

        Raises
        ------
        RunError
            If it has used no processor time for `idle_seconds`, or needs more than
            `max_seconds`; the message names the cause.
        """
        now = time.monotonic()
        used = _processor_seconds(process)
        if used != self._used:
            self._used, self._worked_at = used, now
        waited = now - self._begun
        if now - self._worked_at > self.idle_seconds:
            raise RunError(
                f"Prefect's server did not start within {waited:.0f} s: its "
                f"process used no processor time for {self.idle_seconds:.0f} s "
                f"({self._used:.1f} s before; {_load()})",
                f"{WAIT}; if it happens again, run `overnight doctor`",
            )
        if waited > self.max_seconds:
            raise RunError(
                f"Prefect's server did not start within {waited:.0f} s, in "
                f"which its process used the processor for {self._used:.1f} s "
                f"({_load()})",
                WAIT,
            )


def _processor_seconds(process: int) -> float:
    """Return what the process has used; 0 if it has ended and will be restarted."""
    with contextlib.suppress(psutil.Error):
        times = psutil.Process(process).cpu_times()
        return float(times.user + times.system)
    return 0.0


def _load() -> str:
    """Return `load 12.3 on 2 processors`, the cause on a busy machine."""
    return f"load {psutil.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
