"""Stage: assess a symbol's events, news and volatility, and fit its hedge."""

from features.sentiment import NewsSentiment
from market_data.prices import CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_closes
from pipeline.plan import RunPlan
from risk_guard.assessment import EventAssessment, assess
from risk_guard.known_events import KnownEvents
from risk_guard.market_context import MarketContext, hedge, volatility
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
    settings = plan.settings.guard
    context = MarketContext(news.polarity)
    if prices:
        closes = price_table(plan, symbol, prices, source)[CLOSE]
        market = index_closes(plan, symbol, index, source)
        fitted = None if market is None else hedge(closes, market, settings)
        context = MarketContext(news.polarity, volatility(closes, settings), fitted)
    exchange, as_of = exchange_of(symbol).code, plan.as_of_for(symbol)
    return assess(known, exchange, as_of, context, settings)
