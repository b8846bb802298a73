"""The flow that refreshes models: prices in, one trained LSTM a symbol."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from config.parameters import PresetName, TrainingOverrides
from flows.run_name import run_name
from market_data.selection import Selection, Universe
from market_data.sources import SourceName
from pipeline.plan import AsOf, RunPlan, plan_run
from pipeline.run import training_stages
from pipeline.symbol import train_symbol
from screening.summary import RunSummary
from tasks.publish import final_state, training_summary
from tasks.stages import as_symbol_tasks, as_tasks, open_flow_run
from tasks.turn import exclusive_home


@flow(name="lstm-training", flow_run_name=run_name)
def lstm_training(
    selection: Selection = Universe(universe="asx_priority"),
    source: SourceName = "yahoo",
    folder: Path | None = None,
    as_of: AsOf | None = None,
    train: Literal["always", "stale"] = "always",
    preset: PresetName = "standard",
    parameters: TrainingOverrides = TrainingOverrides(),
    home: str | None = None,
) -> State[RunSummary]:
    """Train one LSTM a symbol: download, indicators, training.

    Args:
        selection: Which symbols: a stock list by name, symbols, a file, or a list of
            your own.
        source: Where prices come from.
        folder: The folder source's folder; it holds `prices/`.
        as_of: Use nothing dated later; empty: today.
        train: Which models to train: all, or missing and stale ones.
        preset: How models are trained, unless a parameter says otherwise.
        parameters: What differs from the preset.
        home: A folder, or s3://bucket/folder, of data, models and reports; empty:
            OVERNIGHT_HOME.
    """
    return train_all(
        plan_run(
            selection,
            source=source,
            folder=folder,
            as_of=as_of,
            train=train,
            preset=preset,
            parameters=parameters,
            home=home,
            now=datetime.now(UTC),
        )
    )


def train_all(plan: RunPlan) -> State[RunSummary]:
    """Train the night's symbols inside a flow run; return its final state."""
    with exclusive_home(plan), open_flow_run(plan, "training") as run:
        stages = as_tasks(plan, training_stages(plan, run))
        train_one = partial(train_symbol, plan, stages)
        found = [*as_symbol_tasks(plan, run)(train_one, plan.symbols)]
        summary = training_summary(plan, found, run.notices, datetime.now(UTC))
        run.close(summary)
    return final_state(summary, plan.settings.run.min_coverage)
