"""A night that is suspended while it trains, and whose home another run takes over."""

import multiprocessing
import time
import uuid
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest
from conftest import asked_for
from plain_night import screened
from upath import UPath

from config.errors import LostHome
from pipeline.plan import RunRequest, plan_night
from storage.home import Home
from storage.lock import LeaseTimes, one_run_at_a_time
from workers.process_pool import ProcessPool

pytestmark = pytest.mark.long

LEASE = LeaseTimes(heartbeat_seconds=0.5, expiry_seconds=5, settle_seconds=0.5)


def train_until_lost(home: Home, market: Path, ready: Connection) -> None:
    """Run a night that trains two symbols; send the sentence with which it ends."""
    changes = {"train": "always"}
    request = RunRequest(**asked_for(market, home.root, ("AAA.AX", "BBB.AX"), changes))
    plan = plan_night(request, datetime.now(UTC))
    try:
        with one_run_at_a_time(home, LEASE), ProcessPool(1, 10, 300) as pool:
            screened(plan, pool, only=False)
    except LostHome as error:
        ready.send(str(error))


def objects(home: Home) -> dict[str, tuple[str, datetime]]:
    """Return the content's digest and the time of each object of a home in S3."""
    assert isinstance(home.root, UPath)
    home.root.fs.invalidate_cache()
    found = home.root.fs.find(home.root.path, detail=True)
    return {name: (one["ETag"], one["LastModified"]) for name, one in found.items()}


def training_process(night: psutil.Process) -> psutil.Process:
    """Return the night's training process once it is at work."""
    while True:
        for found in night.children(recursive=True):
            if found.cpu_times().user > 1:
                return found
        time.sleep(0.05)


def test_a_night_suspended_in_training_leaves_the_home_to_its_successor(
    bucket: str, market: Path
) -> None:
    """It saves no model, writes no file, ends its training and names the cause."""
    home = Home.at(f"{bucket}/{uuid.uuid4().hex}")
    receiver, ready = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    night = context.Process(target=train_until_lost, args=(home, market, ready))
    night.start()
    run = psutil.Process(night.pid)
    trainer = training_process(run)
    suspended = [run, trainer]
    for process in suspended:
        process.suspend()
    time.sleep(LEASE.expiry_seconds + 1.1)  # S3 has whole seconds.
    with one_run_at_a_time(home, LEASE):
        pass
    before = objects(home)
    for process in suspended:
        process.resume()
    assert "took over" in receiver.recv()
    night.join()
    assert not trainer.is_running()
    assert objects(home) == before
