"""The flow of one night: prices in, the screening CSV out."""

from datetime import UTC, date, datetime
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from config.parameters import TrainingParameters
from market_data.selection import Selection, Universe
from market_data.sources import SourceName
from screening.summary import RunSummary
from tasks.chain import (
    index_chains,
    opened_workshop,
    read_news,
    screened,
    screening_chain,
)
from tasks.lookout import opened_lookout
from tasks.night import TrainPolicy, planned_night
from tasks.publish import final_state, publish

WAITING_THREADS = 16


def run_name() -> str:
    """Return a run's name for Prefect: flow, source and night."""
    asked = flow_run.parameters
    return f"{flow_run.flow_name} {asked['source']} {asked['as_of'] or 'latest'}"


@flow(
    name="overnight-screening",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WAITING_THREADS),  # type: ignore[arg-type]
)
def overnight_screening(
    selection: Selection = Universe(universe="asx_priority"),
    source: SourceName = "yahoo",
    folder: Path | None = None,
    as_of: date | None = None,
    train: TrainPolicy = "stale",
    parameters: TrainingParameters = TrainingParameters(),
    home: Path = Path(),
) -> State[RunSummary]:
    """Screen stocks overnight: download, indicators, training, forecast, blend, CSV.

    Args:
        selection: Which symbols: a stock list by name, symbols, or a file.
        source: Where prices come from.
        folder: The folder source's folder; it holds `prices/`.
        as_of: Use nothing dated later; empty: today.
        train: Which models to train: missing and stale ones, all, or none.
        parameters: How a model is trained.
        home: The folder that holds data, models, reports and logs.
    """
    night = planned_night(
        selection,
        source=source,
        folder=folder,
        as_of=as_of,
        train=train,
        parameters=parameters,
        home=home,
        now=datetime.now(UTC),
    )
    with opened_workshop(night) as shop:
        lookout = opened_lookout(night, shop.feeds)
        chains = [screening_chain(night, one, shop, lookout) for one in night.symbols]
        indices = index_chains(night, shop)
        news = read_news(night, chains, lookout)
        findings = [screened(night, chain, news, indices, shop) for chain in chains]
        notices = (*lookout.notices, *news.notices)
        summary = publish(night, findings, notices, datetime.now(UTC))
    return final_state(summary, night.settings.run.minimum_coverage)
