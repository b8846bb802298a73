"""The pace of requests that all runs on this machine share.

A client also keeps a pace of its own.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

Pace = Callable[[], None]


def machine_pace(per_second: float) -> "MachinePace":
    """Return the pace that all runs of this user on this machine share."""
    # The folder is beside that of Yahoo's client.
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return MachinePace(per_second, Path(base) / "event-risk-guard" / "yahoo.turn")


@dataclass(frozen=True)
class MachinePace:
    """Allows one request per interval of all processes on this machine.

    The age of the file `turn` is the time since the last request. Its lock ends with
    the process that holds it. A wait is at most one interval, so that a clock that was
    set back blocks no request.
    """

    per_second: float
    turn: Path

    def __call__(self) -> None:
        """Wait until a request may be sent; without write access do not wait."""
        interval = 1 / self.per_second
        try:
            self.turn.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{self.turn}.lock")
            with lock.acquire(poll_interval=interval / 10):
                if self.turn.exists():
                    left = self.turn.stat().st_mtime + interval - time.time()
                    time.sleep(min(max(left, 0), interval))
                self.turn.touch()
        except OSError:
            return  # The client's own pace still holds.
