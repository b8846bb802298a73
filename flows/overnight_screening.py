"""The flow of a night: prices and news in, the screening CSV and its report out."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner

from config.parameters import PresetName, TrainingOverrides
from flows.run_name import run_name
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
from tasks.night import AsOf, Night, TrainPolicy, planned_night
from tasks.publish import final_state, needless, publish
from tasks.report import report
from tasks.turn import its_turn

WAITING_THREADS = 16


@flow(
    name="overnight-screening",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=WAITING_THREADS),  # type: ignore[arg-type]
)
def overnight_screening(
    selection: Selection = Universe(universe="asx_priority"),
    source: SourceName = "yahoo",
    folder: Path | None = None,
    as_of: AsOf | None = None,
    train: TrainPolicy = "stale",
    preset: PresetName = "standard",
    parameters: TrainingOverrides = TrainingOverrides(),
    home: str | None = None,
    force: bool = False,  # noqa: FBT001, FBT002  a tick box of the form
    only: bool = False,  # noqa: FBT001, FBT002  another
) -> State[RunSummary]:
    """Screen stocks overnight: download, indicators, training, forecast, blend, CSV.

    Args:
        selection: Which symbols: a stock list by name, symbols, a file, or a list of
            your own.
        source: Where prices come from.
        folder: The folder source's folder; it holds `prices/`.
        as_of: Use nothing dated later; empty: today.
        train: Which models to train: missing and stale ones, all, or none.
        preset: How models are trained, unless a parameter says otherwise.
        parameters: What differs from the preset.
        home: A folder, or s3://bucket/folder, of data, models and reports; empty:
            OVERNIGHT_HOME.
        force: Run on a holiday, and where the night is already published.
        only: Write a fresh CSV and report with these symbols alone; otherwise the
            symbols that earlier runs of the night screened keep their rows.
    """
    night = planned_night(
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
    with its_turn(night):
        why = "" if force else needless(night, as_of, only=only)
        if why:
            return Completed(name="Skipped", message=why)
        return _screened_night(night, only=only)


def _screened_night(night: Night, *, only: bool) -> State[RunSummary]:
    with opened_workshop(night, "screening") as shop:
        lookout = opened_lookout(night, shop.feeds)
        chains = [screening_chain(night, one, shop, lookout) for one in night.symbols]
        indices = index_chains(night, shop)
        news = read_news(night, chains, lookout)
        findings = [screened(night, chain, news, indices, shop) for chain in chains]
        notices = (*shop.notices, *lookout.notices, *news.notices)
        published = publish(night, findings, notices, datetime.now(UTC), only=only)
        summary = report(night, findings, published)
        shop.close(summary)
    return final_state(summary, night.settings.run.minimum_coverage)
