"""The lease of a run on a home in S3: a small file that the run writes again and again.

S3 can't notice a killed or suspended process. A run renews its lease every few seconds
(the heartbeat); a lease without heartbeats expires, and another run may take it. The
run itself counts its lease as valid for half of that time only, by its own clocks.
After that it asks the store before it changes the home again.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from upath import UPath

from config.errors import LostHome, StorageError
from storage.paths import (
    create_exclusive,
    object_version,
    read_bytes,
    remove,
    replace_object,
)

RENEWALS = 5
"""Attempts to renew a lease that other processes of the same run renew as well."""


@dataclass(frozen=True)
class LeaseTimes:
    """Seconds between heartbeats, until a lease expires, and for a takeover to settle.

    `settle_seconds` must be longer than a request of another run that takes over the
    same lease at the same moment.
    """

    heartbeat_seconds: float = 20
    expiry_seconds: float = 90
    settle_seconds: float = 3


class Lease:
    """The lease of one run; a pickled copy is the same run's in another process."""

    def __init__(self, path: UPath, times: LeaseTimes, run: str = "") -> None:
        """Plan the lease in the file `path`; `run` identifies an existing one."""
        self.path = path
        self.times = times
        self._run = run or uuid.uuid4().hex
        self._renewals = 0
        self._renewed: tuple[float, ...] = ()
        self._lost = ""
        self._one_at_a_time = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what identifies the lease; the copy must ask the store itself."""
        return type(self), (self.path, self.times, self._run)

    @property
    def home(self) -> UPath:
        """Return the folder of the home."""
        return self.path.parents[1]

    @property
    def is_confirmed(self) -> bool:
        """Return whether the last renewal is too recent for another run to take over.

        The wall clock goes on while a virtual machine is paused, the other one does
        not; somebody may set the wall clock back.
        """
        if not self._renewed:
            return False
        passed = max(
            now - then for now, then in zip(_clocks(), self._renewed, strict=True)
        )
        return passed < self.times.expiry_seconds / 2

    def create(self) -> bool:
        """Return whether there was no lease, so that this run has it now."""
        begun = _clocks()
        created = create_exclusive(self.path, self._content()) or self._is_ours()
        self._renewed = begun if created else ()
        return created

    def replace(self, version: str) -> bool:
        """Return whether this run could take over that version of another's lease."""
        replaced = replace_object(self.path, self._content(), version)
        return replaced or self._is_ours()

    def confirm(self) -> None:
        """Renew the lease unless that was done recently enough.

        Raises
        ------
        LostHome
            If another run has taken over the home.
        StorageError
            If the store refuses or does not answer.
        """
        self.raise_if_lost()
        if not self.is_confirmed:
            self.renew()

    def raise_if_lost(self) -> None:
        """Raise a `LostHome` if it is known that the home is lost."""
        if self._lost:
            raise LostHome(self._lost)

    def renew(self) -> None:
        """Renew the lease; errors as `confirm`."""
        with self._one_at_a_time:
            for _ in range(RENEWALS):
                begun, version = _clocks(), object_version(self.path)
                owner = _read_owner(self.path)
                if owner.get("run") != self._run:
                    self._lost = self._describe_loss(owner)
                    raise LostHome(self._lost)
                if version and replace_object(self.path, self._content(), version):
                    self._renewed = begun
                    return
        raise StorageError(f"{self.path} could not be renewed", "run again")

    def release(self) -> None:
        """Remove the lease; if that fails, it expires.

        Raises
        ------
        LostHome
            If another run has taken over the home.
        """
        with suppress(OSError, StorageError):
            self.confirm()
            remove(self.path)

    def _is_ours(self) -> bool:
        """Return whether the store has the lease; its answer to that may be lost.

        The repeated request finds the lease of the first one, and is refused.
        """
        return bool(_read_owner(self.path).get("run") == self._run)

    def _content(self) -> bytes:
        """Return a unique and readable name of this run and this renewal."""
        self._renewals += 1
        owner = {"run": self._run, "host": socket.gethostname(), "process": os.getpid()}
        return json.dumps(owner | {"renewal": self._renewals}).encode()

    def _describe_loss(self, owner: dict[str, Any]) -> str:
        missed = "while this run was suspended or could not reach the store"
        if not owner:
            return (
                f"another run took over {self.home} {missed}, and has ended; this run "
                "wrote nothing since; run it again."
            )
        return (
            f"another run (process {owner['process']} on {owner['host']}) took over "
            f"{self.home} {missed}, and holds it now; this run wrote nothing since; "
            "wait for the other run, and run this one again."
        )


def _clocks() -> tuple[float, ...]:
    """Return the seconds of a clock that counts a sleep, and those of the wall clock.

    On Linux `time.monotonic` stands still while the machine sleeps.
    """
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    steady = time.monotonic() if boot is None else time.clock_gettime(boot)
    return steady, time.time()


def _read_owner(path: UPath) -> dict[str, Any]:
    """Return what the owner wrote into a lease, {} if there is none."""
    owner = dict.fromkeys(("run", "host", "process"), "?")
    try:
        found = json.loads(read_bytes(path))
    except FileNotFoundError:
        return {}
    except ValueError:
        return owner
    return owner | found if isinstance(found, dict) else owner
