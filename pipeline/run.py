"""The resources that the stages of one run share, and the stages that use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from market_data.sources import Feeds, PriceSource
from modelling.model_metadata import ModelMetadata
from pipeline.checkpoints import Checkpoints, open_checkpoints
from pipeline.distributions import distributions
from pipeline.download import download, download_once
from pipeline.events import events
from pipeline.forecast import forecast
from pipeline.guard import guard
from pipeline.headlines import headlines
from pipeline.index import index
from pipeline.indicators import indicators
from pipeline.plan import RunPlan
from pipeline.progress import Progress
from pipeline.sentiment import sentiment
from pipeline.sources import NewsAndEventSources
from pipeline.symbol import Stages, TrainingStages
from pipeline.train import train
from screening.findings import IndicatorFindings
from screening.summary import RunSummary
from workers.pools import open_pool
from workers.process_pool import WorkerPool


@dataclass(frozen=True)
class RunResources:
    """Sources, worker processes, checkpoints and progress of one run.

    `opening_notices` are sentences about the whole run that are known at its start.
    """

    feeds: Feeds
    pool: WorkerPool
    checkpoints: Checkpoints
    progress: Progress
    opening_notices: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """Return the sentences about the whole run until now."""
        return (*self.opening_notices, *self.pool.notices)

    def close(self, summary: RunSummary) -> None:
        """Remove the checkpoints; if symbols failed, only those of the downloads.

        A second run then repeats no training on unchanged prices.
        """
        any_failed = summary.failures or summary.untrained
        self.checkpoints.drop("download" if any_failed else "")


@contextmanager
def open_run(
    plan: RunPlan, flow: str, pace: Callable[[], None], progress: Progress
) -> Iterator[RunResources]:
    """Open the sources, the worker processes and the checkpoints of a run.

    `flow` separates the checkpoints of a screening from those of a training. `pace`
    waits before each request.

    Raises
    ------
    ClusterUnavailable
        If the Dask cluster of the settings does not answer or can't run our jobs.
    """
    pool, notices = open_pool(plan.settings, len(plan.symbols), plan.home)
    with pool:
        feeds, checkpoints = plan.open_feeds(pace), open_checkpoints(plan, flow)
        together = (*plan.notices, *notices)
        yield RunResources(feeds, pool, checkpoints, progress, together)


def training_stages(plan: RunPlan, run: RunResources) -> TrainingStages:
    """Return the stages of a training run."""
    return TrainingStages(
        download=partial(download_once, plan, run.feeds.prices, run.checkpoints),
        indicators=partial(indicators, plan, source=run.feeds.prices),
        train=lambda symbol, table: train(
            plan, symbol, table, run.pool, run.checkpoints, run.progress
        ),
        resumed=run.checkpoints.resumed,
    )


def screening_stages(
    plan: RunPlan, run: RunResources, sources: NewsAndEventSources
) -> Stages:
    """Return the stages of a screening run."""
    training = training_stages(plan, run)
    stages = plain_stages(plan, run.feeds.prices, sources, training.train)
    return replace(stages, download=training.download, resumed=training.resumed)


def plain_stages(
    plan: RunPlan,
    prices: PriceSource,
    sources: NewsAndEventSources,
    train: Callable[[str, IndicatorFindings], ModelMetadata | None],
) -> Stages:
    """Return stages that need no worker processes and no checkpoints."""
    return Stages(
        download=partial(download, plan, prices),
        indicators=partial(indicators, plan, source=prices),
        train=train,
        resumed=lambda _: (),
        forecast=partial(forecast, plan),
        headlines=partial(headlines, plan, sources),
        events=partial(events, plan, sources),
        guard=partial(guard, plan, source=prices),
        index=partial(index, plan, prices),
        read_headlines=partial(sentiment, plan, sources),
        distributions=partial(distributions, plan, prices),
    )
