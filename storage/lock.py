"""One run at a time in a home: a locked file on a disk, a lease in a store.

A disk's lock falls with its process. A store can't know of a kill, so its holder signs
anew every few seconds, and a lease that nobody signed for long is free to be taken.
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
from storage.home import Home
from storage.paths import (
    create_exclusive,
    read_bytes,
    refusals_named,
    remove,
    require_regular,
    seconds_between,
    write_atomic,
)


@dataclass(frozen=True)
class LeaseTimes:
    """When a lease is signed anew, when it counts as left behind, how long to settle.

    `settle_seconds` is the longest that one request of a run may take that takes over
    a lease in the same moment.
    """

    heartbeat_seconds: float = 20
    expiry_seconds: float = 90
    settle_seconds: float = 3


LEASE_TIMES = LeaseTimes()


@contextmanager
def one_run_at_a_time(home: Home, times: LeaseTimes = LEASE_TIMES) -> Iterator[None]:
    """Hold the home's lock, which falls if the process is killed.

    On a disk it falls at once, in a store after `times.expiry_seconds`.

    Raises
    ------
    BusyError
        If another run holds it, or took it while this one slept for too long.
    StorageError
        If the home can't be written.
    """
    lock = home.lock
    held = _file_held(lock) if isinstance(lock, Path) else _lease_held(lock, times)
    with held:
        yield


@contextmanager
def _file_held(path: Path) -> Iterator[None]:
    with refusals_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            require_regular(path)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise BusyError(
                f"{path.parents[1]} must be free, got another run in it; wait for its "
                "end, or use another --home."
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _lease_held(path: UPath, times: LeaseTimes) -> Iterator[None]:
    signature = _signature()
    with refusals_named(path):
        _take(path, signature, times)
    ended, lost = threading.Event(), threading.Event()
    signing = threading.Thread(
        target=_sign_until,
        args=(path, signature, times.heartbeat_seconds, ended, lost),
        daemon=True,
    )
    signing.start()
    try:
        yield
    finally:
        ended.set()
        signing.join()
        _release(path, signature)
    if lost.is_set():
        raise BusyError(
            f"{path.parents[1]} must be this run's alone, got another run that took it "
            "while this one could not sign its lease; run it again."
        )


def _signature() -> bytes:
    """Return who holds the lease, told apart from any other run, and readable."""
    signed = {
        "run": uuid.uuid4().hex,
        "host": socket.gethostname(),
        "process": os.getpid(),
    }
    return json.dumps(signed).encode()


def _take(path: UPath, signature: bytes, times: LeaseTimes) -> None:
    """Sign a free lease, or one that was left behind."""
    if create_exclusive(path, signature):
        return
    unsigned = _unsigned_seconds(path)
    if unsigned <= times.expiry_seconds:
        raise BusyError(
            f"{path.parents[1]} must be free, got another run in it that gave a sign "
            f"{unsigned:.0f} s ago; wait for its end, or, if it was killed, "
            f"{times.expiry_seconds:g} s from that sign, or use another --home."
        )
    write_atomic(path, signature)
    # Of several runs that take it over in one moment the last to sign has it.
    time.sleep(times.settle_seconds)
    if _holder(path) != signature:
        raise BusyError(
            f"{path.parents[1]} must be free, got another run that has just begun in "
            "it; wait for its end, or use another --home."
        )


def _unsigned_seconds(path: UPath) -> float:
    """Return how long ago the lease was signed, by the store's clock alone.

    The clocks of two machines may differ by more than a lease lasts.
    """
    now = path.with_name(f"{path.name}.now-{uuid.uuid4().hex}")
    write_atomic(now, b"")
    try:
        return seconds_between(path, now)
    except FileNotFoundError:  # Released this moment: the next run finds it free.
        return 0.0
    finally:
        remove(now)


def _sign_until(
    path: UPath,
    signature: bytes,
    every: float,
    ended: threading.Event,
    lost: threading.Event,
) -> None:
    while not ended.wait(every):
        # A store that is away for a moment is asked again at the next turn.
        with suppress(OSError, StorageError):
            if _holder(path) != signature:
                lost.set()
                return
            write_atomic(path, signature)


def _release(path: UPath, signature: bytes) -> None:
    """Give the lease back if it is still ours; one that can't be falls by itself."""
    with suppress(OSError, StorageError):
        if _holder(path) == signature:
            remove(path)


def _holder(path: UPath) -> bytes | None:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None
