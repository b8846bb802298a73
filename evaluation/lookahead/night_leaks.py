"""A whole past night, with and without its future: every cell must be the same.

The second time later prices are others, a later dividend has lowered the history, and
later headlines are there. The night is run by `walk_forward`, model and all.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.errors import ModelUnusable, SymbolError
from evaluation.forecast_record import COLUMNS
from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.source_leaks import with_another_future
from evaluation.past_night import PrefetchedHeadlines, PrefetchedPrices, night_of
from evaluation.walk_forward import (
    PrefetchedSymbol,
    RefitBlock,
    WalkForwardResult,
    walk_block,
)
from features.indicators import INDICATORS
from market_data.headlines import read_feed
from market_data.prices import PriceHistory
from modelling.freshness import night_model
from modelling.jobs import ForecastJob, forecast_symbol
from pipeline.download import download
from pipeline.indicators import indicators
from pipeline.plan import RunPlan
from screening.row import Row
from storage.home import Home
from storage.tables import read_table
from workers.process_pool import WorkerPool

STAGES: Mapping[str, tuple[str, ...]] = {
    "heading": ("symbol", "exchange", "as_of", "forecast_", "run_at", "currency"),
    "prices": ("close", "data_"),
    "indicators": tuple(INDICATORS),
    "votes": ("trend_", "technical_"),
    "model": ("model_", "predicted_", "probability_up", "lstm_"),
    "news": ("finbert_", "sentiment_"),
    "guard": (
        *("event_", "days_to_", "sessions_to_", "position_scale"),
        *("volatility_ratio", "volatility_spike", "hedge_"),
    ),
    "blend": ("score", "confidence", "prediction", "components", "reason"),
    "baselines": ("persistence_", "majority_", "ridge_", "lightgbm_"),
}
"""What the columns of a night's row begin with, by the stage that fills them.

All but the return that came, which is the future.
"""

TITLES = (
    "AAPL beats estimates",
    "Apple shares slump after warning",
    "AAPL cut to sell",
)


def night_checks(
    plan: RunPlan,
    prices: PriceHistory,
    session: date,
    opening: datetime,
    pool: WorkerPool,
) -> list[LeakCheck]:
    """Return a check a stage of the first symbol's night of `session`.

    `opening` is when the next session opens, by the clock and not by our calendar:
    what is published later must not count.
    """
    symbol = plan.symbols[0]
    plain = PrefetchedSymbol(symbol, prices, _headlines(opening, TITLES[:2]))
    knowing = PrefetchedSymbol(
        symbol, with_another_future(prices, session), _headlines(opening, TITLES)
    )
    rows = [
        _row(plan, name, held, session, pool)
        for name, held in (("ignorant", plain), ("knowing", knowing))
    ]
    return [
        *(_stage_check(stage, *rows) for stage in STAGES),
        *_registry_checks(_home(plan, "ignorant"), prices, session),
    ]


def _headlines(opening: datetime, titles: tuple[str, ...]) -> PrefetchedHeadlines:
    """Return two headlines of the night, and where asked one after the opening."""
    instants = (
        opening - timedelta(hours=9),
        opening - timedelta(hours=8),
        opening + timedelta(minutes=1),
    )
    items = [
        {"content": {"title": title, "pubDate": instant.isoformat()}}
        for title, instant in zip(titles, instants, strict=False)
    ]
    return PrefetchedHeadlines(read_feed(items))


def _row(
    plan: RunPlan, name: str, held: PrefetchedSymbol, session: date, pool: WorkerPool
) -> Row:
    own = _home(plan, name)
    walked: WalkForwardResult = pool.run(walk_block, RefitBlock(own, held, (session,)))
    (row,) = walked.rows
    return row


def _home(plan: RunPlan, name: str) -> RunPlan:
    return replace(plan, home=Home(plan.home.root / name))


def _registry_checks(
    plan: RunPlan, prices: PriceHistory, session: date
) -> list[LeakCheck]:
    """Return whether the night's model is kept from the night before, by each door."""
    symbol, before = plan.symbols[0], session - timedelta(days=1)
    earlier = night_of(plan, symbol, before)
    source = PrefetchedPrices({symbol: prices})
    try:
        stored = download(earlier, source, symbol)
        path = indicators(earlier, symbol, stored).path
    except SymbolError as error:
        return [LeakCheck(stage="registry", passed=False, detail=str(error))]
    settings = plan.settings.models
    registry, table = plan.registry(), read_table(path)
    job = ForecastJob(symbol, path, plan.home.models, settings)
    known, _ = night_model(registry, symbol, table, earlier.run_at)
    given = {
        "registry": not _refuses(lambda: registry.known_by(symbol, before)),
        "night's model": known is not None,
        "forecast": not _refuses(lambda: forecast_symbol(job)),
    }
    return [
        LeakCheck(
            stage=stage,
            passed=not leaks,
            detail=f"a model that knows {session} is "
            f"{'handed out to' if leaks else 'kept from'} a night of {before}",
        )
        for stage, leaks in given.items()
    ]


def _refuses(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ModelUnusable:
        return True
    return False


def _stage_check(stage: str, ignorant: Row, knowing: Row) -> LeakCheck:
    columns = [name for name in COLUMNS if name.startswith(STAGES[stage])]
    differing = [name for name in columns if ignorant[name] != knowing[name]]
    filled = sum(ignorant[name] is not None for name in columns)
    detail = f"{filled} cells are the same bits with another future"
    if differing:
        name = differing[0]
        detail = (
            f"{name} is {knowing[name]} with another future, {ignorant[name]} without"
        )
    if not filled:
        detail = f"it is empty: {ignorant['reason']}"
    return LeakCheck(
        stage=f"night, {stage}", passed=not differing and filled > 0, detail=detail
    )
