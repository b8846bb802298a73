"""One run at a time in a home: a file lock on a disk, a lease in S3.

The system releases a file lock when its process ends. S3 can't notice a killed process,
so the run that holds a lease writes it again every few seconds (the heartbeat). A lease
without a heartbeat expires, and another run may take it.
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from upath import UPath

from config.errors import BusyError, StorageError
from storage.home import Home, write_atomic
from storage.interruption import on_interruption
from storage.paths import (
    convert_write_errors,
    create_exclusive,
    read_bytes,
    remove,
    require_regular,
    seconds_between,
)

OTHER_RUN = "wait for it to finish, or pass a different --home"


@dataclass(frozen=True)
class LeaseTimes:
    """Seconds between heartbeats, until a lease expires, and for a takeover to settle.

    `settle_seconds` must be longer than a request of another run that takes over the
    same lease at the same moment.
    """

    heartbeat_seconds: float = 20
    expiry_seconds: float = 90
    settle_seconds: float = 3


LEASE_TIMES = LeaseTimes()


@contextmanager
def one_run_at_a_time(home: Home, times: LeaseTimes = LEASE_TIMES) -> Iterator[None]:
    """Hold the home's lock.

    If the process is killed, a lock on a disk is free at once, and a lease in S3 after
    `times.expiry_seconds`.

    Raises
    ------
    BusyError
        If another run holds the lock, or took it while this process was suspended.
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
        if _read_owner(path):
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
    owner = _owner_id()
    with convert_write_errors(path):
        _take(path, owner, times)
    ended, lost = threading.Event(), threading.Event()
    heartbeat = threading.Thread(
        target=_send_heartbeats,
        args=(path, owner, times.heartbeat_seconds, ended, lost),
        daemon=True,
    )
    heartbeat.start()

    def end() -> None:
        ended.set()
        heartbeat.join()
        _release(path, owner)

    with on_interruption(end):
        try:
            yield
        finally:
            end()
    if lost.is_set():
        raise BusyError(
            f"another run took over {path.parents[1]} while this run could not write "
            "its heartbeat",
            "run it again",
        )


def _owner_id() -> bytes:
    """Return a unique and readable name of this run, the content of its lease."""
    run, host = uuid.uuid4().hex, socket.gethostname()
    return json.dumps({"run": run, "host": host, "process": os.getpid()}).encode()


def _take(path: UPath, owner: bytes, times: LeaseTimes) -> None:
    """Take a free or expired lease; raise a `BusyError` for any other."""
    if create_exclusive(path, owner):
        return
    _require_expired(path, times)
    write_atomic(path, owner)
    # Of several runs that take it over at once, the last to write has it.
    time.sleep(times.settle_seconds)
    if _read_owner(path) != owner:
        raise BusyError(
            f"another run has just begun to use {path.parents[1]}", OTHER_RUN
        )


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


def _send_heartbeats(
    path: UPath,
    owner: bytes,
    seconds: float,
    ended: threading.Event,
    lost: threading.Event,
) -> None:
    while not ended.wait(seconds):
        # If the store does not answer, the next heartbeat tries again.
        with suppress(OSError, StorageError):
            if _read_owner(path) != owner:
                lost.set()
                return
            write_atomic(path, owner)


def _release(path: UPath, owner: bytes) -> None:
    """Remove the lease if it is still ours; if that fails, it expires."""
    with suppress(OSError, StorageError):
        if _read_owner(path) == owner:
            remove(path)


def _read_owner(path: UPath) -> bytes | None:
    with suppress(FileNotFoundError):
        return read_bytes(path)
    return None
