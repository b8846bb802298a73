"""Where a run computes: on this machine or on a Dask cluster.

The settings decide when a run starts; Dask is imported only if it is asked for.
"""

import importlib.util

from config.errors import ParameterError
from config.settings import RunSettings, Settings
from storage.paths import StoragePath
from workers.process_pool import ProcessPool, WorkerPool
from workers.resources import process_count, this_machine


def require_runner(run: RunSettings) -> None:
    """Refuse a runner that can't be had here, before anything starts.

    Raises
    ------
    ParameterError
        If Dask is asked for without a scheduler, or is not installed.
    """
    if run.runner == "local":
        return
    if not run.dask_scheduler:
        raise ParameterError(
            "`run.dask_scheduler` must be the address of a running scheduler with "
            'runner = "dask", got none; e.g. dask_scheduler = "tcp://scheduler:8786".'
        )
    if importlib.util.find_spec("distributed") is None:
        raise ParameterError(
            '`run.runner` must be one that is installed, got "dask" without its '
            "packages; get them: `uv sync --extra dask`, or "
            "`pip install 'event-risk-guard[dask]'`."
        )


def open_pool(
    settings: Settings, symbols: int, home: StoragePath
) -> tuple[WorkerPool, tuple[str, ...]]:
    """Return the slots of a run over `symbols`, and notices for the run's head.

    Enter the slots to have them closed.

    Raises
    ------
    ClusterUnavailable
        If the Dask cluster asked for does not answer, or can't run our jobs.
    """
    run = settings.run
    limit = settings.models.training_seconds
    if run.runner == "dask":
        from workers.dask_pool import DaskPool  # noqa: PLC0415  an extra, seconds

        name = f"overnight {home.absolute()}"
        there = DaskPool(run.dask_scheduler, name, run.models_per_process, limit)
        return there, ()
    return open_local_pool(settings, symbols)


def open_local_pool(
    settings: Settings, symbols: int
) -> tuple[ProcessPool, tuple[str, ...]]:
    """Return slots on this machine's processor, and notices for the run's head."""
    run, machine = settings.run, this_machine()
    processes = process_count(
        run.training_processes,
        machine.cores,
        machine.available_mb,
        run.process_memory_mb,
        symbols,
    )
    pool = ProcessPool(
        processes.count,
        run.models_per_process,
        settings.models.training_seconds,
    )
    return pool, ((processes.notice,) if processes.notice else ())
