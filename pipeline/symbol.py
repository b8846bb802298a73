"""The order of a night's stages: the only place that knows it.

The live night, the training flow, the evaluation, `overnight events` and the tests call
these functions; in a flow the stages are Prefect tasks (`tasks/stages.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from config.errors import OvernightError
from features.sentiment import NewsSentiment
from market_data.symbols import Exchange, exchange_of
from modelling.model_metadata import ModelMetadata
from pipeline.plan import RunPlan
from pipeline.sentiment import News
from risk_guard.assessment import EventAssessment, unknown_events
from risk_guard.known_events import KnownEvents
from screening.findings import (
    HeadlineFindings,
    IndexFindings,
    IndicatorFindings,
    ModelFindings,
    PriceFindings,
    SymbolFindings,
)


@dataclass(frozen=True)
class TrainingStages:
    """The stages of a training run, each called with the symbol first.

    `train` returns None if the present model stays. `resumed` names the stages of a
    symbol whose results come from an earlier, unfinished run.
    """

    download: Callable[[str], PriceFindings]
    indicators: Callable[[str, PriceFindings], IndicatorFindings]
    train: Callable[[str, IndicatorFindings], ModelMetadata | None]
    resumed: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True)
class Stages(TrainingStages):
    """The stages of a screening run; prices are None if their download failed.

    `index` takes the symbol of an exchange's index. `read_headlines` takes all symbols'
    headlines at once, so that each distinct title is read once.
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


type EachSymbol = Callable[
    [Callable[[str], SymbolFindings], Sequence[str]], Iterable[SymbolFindings]
]
"""Calls a function for each symbol, like `map`, in order or side by side."""


def screen_all(
    plan: RunPlan, stages: Stages, each_symbol: EachSymbol = map
) -> tuple[list[SymbolFindings], News]:
    """Return the findings of all symbols in the plan's order, and their news."""
    found = list(each_symbol(partial(screen_symbol, plan, stages), plan.symbols))
    news = stages.read_headlines({one.symbol: one.headlines for one in found})
    indices = {one.code: _index_of(one, stages) for one in plan.exchanges}
    return [
        guard_symbol(
            plan,
            stages,
            one,
            news.by_symbol[one.symbol],
            indices[exchange_of(one.symbol).code],
        )
        for one in found
    ], news


def train_symbol(plan: RunPlan, stages: TrainingStages, symbol: str) -> SymbolFindings:
    """Return what download, indicators and training found.

    A failure is a reason in the findings, never an exception.
    """
    found = SymbolFindings(
        symbol, plan.as_of_for(symbol), plan.forecast_session(symbol)
    )
    prices, why = _attempt(lambda: stages.download(symbol))
    if prices is None:
        return replace(found, failure=why)
    found = replace(found, prices=prices)
    table, why = _attempt(lambda: stages.indicators(symbol, prices))
    if table is None:
        return replace(found, failure=why)
    trained, why = _attempt(lambda: stages.train(symbol, table))
    return replace(
        found,
        indicators=table,
        trained=trained,
        training_failure=why or None,
        resumed=stages.resumed(symbol),
    )


def screen_symbol(plan: RunPlan, stages: Stages, symbol: str) -> SymbolFindings:
    """Return what download, indicators, training, forecast, headlines, events found.

    A failure is a reason in the findings, never an exception. `guard_symbol` completes
    the findings once all symbols' headlines are read.
    """
    found = train_symbol(plan, stages, symbol)
    table = found.indicators
    if table:
        model, why = _attempt(lambda: stages.forecast(symbol, table))
        found = replace(found, model=model, failure=why or None)
    headlines, no_headlines = _attempt(lambda: stages.headlines(symbol, found.prices))
    events, no_events = _attempt(lambda: stages.events(symbol, found.prices))
    return replace(
        found,
        headlines=headlines or HeadlineFindings(None, reason=no_headlines),
        known_events=events or KnownEvents((), gaps=(no_events,)),
        resumed=stages.resumed(symbol),
    )


def guard_symbol(
    plan: RunPlan,
    stages: Stages,
    found: SymbolFindings,
    news: NewsSentiment,
    market: IndexFindings,
) -> SymbolFindings:
    """Return the findings with the event risk of the symbol and its hedge."""
    asked, no_index = (found.symbol, found.known_events, news), IndexFindings(None)
    assessed, why = _attempt(lambda: stages.guard(*asked, found.prices, market))
    if assessed is None:
        # Without prices there is no volatility and no hedge; the events still count.
        assessed, _ = _attempt(lambda: stages.guard(*asked, None, no_index))
    return replace(
        found,
        failure=found.failure or why or None,
        events=assessed or unknown_events(why, plan.settings.guard),
        news=news,
        market=market,
    )


def _index_of(exchange: Exchange, stages: Stages) -> IndexFindings:
    """Return the exchange's index; one that fails costs the hedge, not a symbol."""
    found, why = _attempt(lambda: stages.index(exchange.index))
    return found or IndexFindings(None, why)


def _attempt[Found](stage: Callable[[], Found]) -> tuple[Found | None, str]:
    """Return what the stage found and "", or None and the reason of its failure.

    The only place that catches a symbol's exception.
    """
    try:
        return stage(), ""
    except OvernightError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001  whatever it is, other symbols go on
        kind = type(error).__name__
        return None, (
            f"unexpected error ({kind}: {error}); run the symbol again with --debug "
            "for the traceback."
        )
