"""Stage: what events, news and volatility cost a symbol, and its hedge."""

from contextlib import suppress

from config.errors import DamagedTable
from features.sentiment import NewsSentiment
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_table
from pipeline.plan import RunPlan
from risk_guard.assessment import EventAssessment, assess
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext, hedge, volatility
from screening.findings import IndexFindings, PriceFindings


def guard(  # noqa: PLR0913, PLR0917  all that the guard rests on
    plan: RunPlan,
    symbol: str,
    known: KnownEvents,
    news: NewsSentiment,
    prices: PriceFindings | None,
    market: IndexFindings | None,
    source: PriceSource | None = None,
) -> EventAssessment:
    """Return what events, news and volatility cost the symbol, and its hedge.

    `source` is asked again where a stored table has been damaged.
    """
    return assess(
        known,
        exchange_of(symbol).code,
        plan.as_of_for(symbol),
        MarketContext(news.polarity)
        if prices is None
        else _surroundings(plan, symbol, news, prices, market, source),
        plan.settings.guard,
    )


def _surroundings(  # noqa: PLR0913, PLR0917  all that the guard rests on
    plan: RunPlan,
    symbol: str,
    news: NewsSentiment,
    prices: PriceFindings,
    market: IndexFindings | None,
    source: PriceSource | None,
) -> MarketContext:
    settings = plan.settings.guard
    closes = price_table(plan, symbol, prices, source)[CLOSE]
    fitted = None
    if market and market.path:
        # A damaged index costs the hedge, and no symbol.
        with suppress(DamagedTable):
            name = exchange_of(symbol).index
            table = index_table(plan, name, market.path, source)
            fitted = hedge(closes, table[ADJUSTED_CLOSE], settings)
    return MarketContext(news.polarity, volatility(closes, settings), fitted)
