"""The flow that trains one LSTM per symbol."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.request import name_run, taking
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.run import training_stages
from pipeline.symbol import train_symbol
from screening.summary import RunSummary
from tasks.exclusive_home import exclusive_home
from tasks.publish import final_state, training_summary
from tasks.run_log import log_run
from tasks.stages import as_symbol_tasks, as_tasks, open_flow_run


@dataclass(frozen=True, kw_only=True)
class TrainingRequest(RunRequest):
    """What a training run is asked to do."""

    train: Annotated[
        Literal["always", "stale"],
        "Which models to train: all, or missing and stale ones.",
    ] = "always"


@flow(name="lstm-training", flow_run_name=name_run(TrainingRequest))
@taking(TrainingRequest)
def lstm_training(request: TrainingRequest) -> State[RunSummary]:
    """Train one LSTM per symbol: download, indicators, training."""
    return train_all(plan_run(request, datetime.now(UTC)))


def train_all(plan: RunPlan) -> State[RunSummary]:
    """Train the plan's symbols inside a flow run; return its final state."""
    with exclusive_home(plan), log_run(plan, "training") as log:
        with open_flow_run(plan, "training") as run:
            stages = as_tasks(plan, training_stages(plan, run))
            train = partial(train_symbol, plan, stages)
            found = [*as_symbol_tasks(plan, run)(train, plan.symbols)]
            summary = training_summary(plan, found, run.notices, datetime.now(UTC))
            run.close(summary)
        log.end(summary)
    return final_state(summary)
