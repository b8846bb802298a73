"""A whole past night, with and without its future: every cell must be the same.

The second time later prices are others, a later dividend has lowered the history, and
later headlines are there. The night is run by `walk_forward`, model and all.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from config.errors import ModelUnusable, SymbolError
from evaluation.forecast_record import COLUMNS
from evaluation.lookahead.leaks import Check
from evaluation.lookahead.source_leaks import with_another_future
from evaluation.past_night import PrefetchedHeadlines, PrefetchedPrices, night_of
from evaluation.walk_forward import Block, Held, Walked, walk_block
from features.indicators import INDICATORS
from market_data.headlines import read_feed
from market_data.prices import PriceHistory
from modelling.freshness import night_model
from modelling.jobs import ForecastJob, forecast_symbol
from pipeline.download import download
from pipeline.indicators import indicators
from pipeline.plan import Night
from screening.row import Row
from storage.home import Home
from storage.tables import read_table
from workers.process_pool import Slots

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
    night: Night, prices: PriceHistory, session: date, opening: datetime, slots: Slots
) -> list[Check]:
    """Return a check a stage of the first symbol's night of `session`.

    `opening` is when the next session opens, by the clock and not by our calendar:
    what is published later must not count.
    """
    symbol = night.symbols[0]
    plain = Held(symbol, prices, _headlines(opening, TITLES[:2]))
    knowing = Held(
        symbol, with_another_future(prices, session), _headlines(opening, TITLES)
    )
    rows = [
        _row(night, name, held, session, slots)
        for name, held in (("ignorant", plain), ("knowing", knowing))
    ]
    return [
        *(_stage_check(stage, *rows) for stage in STAGES),
        *_registry_checks(_home(night, "ignorant"), prices, session),
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


def _row(night: Night, name: str, held: Held, session: date, slots: Slots) -> Row:
    own = _home(night, name)
    walked: Walked = slots.run(walk_block, Block(own, held, (session,)))
    (row,) = walked.rows
    return row


def _home(night: Night, name: str) -> Night:
    return replace(night, home=Home(night.home.root / name))


def _registry_checks(night: Night, prices: PriceHistory, session: date) -> list[Check]:
    """Return whether the night's model is kept from the night before, by each door."""
    symbol, before = night.symbols[0], session - timedelta(days=1)
    earlier = night_of(night, symbol, before)
    source = PrefetchedPrices({symbol: prices})
    try:
        stored = download(earlier, source, symbol)
        path = indicators(earlier, symbol, stored).path
    except SymbolError as error:
        return [Check(stage="registry", passed=False, detail=str(error))]
    settings = night.settings.models
    registry, table = night.registry(), read_table(path)
    job = ForecastJob(symbol, path, night.home.models, settings)
    known, _ = night_model(registry, symbol, table, earlier.run_at)
    given = {
        "registry": not _refuses(lambda: registry.known_by(symbol, before)),
        "night's model": known is not None,
        "forecast": not _refuses(lambda: forecast_symbol(job)),
    }
    return [
        Check(
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


def _stage_check(stage: str, ignorant: Row, knowing: Row) -> Check:
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
    return Check(
        stage=f"night, {stage}", passed=not differing and filled > 0, detail=detail
    )
