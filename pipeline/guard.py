"""Stage: assess a symbol's events, news and volatility, and fit its hedge."""

from contextlib import suppress

from config.errors import DamagedTable
from features.sentiment import NewsSentiment
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_table
from pipeline.plan import RunPlan
from risk_guard.assessment import EventAssessment, MarketContext, assess
from risk_guard.hedge import hedge
from risk_guard.known_events import KnownEvents
from risk_guard.volatility import volatility
from screening.findings import IndexFindings, PriceFindings


def guard(  # noqa: PLR0913, PLR0917  all that the guard uses
    plan: RunPlan,
    symbol: str,
    known: KnownEvents,
    news: NewsSentiment,
    prices: PriceFindings | None,
    index: IndexFindings | None,
    source: PriceSource | None = None,
) -> EventAssessment:
    """Return the symbol's event risk and its hedge.

    `prices` are None if the download failed. Damaged tables are downloaded again from
    `source`.
    """
    return assess(
        known,
        exchange_of(symbol).code,
        plan.as_of_for(symbol),
        MarketContext(news.polarity)
        if prices is None
        else _market_context(plan, symbol, news, prices, index, source),
        plan.settings.guard,
    )


def _market_context(  # noqa: PLR0913, PLR0917  all that the guard uses
    plan: RunPlan,
    symbol: str,
    news: NewsSentiment,
    prices: PriceFindings,
    index: IndexFindings | None,
    source: PriceSource | None,
) -> MarketContext:
    settings = plan.settings.guard
    closes = price_table(plan, symbol, prices, source)[CLOSE]
    fitted = None
    if index and index.path:
        with suppress(DamagedTable):  # The assessment is then without a hedge.
            index_symbol = exchange_of(symbol).index
            table = index_table(plan, index_symbol, index.path, source)
            fitted = hedge(closes, table[ADJUSTED_CLOSE], settings)
    return MarketContext(news.polarity, volatility(closes, settings), fitted)
