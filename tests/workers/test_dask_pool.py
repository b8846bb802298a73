"""Lost Dask workers, and clusters that can't be used."""

import time
from pathlib import Path

import pool_jobs
import pytest
from dask_cluster import dask_cluster

from config.errors import ClusterUnavailable, TrainingFailed
from workers.dask_pool import DaskPool

pytestmark = pytest.mark.long


def test_a_job_of_a_lost_worker_is_done_elsewhere(
    dask_address: str, tmp_path: Path
) -> None:
    """After a worker's `kill -9` another worker runs its job."""
    marker = tmp_path / "marker"
    with DaskPool(dask_address, "lost", 5, 30) as pool:
        answer = pool.run(pool_jobs.kill_the_parent_once, marker)
    assert answer != int(marker.read_text())


def test_a_job_that_kills_its_workers_is_given_up(dask_address: str) -> None:
    """A job that kills worker after worker fails; the cluster runs other jobs."""
    with DaskPool(dask_address, "poison", 5, 60) as pool:
        with pytest.raises(TrainingFailed, match="lost 2 times, probably out"):
            pool.run(pool_jobs.kill_the_parent, None)
        assert pool.run(pool_jobs.process_id, None) > 0


def test_no_scheduler_is_one_sentence(free_port: int) -> None:
    """Without a scheduler a run ends soon; the message holds the address."""
    start = time.monotonic()
    with pytest.raises(ClusterUnavailable, match=f"127.0.0.1:{free_port} within"):
        DaskPool(f"tcp://127.0.0.1:{free_port}", "nobody", 5, 30)
    assert time.monotonic() - start < 15


def test_an_address_without_a_port_is_refused() -> None:
    """A text that is not an address gives the same message."""
    with pytest.raises(ClusterUnavailable, match="answered at scheduler within"):
        DaskPool("scheduler", "nobody", 5, 30)


def test_workers_that_allow_no_processes_are_named(tmp_path: Path) -> None:
    """A worker with Dask's defaults is refused; the message says how to start it."""
    with (
        dask_cluster(tmp_path, workers=1, daemon=True) as address,
        pytest.raises(ClusterUnavailable, match="DASK_DISTRIBUTED__WORKER__DAEMON"),
    ):
        DaskPool(address, "daemon", 5, 30)
