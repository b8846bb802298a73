"""Where a run computes: this machine or a Dask cluster, and how many threads wait.

The settings decide when a run starts; nothing here knows Dask until it is asked for.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.context import FlowRunContext
from prefect.task_runners import ThreadPoolTaskRunner

from config.errors import ParameterError
from config.places import AnyPath
from config.settings import RunSettings, Settings
from tasks.machine import process_count, this_machine
from tasks.slots import ProcessSlots, Slots

FEWEST_THREADS = 16
THREADS_A_SLOT = 6
"""A thread is held by each task of a symbol's chain, most of them waiting."""

MOST_THREADS = 512
"""A symbol in training holds two threads, one of them for its forecast, which waits:
256 symbols train at once. 345 threads cost a run 80 MB and an eighth of its CPU seconds
more than 102.
"""


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


def opened_slots(
    settings: Settings, symbols: int, home: AnyPath
) -> tuple[Slots, tuple[str, ...]]:
    """Return the slots of a run over `symbols`, and notices for the run's head.

    Enter the slots to have them closed.

    Raises
    ------
    ClusterUnavailable
        If the Dask cluster asked for does not answer, or can't run our jobs.
    """
    run, engine = settings.run, settings.models.engine
    limit = settings.models.training_seconds
    if run.runner == "dask":
        from tasks.dask_slots import DaskSlots  # noqa: PLC0415  an extra, seconds

        name = f"overnight {home.absolute()}"
        there = DaskSlots(
            run.dask_scheduler, name, run.models_per_process, limit, engine
        )
        return there, ()
    return local_slots(settings, symbols)


def local_slots(
    settings: Settings, symbols: int
) -> tuple[ProcessSlots, tuple[str, ...]]:
    """Return slots on this machine's processor, and notices for the run's head."""
    run, machine = settings.run, this_machine()
    processes = process_count(
        run.training_processes,
        machine.cores,
        machine.available_mb,
        run.process_memory_mb,
        symbols,
    )
    slots = ProcessSlots(
        processes.count,
        run.models_per_process,
        settings.models.training_seconds,
        settings.models.engine,
    )
    return slots, ((processes.notice,) if processes.notice else ())


@contextmanager
def waiting_threads(slots: int) -> Iterator[None]:
    """Let the tasks of this flow run wait on enough threads to keep `slots` busy.

    A flow's own task runner is fixed where the flow is written, before settings are
    read or a cluster has answered.
    """
    count = max(FEWEST_THREADS, min(MOST_THREADS, THREADS_A_SLOT * slots))
    flow_run = FlowRunContext.get()
    if flow_run is None:
        raise RuntimeError("threads must be opened inside a flow run, got none.")
    threads = ThreadPoolTaskRunner[Any](max_workers=count)
    with threads, flow_run.model_copy(update={"task_runner": threads}):
        yield
