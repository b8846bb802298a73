"""One run at a time in a home: a file lock on a disk, a lease in S3."""

import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from config.errors import BusyError, StorageError
from storage.home import Home, write_atomic
from storage.lock import LeaseTimes, one_run_at_a_time, require_free
from storage.paths import files_in, is_there, read_bytes

QUICK = LeaseTimes(heartbeat_seconds=0.2, expiry_seconds=2, settle_seconds=0.5)
"""S3 stores the time of an object in whole seconds."""

EXPIRED_SECONDS = QUICK.expiry_seconds + 1.1
"""After so long a lease has expired, whatever S3 cut off its times."""

in_a_store = pytest.mark.parametrize("home", ["s3"], indirect=True)


def hold_until_killed(home: Home, ready: Connection) -> None:
    """Hold a home in a process that a test can kill."""
    with one_run_at_a_time(home, QUICK):
        ready.send("held")
        time.sleep(60)


def test_a_second_run_is_refused_and_a_third_one_runs(home: Home) -> None:
    """While one run holds the home another is refused; after its end it is free."""
    with (
        one_run_at_a_time(home, QUICK),
        pytest.raises(BusyError, match="another run"),
        one_run_at_a_time(home, QUICK),
    ):
        pass
    with one_run_at_a_time(home, QUICK):
        assert is_there(home.lock)


def test_a_home_in_use_is_refused_before_anything_is_started(home: Home) -> None:
    """A look at the lock takes and writes nothing, whether the home is free or not."""
    require_free(home)
    assert not files_in(home.root)
    with one_run_at_a_time(home, QUICK):
        with pytest.raises(BusyError, match="another run is using"):
            require_free(home, QUICK)
        assert [path.name for path in files_in(home.lock.parent)] == ["run.lock"]
    require_free(home, QUICK)


def test_a_run_that_fails_gives_the_home_back(home: Home) -> None:
    """An error releases the lock and reaches the caller."""
    with pytest.raises(ValueError, match="broken"), one_run_at_a_time(home, QUICK):
        raise ValueError("broken")
    with one_run_at_a_time(home, QUICK):
        pass


def test_two_homes_are_held_at_once(home: Home) -> None:
    """Each home has its own lock."""
    other = Home(home.root / "other")
    with one_run_at_a_time(home, QUICK), one_run_at_a_time(other, QUICK):
        pass


@in_a_store
def test_heartbeats_keep_a_lease(home: Home) -> None:
    """A run that is longer than the lease keeps the home."""
    short = LeaseTimes(heartbeat_seconds=0.1, expiry_seconds=1.5, settle_seconds=0.1)
    with one_run_at_a_time(home, short):
        time.sleep(2.1)  # Without a heartbeat its age would be 2 s.
        with pytest.raises(BusyError, match="last heartbeat"), one_run_at_a_time(home):
            pass


@pytest.mark.parametrize("home", ["disk", "s3"], indirect=True)
def test_a_killed_runs_home_is_taken_over(home: Home) -> None:
    """After a kill a disk's lock is free at once, a lease in S3 when it expires."""
    context = multiprocessing.get_context("spawn")
    receiver, ready = context.Pipe(duplex=False)
    child = context.Process(target=hold_until_killed, args=(home, ready))
    child.start()
    assert receiver.recv() == "held"
    with pytest.raises(BusyError), one_run_at_a_time(home, QUICK):
        pass
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    if not isinstance(home.lock, Path):
        with pytest.raises(BusyError, match="expires 2 s after that heartbeat"):
            one_run_at_a_time(home, QUICK).__enter__()
        time.sleep(EXPIRED_SECONDS)
    with one_run_at_a_time(home, QUICK):
        assert is_there(home.lock)


@in_a_store
def test_of_many_that_take_over_one_wins(home: Home) -> None:
    """Of runs that find the same expired lease at once, all but one are refused."""
    write_atomic(home.lock, "left by a killed run")
    time.sleep(EXPIRED_SECONDS)
    ended, outcomes = threading.Event(), list[str]()

    def run() -> None:
        try:
            with one_run_at_a_time(home, QUICK):
                outcomes.append("ran")
                ended.wait(10)
        except BusyError:
            outcomes.append("refused")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(outcomes) < 4:
        time.sleep(0.05)
    ended.set()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ran", "refused", "refused", "refused"]


@in_a_store
def test_a_run_whose_lease_was_taken_fails_and_leaves_it(home: Home) -> None:
    """A run without heartbeats loses the home, fails, and leaves the other's lease."""

    def stall() -> None:
        with one_run_at_a_time(home, QUICK):
            write_atomic(home.lock, "another run's")
            time.sleep(1)

    with pytest.raises(BusyError, match="another run took over"):
        stall()
    assert read_bytes(home.lock) == b"another run's"


@in_a_store
def test_a_lease_leaves_nothing_behind(home: Home) -> None:
    """After a refused run and at the end of a run S3 holds no file of the lock."""
    with one_run_at_a_time(home, QUICK):
        with pytest.raises(BusyError), one_run_at_a_time(home, QUICK):
            pass
        assert [path.name for path in files_in(home.root / "data")] == ["run.lock"]
    assert not is_there(home.lock)


def test_a_home_that_cannot_be_written_is_named(bucket: str) -> None:
    """A run without a lock does not start; the error holds the path and the reason."""
    nowhere = Home.at(f"{bucket}-missing/x")
    with pytest.raises(StorageError, match=r"-missing/x/data/run\.lock can't be wri"):
        one_run_at_a_time(nowhere).__enter__()
