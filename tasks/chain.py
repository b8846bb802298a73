"""One symbol's chain of tasks: started on threads, read back as findings.

Here, and only here, whatever broke a symbol becomes that symbol's reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from prefect import allow_failure
from prefect.futures import PrefectFuture
from prefect.utilities.annotations import quote

from config.errors import OvernightError
from features.sentiment import NewsSentiment
from market_data.sources import Feeds
from market_data.symbols import exchange_of
from risk_guard.assessment import EventAssessment
from risk_guard.known_events import NOBODY, KnownEvents
from screening.findings import (
    NOTHING_HEARD,
    HeadlineFindings,
    IndexFindings,
    SymbolFindings,
)
from screening.summary import RunSummary
from tasks.download import download
from tasks.events import events
from tasks.forecast import forecast
from tasks.guard import guard
from tasks.headlines import headlines
from tasks.index import index
from tasks.indicators import indicators
from tasks.lookout import Lookout
from tasks.night import Night
from tasks.progress import Progress
from tasks.receipts import TAKEN_OVER, Receipts, opened_receipts
from tasks.request_pace import request_pace
from tasks.runner import opened_slots, waiting_threads
from tasks.sentiment import News, sentiment
from tasks.slots import Slots
from tasks.train import train


@dataclass(frozen=True)
class Workshop:
    """What the tasks of one run share: it lives as long as the run.

    `first_notices` are sentences for the head of the run, known before it began.
    """

    feeds: Feeds
    slots: Slots
    receipts: Receipts
    progress: Progress
    first_notices: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """Return the sentences for the head of the run that are known by now."""
        return (*self.first_notices, *self.slots.notices)

    def close(self, summary: RunSummary) -> None:
        """Forget what was finished; where symbols failed, forget only the prices.

        A second try then trains and forecasts none again whose prices are the same.
        """
        something_left = summary.failures or summary.untrained
        self.receipts.drop("download" if something_left else "")


@dataclass(frozen=True)
class Chain:
    """A symbol's futures in the order of the stages; what breaks one breaks the row.

    `watched` are those it can do without.
    """

    symbol: str
    stages: dict[str, PrefectFuture[Any]]
    watched: dict[str, PrefectFuture[Any]] = field(default_factory=dict)


@contextmanager
def opened_workshop(night: Night, flow: str) -> Iterator[Workshop]:
    """Give the run its source, its process slots, its receipts and its progress.

    `flow` tells the receipts of a screening from those of a training.

    Raises
    ------
    ClusterUnavailable
        If the Dask cluster asked for does not answer, or can't run our jobs.
    """
    rate = night.settings.prices.requests_per_second
    slots, notices = opened_slots(night.settings, len(night.symbols), night.home.root)
    with waiting_threads(slots.count), slots:
        feeds = night.open_feeds(request_pace(rate))
        receipts = opened_receipts(night, flow)
        first = (*night.notices, *notices)
        yield Workshop(feeds, slots, receipts, Progress(night.symbols), first)


def training_chain(night: Night, symbol: str, shop: Workshop) -> Chain:
    """Start download, indicators and training of a symbol."""
    # Futures go where their results are expected; Prefect's types don't say so.
    plan, kept = _closed(night), shop.receipts
    source = _closed(shop.feeds.prices)
    prices: Any = download.submit(plan, source, kept, symbol)
    table: Any = indicators.submit(plan, symbol, prices, source)
    model = train.submit(plan, symbol, table, shop.slots, kept, shop.progress)
    return Chain(symbol, {"prices": prices, "indicators": table, "train": model})


def screening_chain(
    night: Night, symbol: str, shop: Workshop, lookout: Lookout
) -> Chain:
    """Start a training chain, what the night looks out for, and the forecast.

    Headlines and events wait for the prices, which are asked for first and name the
    company, and do without them where they failed.
    """
    chain = training_chain(night, symbol, shop)
    plan, look = _closed(night), _closed(lookout)
    table: Any = chain.stages["indicators"]
    prices: Any = allow_failure(chain.stages["prices"])
    trained: Any = allow_failure(chain.stages["train"])
    watched: dict[str, Any] = {
        "headlines": headlines.submit(plan, look, symbol, prices),
        "events": events.submit(plan, look, symbol, prices),
    }
    answer = forecast.submit(plan, symbol, table, shop.slots, shop.receipts, trained)
    return Chain(symbol, {**chain.stages, "model": answer}, watched)


def _closed(shared: object) -> Any:  # noqa: ANN401  the tasks get what is inside
    """Return what all tasks share as something that Prefect does not look into.

    It would look for futures, three times a task, in every symbol of the night.
    """
    return quote(shared)


def index_chains(night: Night, shop: Workshop) -> dict[str, PrefectFuture[Any]]:
    """Start the download of each exchange's index; return the futures by exchange."""
    exchanges = {exchange_of(symbol) for symbol in night.symbols}
    return {
        exchange.code: index.submit(_closed(night), shop.feeds.prices, exchange.index)
        for exchange in sorted(exchanges, key=lambda one: one.code)
    }


def read_news(night: Night, chains: Sequence[Chain], lookout: Lookout) -> News:
    """Wait for all headlines; return what they say, each distinct title read once."""
    found = {
        chain.symbol: _watched(chain, "headlines", NOTHING_HEARD) for chain in chains
    }
    return sentiment(night, lookout, found)


def screened(
    night: Night,
    chain: Chain,
    news: News,
    indices: Mapping[str, PrefectFuture[Any]],
    shop: Workshop,
) -> SymbolFindings:
    """Wait for the chain; return its findings with the guard's word on them."""
    found = findings_of(night, chain, shop)
    market = _index_of(chain.symbol, indices)
    known = _watched(chain, "events", KnownEvents((), NOBODY))
    said = news.by_symbol[chain.symbol]
    finding, failure = _guarded(night, known, said, replace(found, market=market), shop)
    return replace(
        found,
        failure=found.failure or failure,
        known_events=known.events,
        events=finding,
        headlines=_watched(chain, "headlines", NOTHING_HEARD),
        news=said,
        market=market,
    )


def _guarded(
    night: Night,
    known: KnownEvents,
    said: NewsSentiment,
    found: SymbolFindings,
    shop: Workshop,
) -> tuple[EventAssessment, str | None]:
    """Return the guard's assessment, and what broke the symbol where it has none."""
    plan, source = _closed(night), _closed(shop.feeds.prices)
    asked = plan, found.symbol, known, said
    try:
        return guard(*asked, found.prices, found.market, source), None
    except Exception as error:  # noqa: BLE001  it becomes the row's reason
        return guard(*asked, None, None), _sentence(error)


def _index_of(symbol: str, indices: Mapping[str, PrefectFuture[Any]]) -> IndexFindings:
    future = indices[exchange_of(symbol).code]
    future.wait()
    if not future.state.is_completed():
        return IndexFindings(None, _reason(future))
    found: IndexFindings = future.result()
    return found


def findings_of(night: Night, chain: Chain, shop: Workshop) -> SymbolFindings:
    """Wait for the chain; return what its stages found, or why they could not."""
    found: dict[str, Any] = {}
    failures: dict[str, str] = {}
    taken_over: list[str] = []
    for stage, future in chain.stages.items():
        future.wait()
        if future.state.name == TAKEN_OVER:
            taken_over.append(stage)
        if future.state.is_completed():
            found[stage] = future.result()
        elif future.state.is_failed() or future.state.is_crashed():
            failures[stage] = _reason(future)
    shop.progress.finished(chain.symbol)
    untrained = failures.pop("train", None)
    return SymbolFindings(
        symbol=chain.symbol,
        as_of=night.as_of_of(chain.symbol),
        forecast_session=night.forecast_session(chain.symbol),
        failure=next(iter(failures.values()), None),
        prices=found.get("prices"),
        indicators=found.get("indicators"),
        model=found.get("model"),
        trained=found.get("train"),
        training_failure=untrained,
        taken_over=tuple(taken_over),
    )


def _watched[Found](chain: Chain, name: str, otherwise: Found) -> Found:
    """Return what was looked out for; a broken look-out is as good as no answer."""
    future = chain.watched[name]
    future.wait()
    if future.state.is_completed():
        found: Found = future.result()
        return found
    return _why_not(otherwise, _reason(future))


def _why_not[Found](otherwise: Found, reason: str) -> Found:
    if isinstance(otherwise, KnownEvents):
        return replace(otherwise, gaps=(reason,))
    if isinstance(otherwise, HeadlineFindings):
        return replace(otherwise, reason=reason)
    return otherwise


def _reason(future: PrefectFuture[Any]) -> str:
    return _sentence(future.result(raise_on_failure=False))


def _sentence(error: object) -> str:
    if isinstance(error, OvernightError):
        return str(error)
    return (
        f"failed: the symbol must pass every stage, got {type(error).__name__}: "
        f"{error}; run it alone with --debug."
    )
