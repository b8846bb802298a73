"""The pace of requests that all runs on this machine share.

It comes on top of the pace that a client keeps by itself.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

Pace = Callable[[], None]


def machine_pace(per_second: float) -> "MachinePace":
    """Return what waits for a request's turn among all runs on this machine."""
    return MachinePace(per_second, _cache_folder() / "yahoo.turn")


@dataclass(frozen=True)
class MachinePace:
    """Lets one request of all processes on a machine through an interval.

    `turn` is a file whose age tells when the last one was; its lock falls with the
    process that holds it. A wait is never longer than an interval, so that a clock set
    back blocks nothing.
    """

    per_second: float
    turn: Path

    def __call__(self) -> None:
        """Wait for a turn and take it; a folder that can't be written sets no pace."""
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


def _cache_folder() -> Path:
    """Return our folder beside that of Yahoo's client."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "event-risk-guard"
