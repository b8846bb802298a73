"""Runs a past night twice, with two futures: every cell of its row must be the same.

In the second run later prices differ, a later dividend has lowered the adjusted history
and a later headline is there. `walk_forward` runs the night, training included.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.errors import ModelUnusable, SymbolError
from evaluation.forecast_record import COLUMNS
from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.source_leaks import with_another_future
from evaluation.past_night import (
    PrefetchedHeadlines,
    PrefetchedPrices,
    plan_past_night,
)
from evaluation.walk_forward import PrefetchedSymbol, RefitBlock, walk_block
from features.indicators import INDICATORS
from market_data.headlines import read_feed
from market_data.prices import PriceHistory
from market_data.symbols import exchange_of
from modelling.freshness import night_model
from modelling.registry import Registry
from pipeline.download import download
from pipeline.forecast import forecast
from pipeline.indicators import indicators
from pipeline.plan import RunPlan
from screening.row import Row
from storage.home import Home
from storage.tables import read_table
from workers.process_pool import WorkerPool

STAGES: Mapping[str, tuple[str, ...]] = {
    "heading": ("symbol", "exchange", "as_of", "forecast_", "run_at", "currency"),
    "prices": ("close", "data_", "median_turnover_", "traded_share_"),
    "indicators": tuple(INDICATORS),
    "votes": ("trend_", "technical_"),
    "distribution": (
        *("return_scale", "distribution_", "ordinary_", "probability_up"),
        *("predicted_return_low", "predicted_return_high"),
    ),
    "model": ("model_", "predicted_", "lstm_"),
    "news": ("finbert_", "sentiment_"),
    "guard": (
        *("event_", "days_to_", "sessions_to_", "position_scale"),
        *("volatility_ratio", "volatility_spike", "hedge_"),
    ),
    "market": ("market_",),
    "blend": (
        *("score", "confidence", "prediction", "components", "reason"),
        "previous_prediction",
    ),
    "baselines": (
        *("persistence_", "majority_", "ridge_", "lightgbm_"),
        *("first_edition_", "ewma_", "garch_"),
    ),
}
"""Prefixes of the columns of a night's row, by the stage that fills them.

`realized_return` is in no stage, because it is the future.
"""

TITLES = {
    "AAPL beats estimates": timedelta(hours=-9),
    "Apple shares slump after warning": timedelta(hours=-8),
    "AAPL cut to sell": timedelta(minutes=1),
}
"""Headlines and their time after the next open; the last comes too late to count."""


def night_checks(  # noqa: PLR0913, PLR0917  all that a night uses
    plan: RunPlan,
    prices: PriceHistory,
    market: PriceHistory,
    session: date,
    opening: datetime,
    pool: WorkerPool,
) -> list[LeakCheck]:
    """Return one check per stage of the first symbol's night of `session`.

    `market` is the index. `opening` is when the next session opens, not computed from
    our calendar. A headline published later must not count.
    """
    symbol = plan.symbols[0]
    futures = {
        "plain": (prices, market, list(TITLES)[:2]),
        "altered": (
            with_another_future(prices, session),
            with_another_future(market, session),
            list(TITLES),
        ),
    }
    rows = []
    for name, (history, index, titles) in futures.items():
        source = PrefetchedPrices({symbol: history, exchange_of(symbol).index: index})
        prefetched = PrefetchedSymbol(symbol, source, _headlines(opening, titles))
        block = RefitBlock(_use_own_home(plan, name), prefetched, (session,))
        rows.append(pool.run(walk_block, block).rows[0])
    return [
        *(_stage_check(stage, *rows) for stage in STAGES),
        *_registry_checks(_use_own_home(plan, "plain"), prices, session),
    ]


def _headlines(opening: datetime, titles: list[str]) -> PrefetchedHeadlines:
    times = {title: (opening + TITLES[title]).isoformat() for title in titles}
    items = [{"content": {"title": t, "pubDate": at}} for t, at in times.items()]
    return PrefetchedHeadlines(read_feed(items))


def _use_own_home(plan: RunPlan, name: str) -> RunPlan:
    return replace(plan, home=Home(plan.home.root / name))


def _registry_checks(
    plan: RunPlan, prices: PriceHistory, session: date
) -> list[LeakCheck]:
    """Check that registry, night and forecast stage use no model of a later night.

    The model is that of `session`, the night is the one before.
    """
    symbol, before = plan.symbols[0], session - timedelta(days=1)
    earlier = plan_past_night(plan, symbol, before)
    source = PrefetchedPrices({symbol: prices})
    try:
        stored = download(earlier, source, symbol)
        table = indicators(earlier, symbol, stored)
    except SymbolError as error:
        return [LeakCheck(stage="registry", passed=False, detail=str(error))]
    registry = plan.registry()
    known, _ = night_model(registry, symbol, read_table(table.path), earlier.run_at)
    leaks = {
        "registry": _gives_model(registry, symbol, before),
        "night's model": known is not None,
        "forecast": forecast(earlier, symbol, table).forecast is not None,
    }
    sentence = f"a night of {before} is given {{}} model trained on {session}"
    return [
        LeakCheck.from_leak(
            stage, sentence.format("the") if leaks_model else "", sentence.format("no")
        )
        for stage, leaks_model in leaks.items()
    ]


def _gives_model(registry: Registry, symbol: str, as_of: date) -> bool:
    """Return whether the registry has a model for the night of `as_of`."""
    try:
        registry.known_by(symbol, as_of)
    except ModelUnusable:
        return False
    return True


def _stage_check(stage: str, plain: Row, altered: Row) -> LeakCheck:
    """Check that the stage's cells are equal, and not all of them empty."""
    columns = [name for name in COLUMNS if name.startswith(STAGES[stage])]
    filled = sum(plain[name] is not None for name in columns)
    leaks = [
        f"{name} is {altered[name]} with another future, {plain[name]} without"
        for name in columns
        if plain[name] != altered[name]
    ]
    leak = leaks[0] if leaks else ""
    if not filled:
        leak = f"all its cells are empty: {plain['reason']}"
    return LeakCheck.from_leak(
        f"night, {stage}", leak, f"{filled} cells are the same bits with another future"
    )
