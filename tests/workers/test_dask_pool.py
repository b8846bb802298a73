"""Lost Dask workers, and clusters that can't be used."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pool_jobs
import psutil
import pytest
from dask.system import CPU_COUNT
from dask_cluster import (
    NAMED,
    TESTS,
    Cluster,
    dask_cluster,
    more_workers,
    page_lines,
    typed,
)
from distributed import Client
from object_store import CREDENTIALS

from config.errors import ClusterFailed, ClusterUnavailable
from storage.home import Home, write_atomic
from workers.dask_pool import DaskPool
from workers.dask_workers import POLL_SECONDS, DaskWorkers
from workers.versions import PACKAGES, training_versions

pytestmark = pytest.mark.long

HELD = Path(__file__)
"""Stands for the file that a run holds in its home: the workers see it too."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give a cluster of one worker with little memory and without the bucket's keys.

    A nanny starts its worker again. The last test of this file kills its scheduler.
    """
    no_keys = dict.fromkeys(CREDENTIALS, "")
    with (
        dask_cluster(tmp_path_factory.mktemp("dask"), 0) as opened,
        more_workers(opened, no_keys, "--memory-limit", "900MB"),
    ):
        yield opened


def test_the_lines_of_the_page_start_a_cluster(
    cluster: Cluster, tmp_path: Path
) -> None:
    """The page's own lines give one worker per core, and each runs jobs."""
    _, words = page_lines()
    words[words.index(NAMED)] = cluster.address
    with (
        Client(cluster.address, set_as_default=False) as client,
        typed(tmp_path, words),
    ):
        client.wait_for_workers(1 + CPU_COUNT, timeout=60)
        with DaskPool(cluster.address, HELD, 60) as pool:
            assert pool.count == 1 + CPU_COUNT
            assert pool.run(pool_jobs.process_id, None) > 0
            assert not pool.notices
        assert "Traceback" not in (tmp_path / "worker.log").read_text()


def test_a_pool_is_open_when_its_workers_have_answered(dask_address: str) -> None:
    """It does not wait for the next look at the cluster, which is 2 s later."""
    seconds = []
    for _ in range(3):
        start = time.monotonic()
        with DaskPool(dask_address, HELD, 30) as pool:
            seconds.append(time.monotonic() - start)
            assert pool.count == 2
    assert min(seconds) < POLL_SECONDS


def test_a_job_of_a_lost_worker_is_done_elsewhere(
    dask_address: str, tmp_path: Path
) -> None:
    """After a worker's `kill -9` another process runs its job."""
    marker = tmp_path / "marker"
    with DaskPool(dask_address, HELD, 30) as pool:
        answer = pool.run(pool_jobs.die_once, marker)
    assert answer != int(marker.read_text())


def test_a_job_that_kills_its_workers_is_given_up(dask_address: str) -> None:
    """A job that kills its workers fails and names them; others are done."""
    with DaskPool(dask_address, HELD, 60) as pool, ThreadPoolExecutor(2) as threads:
        others = threads.submit(
            lambda: [pool.run(pool_jobs.process_id, None) for _ in range(20)]
        )
        with pytest.raises(ClusterFailed, match=r"tcp://.*was lost.*out of memory"):
            pool.run(pool_jobs.die, None)
        assert len(others.result()) == 20


def test_a_job_that_lets_no_thread_run_is_ended(cluster: Cluster) -> None:
    """A hanging job fails at its limit; its worker is ended and started anew."""
    with DaskPool(cluster.address, HELD, 2) as pool:
        before = pool.run(pool_jobs.process_id, None)
        start = time.monotonic()
        with pytest.raises(ClusterFailed, match=r"tcp://\S+ did not end within 2 s"):
            pool.run(pool_jobs.hold_the_interpreter, 600)
        assert time.monotonic() - start < 10
        assert pool.run(pool_jobs.process_id, None) != before


def test_a_stopped_worker_loses_its_job(dask_address: str) -> None:
    """A suspended worker is lost for its silence: another one does its job."""
    losses: SimpleQueue[ClusterFailed] = SimpleQueue()
    with (
        Client(dask_address, set_as_default=False) as client,
        DaskPool(dask_address, HELD, 300, silent_seconds=8) as pool,
        ThreadPoolExecutor(3) as threads,
    ):
        workers = DaskWorkers(client, dask_address, training_versions(), HELD, 8)
        for _ in range(workers.wait_until_checked()):
            workers.take(losses.put)
        stopped = pool.run(pool_jobs.process_id, None)
        os.kill(stopped, signal.SIGSTOP)
        jobs = [threads.submit(pool.run, pool_jobs.sleep, 1.0) for _ in range(3)]
        assert [job.result() for job in jobs] == [None, None, None]
        assert "sent no heartbeat for 8 s" in losses.get(timeout=60).problem
        os.kill(stopped, signal.SIGKILL)


def test_a_worker_whose_memory_is_full_is_started_anew(cluster: Cluster) -> None:
    """Dask pauses such a worker; the next job gets a new process of its nanny."""
    with DaskPool(cluster.address, HELD, 300) as pool:
        processes = {pool.run(pool_jobs.keep_memory, 550) for _ in range(2)}
    assert len(processes) == 2


def test_a_worker_that_can_not_write_is_named(cluster: Cluster, tmp_path: Path) -> None:
    """An error that is not the symbol's is the cluster's, and names the worker."""
    with (
        DaskPool(cluster.address, HELD, 60) as pool,
        pytest.raises(
            ClusterFailed, match=r"worker tcp://\S+ could not train: FileNot"
        ),
    ):
        pool.run(pool_jobs.fail_to_write, tmp_path)


def test_the_job_of_a_killed_run_ends(cluster: Cluster, tmp_path: Path) -> None:
    """A job whose run is killed ends with its process, and writes nothing any more."""
    late = tmp_path / "late"
    script = (
        "import sys; from pathlib import Path; import pool_jobs\n"
        "from workers.dask_pool import DaskPool\n"
        "_, address, held, late = sys.argv\n"
        "with DaskPool(address, Path(held), 300) as pool:\n"
        "    print(pool.run(pool_jobs.process_id, None))\n"
        "    pool.run(pool_jobs.write_later, (60.0, Path(late)), print)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", script, cluster.address, HELD, late],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
    ) as run:
        assert run.stdout
        worker = psutil.Process(int(run.stdout.readline()))
        assert b"EpochDone" in run.stdout.readline()
        run.kill()
    worker.wait(timeout=30)
    assert not late.exists()


def test_no_scheduler_is_one_sentence(free_port: int) -> None:
    """Without a scheduler a run ends at its limit; the message holds the address."""
    start = time.monotonic()
    with pytest.raises(ClusterUnavailable, match=f"127.0.0.1:{free_port} within 1 s"):
        DaskPool(f"tcp://127.0.0.1:{free_port}", HELD, 30, connect_seconds=1)
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_peer_that_is_no_scheduler_is_one_sentence(answer: bytes) -> None:
    """A peer that accepts and is silent, or answers otherwise, costs the limit."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def accept() -> None:
            kept.append(server.accept()[0])
            kept[0].sendall(answer)

        threading.Thread(target=accept, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(ClusterUnavailable, match="no Dask scheduler answered"):
            DaskPool(
                f"tcp://127.0.0.1:{server.getsockname()[1]}",
                HELD,
                30,
                connect_seconds=1,
            )
        assert time.monotonic() - start < 6
    kept[0].close()


def test_an_address_without_a_port_is_refused() -> None:
    """A text that is not an address gives the same message."""
    with pytest.raises(ClusterUnavailable, match="answered at scheduler within"):
        DaskPool("scheduler", HELD, 30)


def test_a_worker_of_another_version_is_refused(
    cluster: Cluster, tmp_path: Path
) -> None:
    """It is named with what differs; another worker does the jobs."""
    for name in PACKAGES:
        shutil.copytree(TESTS.parent / name, tmp_path / "other" / name)
    with (tmp_path / "other" / "config" / "parameters.py").open("a") as file:
        file.write("SEED = 8\n")
    path = {"PYTHONPATH": f"{tmp_path / 'other'}:{TESTS}"}
    with more_workers(cluster, path), DaskPool(cluster.address, HELD, 60) as pool:
        ran = {pool.run(pool_jobs.process_id, None) for _ in range(4)}
    (notice,) = pool.notices
    assert "versions are not those of the run: source" in notice
    assert len(ran) == 1


def test_a_worker_without_keys_is_refused(bucket: str, cluster: Cluster) -> None:
    """If no worker is usable the run does not begin; the message names each."""
    home = Home.at(f"{bucket}/keys")
    write_atomic(home.lock, "held")
    with (
        more_workers(cluster, {}, "--no-nanny"),
        pytest.raises(ClusterUnavailable) as refused,
    ):
        DaskPool(cluster.address, home.lock, 60)
    assert "can't read the run's home" in str(refused.value)
    assert "omit --no-nanny" in str(refused.value)


@pytest.mark.parametrize("silent", [True, False], ids=["stopped", "killed"])
def test_a_scheduler_lost_in_the_middle_is_one_sentence(
    cluster: Cluster, tmp_path: Path, *, silent: bool
) -> None:
    """Jobs end with the same sentence, at once after the first, and so does close."""
    limit, begun = 3 if silent else 60, threading.Event()
    job = pool_jobs.write_later, (200.0, tmp_path / "late"), lambda _: begun.set()
    with DaskPool(
        cluster.address, HELD, 300, silent_seconds=limit, connect_seconds=3
    ) as pool:
        with ThreadPoolExecutor(2) as threads:
            jobs = [threads.submit(pool.run, *job) for _ in range(2)]
            begun.wait()
            cluster.scheduler.send_signal(signal.SIGSTOP if silent else signal.SIGKILL)
        expected = "did not answer for 3 s" if silent else "ended or lost"
        for one in jobs:
            with pytest.raises(ClusterFailed, match=f"{cluster.address} {expected}"):
                one.result()
        start = time.monotonic()
        with pytest.raises(ClusterFailed, match=expected):
            pool.run(pool_jobs.process_id, None)
    assert time.monotonic() - start < 10
    cluster.scheduler.send_signal(signal.SIGCONT)
