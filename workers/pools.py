"""Opens the worker pool that the settings choose: this machine or a Dask cluster."""

import importlib.util

from config.errors import ParameterError
from config.settings import RunSettings, Settings
from storage.home import Home
from workers.process_pool import ProcessPool, WorkerPool
from workers.resources import process_count, this_machine


def require_runner(run: RunSettings) -> None:
    """Refuse a runner that is not available, before a run starts.

    Raises
    ------
    ParameterError
        If the runner is Dask and no scheduler is set, or Dask is not installed.
    """
    if run.runner == "local":
        return
    if not run.dask_scheduler:
        raise ParameterError(
            '`run.runner` is "dask" and `run.dask_scheduler` is empty',
            'set the scheduler\'s address, e.g. dask_scheduler = "tcp://scheduler:8786"',
        )
    if importlib.util.find_spec("distributed") is None:
        raise ParameterError(
            '`run.runner` is "dask", and Dask is not installed',
            "install it: `uv sync --extra dask`, or "
            "`pip install 'event-risk-guard[dask]'`",
        )


def open_pool(
    settings: Settings, symbols: int, home: Home
) -> tuple[WorkerPool, tuple[str, ...]]:
    """Return the pool for a run over `symbols`, and notices for the run's head.

    The caller holds the home's lock and enters the pool, which closes it at the end.

    Raises
    ------
    ClusterUnavailable
        If the Dask cluster does not answer or can't run our jobs.
    """
    run = settings.run
    if run.runner == "local":
        return open_local_pool(settings, symbols)
    from workers.dask_pool import DaskPool  # noqa: PLC0415  optional, takes seconds

    seconds = settings.models.training_seconds
    return DaskPool(run.dask_scheduler, home.lock, seconds), ()


def open_local_pool(
    settings: Settings, symbols: int
) -> tuple[ProcessPool, tuple[str, ...]]:
    """Return a pool on this machine's processors, and notices for the run's head."""
    run, machine = settings.run, this_machine()
    processes = process_count(
        run.training_processes,
        machine.cores,
        machine.available_mb,
        run.process_memory_mb,
        symbols,
    )
    pool = ProcessPool(
        processes.count, run.models_per_process, settings.models.training_seconds
    )
    return pool, ((processes.notice,) if processes.notice else ())
