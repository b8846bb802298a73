"""The flow that refreshes models: prices in, one trained LSTM a symbol."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from config.parameters import PresetName, TrainingOverrides
from flows.overnight_screening import WAITING_THREADS
from flows.run_name import run_name
from market_data.selection import Selection, Universe
from market_data.sources import SourceName
from screening.summary import RunSummary
from tasks.chain import findings_of, opened_workshop, training_chain
from tasks.night import AsOf, Night, planned_night
from tasks.publish import final_state, training_summary
from tasks.turn import its_turn


@flow(
    name="lstm-training",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WAITING_THREADS),  # type: ignore[arg-type]
)
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
    return trained(
        planned_night(
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


def trained(night: Night) -> State[RunSummary]:
    """Train the night's symbols inside a flow run; return its final state."""
    with its_turn(night), opened_workshop(night, "training") as shop:
        chains = [training_chain(night, symbol, shop) for symbol in night.symbols]
        findings = [findings_of(night, chain, shop) for chain in chains]
        ended_at = datetime.now(UTC)
        summary = training_summary(night, findings, shop.notices, ended_at)
        shop.close(summary)
    return final_state(summary, night.settings.run.minimum_coverage)
