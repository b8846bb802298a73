"""The stages of `pipeline/symbol.py` as Prefect tasks, and the threads they run on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from market_data.sources import PriceSource
from pipeline.plan import RunPlan
from pipeline.progress import Progress
from pipeline.run import RunResources, open_run
from pipeline.symbol import EachSymbol, TrainingStages
from pipeline.symbol import Stages as ScreeningStages
from screening.findings import SymbolFindings
from storage.home import Home
from tasks.progress_artifact import ProgressArtifact
from tasks.server_pace import request_pace

RESUMED = "Resumed"
"""The state of a stage whose result comes from an earlier, unfinished run."""

JOINT_STAGES = ("read_headlines", "distributions")
"""Stages that take all symbols at once."""

ARITHMETIC = ("forecast", "guard")
"""Stages that ask no source and no process: a task run costs more than their work."""

NETWORK_THREADS_PER_PROCESS = 2
"""A symbol waits on a thread; downloads go on while all processes are training."""

NETWORK_THREADS = 16
"""At least so many where a stage waits for answers from a network."""

MAX_THREADS = 512
"""345 threads cost a run 80 MB, and 12 % more CPU seconds than 102 threads."""


@contextmanager
def open_flow_run(plan: RunPlan, flow: str) -> Iterator[RunResources]:
    """Open what the stages share, with the pace and the progress of Prefect's server.

    Raises
    ------
    ClusterUnavailable
        As `open_run`.
    """
    pace = request_pace(plan.settings.prices.requests_per_second)
    progress = Progress(plan.symbols, ProgressArtifact())
    with open_run(plan, flow, pace, progress) as run:
        network = waits_for_network(plan.home, run.feeds.prices)
        with waiting_threads(thread_count(run.pool.count, network=network)):
            yield run


def waits_for_network(home: Home, prices: PriceSource) -> bool:
    """Return whether the home or the source of the prices is on another machine."""
    return prices.remote or not isinstance(home.root, Path)


def thread_count(processes: int, *, network: bool) -> int:
    """Return how many symbols a run with so many training processes works on at once.

    `network` is the answer of `waits_for_network`. Without a network one thread
    prepares the next symbol while all processes are training; more would only compete
    for Python's interpreter.
    """
    if not network:
        return min(MAX_THREADS, processes + 1)
    wanted = min(MAX_THREADS, NETWORK_THREADS_PER_PROCESS * processes)
    return max(NETWORK_THREADS, wanted)


def as_tasks[Stages: TrainingStages](plan: RunPlan, stages: Stages) -> Stages:
    """Return the same stages; their calls are task runs like `download CBA.AX`.

    The stages of `ARITHMETIC` stay functions.
    """
    wrapped = {
        field.name: _as_task(plan, field.name, stages)
        for field in fields(stages)
        if field.name not in ("resumed", *JOINT_STAGES, *ARITHMETIC)
    }
    if isinstance(stages, ScreeningStages):
        wrapped |= {name: _as_joint_task(plan, name, stages) for name in JOINT_STAGES}
    return replace(stages, **wrapped)


def as_symbol_tasks(plan: RunPlan, run: RunResources) -> EachSymbol:
    """Return a `map` whose calls are task runs like `symbol CBA.AX`, in parallel.

    Use it inside a flow run.
    """

    def each_symbol(
        work: Callable[[str], SymbolFindings], symbols: Sequence[str]
    ) -> list[SymbolFindings]:
        @_task(plan, "symbol")
        def work_and_count(symbol: str) -> SymbolFindings:
            found = work(symbol)
            run.progress.end_symbol(symbol)
            return found

        futures = [work_and_count.submit(symbol) for symbol in symbols]
        return [future.result() for future in futures]

    return each_symbol


def _as_joint_task(
    plan: RunPlan, name: str, stages: ScreeningStages
) -> Callable[..., Any]:
    """Return a function that calls the stage of all symbols in one task run."""
    run = _task(plan, name.replace("_", " "), "")(getattr(stages, name))
    return lambda inputs: run(quote(inputs))


def _as_task(plan: RunPlan, name: str, stages: TrainingStages) -> Callable[..., Any]:
    """Return a function that calls the stage in a task run of its own."""
    stage = getattr(stages, name)

    @_task(plan, name)
    def run(symbol: str, inputs: tuple[Any, ...]) -> Any:  # noqa: ANN401
        found = stage(symbol, *inputs)
        if name in stages.resumed(symbol):
            message = "done by an earlier, unfinished run"
            return Completed(name=RESUMED, message=message, data=found)
        return found

    def call(symbol: str, *inputs: Any) -> Any:  # noqa: ANN401
        # Without `quote` Prefect searches all of the inputs for futures.
        found = run(symbol, quote(inputs))
        return found.result() if isinstance(found, State) else found

    return call


def _task(plan: RunPlan, name: str, subject: str = "{symbol}") -> Callable[..., Any]:
    """Return the decorator of a task whose runs are called `NAME SYMBOL AS_OF`."""
    run_name = " ".join(part for part in (name, subject, str(plan.as_of)) if part)
    return task(name=name, task_run_name=run_name, cache_policy=NO_CACHE)


@contextmanager
def waiting_threads(count: int) -> Iterator[None]:
    """Run the tasks of this flow run on `count` threads.

    The task runner in a flow's decorator is created too early: before the settings are
    read and before a cluster has answered.
    """
    flow_run = FlowRunContext.get()
    if flow_run is None:
        raise RuntimeError("not inside a flow run; call this from a flow.")
    threads = ThreadPoolTaskRunner[Any](max_workers=count)
    with threads, flow_run.model_copy(update={"task_runner": threads}):
        yield
