"""Stage: what events, news and volatility cost a symbol, and its hedge."""

from contextlib import suppress

from config.errors import DamagedTable
from features.sentiment import NewsSentiment
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from pipeline.download import price_table
from pipeline.index import index_table
from pipeline.plan import Night
from risk_guard.assessment import EventAssessment, Surroundings, assessed
from risk_guard.hedge import hedge
from risk_guard.known_events import KnownEvents
from risk_guard.volatility import volatility
from screening.findings import IndexFindings, PriceFindings


def guard(  # noqa: PLR0913, PLR0917  all that the guard rests on
    night: Night,
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
    return assessed(
        known,
        exchange_of(symbol).code,
        night.as_of_of(symbol),
        Surroundings(news.polarity)
        if prices is None
        else _surroundings(night, symbol, news, prices, market, source),
        night.settings.guard,
    )


def _surroundings(  # noqa: PLR0913, PLR0917  all that the guard rests on
    night: Night,
    symbol: str,
    news: NewsSentiment,
    prices: PriceFindings,
    market: IndexFindings | None,
    source: PriceSource | None,
) -> Surroundings:
    settings = night.settings.guard
    closes = price_table(night, symbol, prices, source)[CLOSE]
    fitted = None
    if market and market.path:
        # A damaged index costs the hedge, and no symbol.
        with suppress(DamagedTable):
            name = exchange_of(symbol).index
            table = index_table(night, name, market.path, source)
            fitted = hedge(closes, table[ADJUSTED_CLOSE], settings)
    return Surroundings(news.polarity, volatility(closes, settings), fitted)
