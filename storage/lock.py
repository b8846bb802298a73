"""One run at a time in a home: a file lock on a disk, a lease in S3.

The system releases a file lock when its process ends. A lease
(`lease.py`) expires some time after its run has been killed or suspended.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from upath import UPath

from config.errors import BusyError, LostHome, StorageError
from storage.home import Home, write_atomic
from storage.interruption import on_interruption
from storage.lease import Lease, LeaseTimes
from storage.paths import (
    convert_write_errors,
    object_version,
    remove,
    seconds_between,
)
from storage.regular_files import require_regular
from storage.store_requests import guarded

OTHER_RUN = "wait for it to finish, or pass a different --home"

LEASE_TIMES = LeaseTimes()


@contextmanager
def one_run_at_a_time(home: Home, times: LeaseTimes = LEASE_TIMES) -> Iterator[None]:
    """Hold the home's lock.

    If the process is killed, a lock on a disk is free at once, and a lease in S3 after
    `times.expiry_seconds`.

    Raises
    ------
    BusyError
        If another run holds the lock.
    LostHome
        If another run took it over while this process was suspended.
    StorageError
        If the home can't be written.
    """
    path = home.lock
    held = _hold_file(path) if isinstance(path, Path) else _hold_lease(path, times)
    with held:
        yield


def require_free(home: Home, times: LeaseTimes = LEASE_TIMES) -> None:
    """Refuse a home that another run is using now; take and write nothing.

    A command calls it before it starts anything; its run takes the lock later.

    Raises
    ------
    BusyError
        If another run holds the lock.
    StorageError
        If the home can't be read.
    """
    path = home.lock
    if not isinstance(path, Path):
        if object_version(path):
            _require_expired(path, times)
    elif path.exists():
        with _hold_file(path):
            pass


@contextmanager
def _hold_file(path: Path) -> Iterator[None]:
    with convert_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            require_regular(path)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            problem = f"another run is using {path.parents[1]}"
            raise BusyError(problem, OTHER_RUN) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _hold_lease(path: UPath, times: LeaseTimes) -> Iterator[None]:
    lease = Lease(path, times)
    with convert_write_errors(path):
        _take(lease)
    ended = threading.Event()
    heartbeat = threading.Thread(target=_renew, args=(lease, ended), daemon=True)
    heartbeat.start()

    ending = threading.Lock()

    def end() -> None:
        with ending:  # A signal can come while the block ends.
            if not ended.is_set():
                ended.set()
                heartbeat.join()
                lease.release()

    with guarded(lease), on_interruption(end):
        try:
            yield
        finally:
            end()


def _take(lease: Lease) -> None:
    """Take a free or expired lease; raise a `BusyError` for any other."""
    if lease.create():
        return
    # Before its age: a heartbeat between the two makes it another version.
    version = object_version(lease.path)
    _require_expired(lease.path, lease.times)
    just_taken = BusyError(f"another run has just begun to use {lease.home}", OTHER_RUN)
    if not lease.replace(version):
        raise just_taken
    # In a store without conditional writes the last of several to write has it.
    time.sleep(lease.times.settle_seconds)
    try:
        lease.renew()
    except LostHome:
        raise just_taken from None


def _require_expired(path: UPath, times: LeaseTimes) -> None:
    age = _seconds_since_heartbeat(path)
    if age <= times.expiry_seconds:
        raise BusyError(
            f"another run is using {path.parents[1]}, its last heartbeat was "
            f"{age:.0f} s ago",
            f"{OTHER_RUN} (if it was killed, its lock expires "
            f"{times.expiry_seconds:g} s after that heartbeat)",
        )


def _seconds_since_heartbeat(path: UPath) -> float:
    """Return the age of the lease by the store's clock.

    The clocks of two machines can differ by more than the time until expiry.
    """
    now = path.with_name(f"{path.name}.now-{uuid.uuid4().hex}")
    write_atomic(now, b"")
    try:
        return seconds_between(path, now)
    except FileNotFoundError:  # Just released: the next attempt finds it free.
        return 0.0
    finally:
        remove(now)


def _renew(lease: Lease, ended: threading.Event) -> None:
    """Send heartbeats until the run has ended or lost the home."""
    while not ended.wait(lease.times.heartbeat_seconds):
        try:
            lease.renew()
        except LostHome:
            return
        except (OSError, StorageError):
            continue  # The store does not answer: the next heartbeat tries again.
