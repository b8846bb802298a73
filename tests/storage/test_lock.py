"""One run at a time in a home: a file lock on a disk, a lease in S3."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from upath import UPath

from config.errors import BusyError, LostHome, StorageError
from storage.home import Home, write_atomic
from storage.lease import Lease
from storage.lock import LeaseTimes, one_run_at_a_time, require_free
from storage.paths import (
    files_in,
    is_there,
    move,
    object_version,
    read_bytes,
    remove,
    remove_tree,
)
from storage.store_requests import change, guard_of, guarded

QUICK = LeaseTimes(heartbeat_seconds=0.2, expiry_seconds=2, settle_seconds=0.5)
"""S3 stores the time of an object in whole seconds."""

SHORT = LeaseTimes(heartbeat_seconds=60, expiry_seconds=0.6, settle_seconds=0.1)
"""Without heartbeats: the run itself renews its lease when it writes."""

EXPIRED_SECONDS = QUICK.expiry_seconds + 1.1
"""At this age a lease has expired, whatever S3 cut off its times."""

in_a_store = pytest.mark.parametrize("home", ["s3"], indirect=True)


OTHER = '{"run": "other", "host": "there", "process": 7}'
"""The lease of another run."""


@pytest.fixture
def expire() -> Callable[[Home], None]:
    """Return a function that makes a home's lease so old that it has expired."""
    # Not imported in each spawned process.
    from moto.core import DEFAULT_ACCOUNT_ID  # noqa: PLC0415
    from moto.s3.models import s3_backends  # noqa: PLC0415

    def run(home: Home) -> None:
        bucket, _, key = home.lock.path.partition("/")
        lease = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[bucket].keys[key]
        lease.last_modified -= timedelta(seconds=EXPIRED_SECONDS)

    return run


def take_over(home: Home) -> None:
    """Make the lease another run's, as if this process had been suspended."""
    assert isinstance(home.lock, UPath)
    home.lock.fs.pipe_file(home.lock.path, OTHER.encode())


def write_until_stopped(home: Home, ready: Connection) -> None:
    """Hold a home and write into it all the time, in a process that a test suspends."""
    try:
        with one_run_at_a_time(home, QUICK):
            ready.send("held")
            while True:
                write_atomic(home.models / "a.json", "written by the suspended run")
    except LostHome as error:
        ready.send(str(error))


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
def test_a_killed_runs_home_is_taken_over(
    home: Home, expire: Callable[[Home], None]
) -> None:
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
        expire(home)
    with one_run_at_a_time(home, QUICK):
        assert is_there(home.lock)


@in_a_store
def test_of_many_that_take_over_one_wins(
    home: Home, expire: Callable[[Home], None]
) -> None:
    """Of runs that find the same expired lease at once, all but one are refused."""
    write_atomic(home.lock, "left by a killed run")
    expire(home)
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
            take_over(home)
            time.sleep(1)

    with pytest.raises(LostHome, match=r"another run \(process 7 on there\) took over"):
        stall()
    assert read_bytes(home.lock) == OTHER.encode()


@in_a_store
def test_a_suspended_run_writes_nothing_after_a_takeover(
    home: Home, expire: Callable[[Home], None]
) -> None:
    """A run that goes on after another took its home over changes no file, and ends."""
    context = multiprocessing.get_context("spawn")
    receiver, ready = context.Pipe(duplex=False)
    child = context.Process(target=write_until_stopped, args=(home, ready))
    child.start()
    assert receiver.recv() == "held"
    assert child.pid
    os.kill(child.pid, signal.SIGSTOP)
    # By its own clock a run counts its lease as valid for half of the expiry.
    time.sleep(QUICK.expiry_seconds / 2 + 0.1)
    expire(home)
    with one_run_at_a_time(home, QUICK):
        write_atomic(home.models / "a.json", "ours")
        os.kill(child.pid, signal.SIGCONT)
        sentence = receiver.recv()
    child.join()
    assert f"process {os.getpid()} on" in sentence
    assert read_bytes(home.models / "a.json") == b"ours"


CHANGES: list[Callable[[Home], object]] = [
    lambda home: write_atomic(home.models / "a.json", "changed"),
    lambda home: move(home.models / "a.json", home.models / "b.json"),
    lambda home: remove(home.models / "a.json"),
    lambda home: remove_tree(home.models),
]


@in_a_store
def test_no_change_reaches_a_lost_home(home: Home) -> None:
    """No way to change a file works after another run has taken the lease."""

    def lose() -> None:
        with one_run_at_a_time(home, SHORT):
            write_atomic(home.models / "a.json", "kept")
            take_over(home)
            time.sleep(SHORT.expiry_seconds)
            for change_home in CHANGES:
                with pytest.raises(LostHome):
                    change_home(home)

    with pytest.raises(LostHome):
        lose()
    assert [path.name for path in files_in(home.models)] == ["a.json"]
    assert read_bytes(home.models / "a.json") == b"kept"


@in_a_store
def test_a_request_that_waited_is_not_sent(home: Home) -> None:
    """A process that is suspended between the check and the request sends nothing."""
    path = home.models / "a.json"
    assert isinstance(path, UPath)

    def send_late() -> None:
        take_over(home)
        time.sleep(SHORT.expiry_seconds)
        path.fs.pipe_file(path.path, b"late")

    with pytest.raises(LostHome), one_run_at_a_time(home, SHORT):
        change(path, send_late)
    assert not is_there(path)


@in_a_store
def test_a_run_whose_home_nobody_took_over_goes_on(home: Home) -> None:
    """A suspension alone ends no run: its lease is renewed before the next write."""
    with one_run_at_a_time(home, SHORT):
        time.sleep(2 * SHORT.expiry_seconds)
        write_atomic(home.models / "a.json", "after")
    assert read_bytes(home.models / "a.json") == b"after"


@in_a_store
def test_a_training_process_asks_for_the_lease_itself(home: Home) -> None:
    """The copy of a lease in another process writes for its run, and not for others."""
    path = home.models / "a.json"
    with one_run_at_a_time(home, QUICK):
        copies = [pickle.dumps(guard_of(path)) for _ in range(2)]
        with guarded(pickle.loads(copies[0])):  # noqa: S301  our own bytes
            write_atomic(path, "of the run")
    late = guarded(pickle.loads(copies[1]))  # noqa: S301
    with one_run_at_a_time(home, QUICK), late, pytest.raises(LostHome):
        write_atomic(path, "of a run that has ended")
    assert read_bytes(path) == b"of the run"


@in_a_store
def test_a_request_whose_answer_was_lost_is_no_other_runs_lease(home: Home) -> None:
    """S3's client repeats such a request; the store refuses it, but has the lease."""
    assert isinstance(home.lock, UPath)
    first, repeated, other = (
        Lease(home.lock, QUICK, run) for run in ("ours", "ours", "other")
    )
    assert [lease.create() for lease in (first, repeated, other)] == [True, True, False]
    version = object_version(home.lock)
    takeovers = [lease.replace(version) for lease in (other, other, first)]
    assert takeovers == [True, True, False]


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
    with pytest.raises(
        StorageError, match="the bucket s3://nights-missing does not exist; create it"
    ):
        one_run_at_a_time(nowhere).__enter__()
