"""The order of a night's stages, written here only.

The live night, the training flow, the evaluation, `overnight events` and the tests call
these functions. In a flow the stages are Prefect tasks (`tasks/stages.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from features.sentiment import NewsSentiment
from market_data.symbols import exchange_of
from modelling.model_metadata import ModelMetadata
from pipeline.attempt import attempt
from pipeline.plan import RunPlan
from pipeline.sentiment import News
from risk_guard.assessment import EventAssessment, unknown_events
from risk_guard.known_events import KnownEvents
from screening.findings import (
    DistributionFindings,
    HeadlineFindings,
    IndexFindings,
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)


@dataclass(frozen=True)
class TrainingStages:
    """The stages of a training run; each takes the symbol as its first argument.

    `train` returns None if the present model stays. `resumed` returns the names of the
    symbol's stages whose results come from an earlier, unfinished run.
    """

    download: Callable[[str], PriceFindings]
    indicators: Callable[[str, PriceFindings], IndicatorFindings]
    train: Callable[[str, IndicatorFindings], ModelMetadata | None]
    resumed: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True)
class Stages(TrainingStages):
    """The stages of a screening run; prices are None if the download failed.

    `index` takes the symbol of an exchange's index. `read_headlines` takes the
    headlines of all symbols at once, so that each distinct title is read once.
    `distributions` takes all findings, because symbols share their past reactions.
    """

    forecast: Callable[[str, IndicatorFindings], ModelFindings]
    headlines: Callable[[str, PriceFindings | None], HeadlineFindings]
    events: Callable[[str, PriceFindings | None], KnownEvents]
    guard: Callable[
        [str, KnownEvents, NewsSentiment, PriceFindings | None, IndexFindings],
        EventAssessment,
    ]
    index: Callable[[str], IndexFindings]
    read_headlines: Callable[[Mapping[str, HeadlineFindings]], News]
    distributions: Callable[
        [Sequence[SymbolFindings]], Mapping[str, DistributionFindings]
    ]


type EachSymbol = Callable[
    [Callable[[str], SymbolFindings], Sequence[str]], Iterable[SymbolFindings]
]
"""Calls a function for each symbol, like `map`, one by one or in parallel."""


def screen_all(
    plan: RunPlan, stages: Stages, each_symbol: EachSymbol = map
) -> tuple[list[SymbolFindings], News]:
    """Return the findings of all symbols in the plan's order, and their news."""
    screened = list(each_symbol(partial(screen_symbol, plan, stages), plan.symbols))
    news = stages.read_headlines({found.symbol: found.headlines for found in screened})
    distributions = stages.distributions(screened)
    indices = {
        exchange.code: download_index(stages, exchange.index)
        for exchange in plan.exchanges
    }
    guarded = []
    for one in screened:
        symbol = one.symbol
        index = indices[exchange_of(symbol).code]
        found = replace(one, distribution=distributions[symbol])
        guarded.append(guard_symbol(plan, stages, found, news.by_symbol[symbol], index))
    return guarded, news


def screen_symbol(plan: RunPlan, stages: Stages, symbol: str) -> SymbolFindings:
    """Return the findings of the stages from the download to the events.

    A failed stage leaves a reason in the findings and raises no exception.
    `guard_symbol` completes the findings after all headlines are read.
    """
    found = train_symbol(plan, stages, symbol)
    prices, indicators = found.prices, found.indicators
    if indicators:
        model, no_forecast = attempt(stages.forecast, symbol, indicators)
        found = replace(found, model=model, failure=no_forecast or None)
    headlines, no_headlines = attempt(stages.headlines, symbol, prices)
    events, no_events = attempt(stages.events, symbol, prices)
    return replace(
        found,
        headlines=headlines or HeadlineFindings(None, reason=no_headlines),
        known_events=events or KnownEvents((), gaps=(no_events,)),
        resumed=stages.resumed(symbol),
    )


def train_symbol(plan: RunPlan, stages: TrainingStages, symbol: str) -> SymbolFindings:
    """Return the findings of the download, the indicators and, if due, the training.

    A failed stage leaves a reason in the findings and raises no exception.
    """
    session = plan.forecast_session(symbol)
    found = SymbolFindings(symbol, plan.as_of_for(symbol), session)
    prices, no_prices = attempt(stages.download, symbol)
    if prices is None:
        return replace(found, failure=no_prices)
    indicators, no_indicators = attempt(stages.indicators, symbol, prices)
    if indicators is None:
        return replace(found, prices=prices, failure=no_indicators)
    trained, not_trained = attempt(stages.train, symbol, indicators)
    return replace(
        found,
        prices=prices,
        indicators=indicators,
        trained=trained,
        training_failure=not_trained or None,
        resumed=stages.resumed(symbol),
    )


def guard_symbol(
    plan: RunPlan,
    stages: Stages,
    found: SymbolFindings,
    news: NewsSentiment,
    index: IndexFindings,
) -> SymbolFindings:
    """Return the findings with the symbol's event risk and its hedge."""
    guard = partial(stages.guard, found.symbol, found.known_events, news)
    assessment, failure = attempt(guard, found.prices, index)
    if assessment is None:
        # Without prices there is no volatility and no hedge; the events still count.
        assessment, _ = attempt(guard, None, IndexFindings(None))
    return replace(
        found,
        failure=found.failure or failure or None,
        events=assessment or unknown_events(failure, plan.settings.guard),
        news=news,
        market=index,
    )


def download_index(stages: Stages, symbol: str) -> IndexFindings:
    """Return the index' prices, or the reason why they are missing."""
    found, failure = attempt(stages.index, symbol)
    return found or IndexFindings(None, failure)
