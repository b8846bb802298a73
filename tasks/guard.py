"""Task: the event risk guard's word on a symbol."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.tables import read_table
from features.sentiment import NewsSentiment
from market_data.prices import ADJUSTED_CLOSE, CLOSE
from market_data.symbols import exchange_of
from risk_guard.assessment import EventAssessment, Surroundings, assessed
from risk_guard.hedge import hedge
from risk_guard.known_events import KnownEvents
from risk_guard.volatility import volatility
from screening.findings import IndexFindings, PriceFindings
from tasks.night import Night


@task(task_run_name="guard {symbol} {night.as_of}", cache_policy=NO_CACHE)
def guard(  # noqa: PLR0913, PLR0917  all that the guard rests on
    night: Night,
    symbol: str,
    known: KnownEvents,
    news: NewsSentiment,
    prices: PriceFindings | None,
    market: IndexFindings | None,
) -> EventAssessment:
    """Return what events, news and volatility cost the symbol, and its hedge."""
    return assessed(
        known,
        exchange_of(symbol).code,
        night.as_of_of(symbol),
        _surroundings(night, news, prices, market),
        night.settings.guard,
    )


def _surroundings(
    night: Night,
    news: NewsSentiment,
    prices: PriceFindings | None,
    market: IndexFindings | None,
) -> Surroundings:
    if prices is None:
        return Surroundings(news.polarity)
    settings = night.settings.guard
    closes = read_table(prices.path)[CLOSE]
    fitted = None
    if market and market.path:
        index_closes = read_table(market.path)[ADJUSTED_CLOSE]
        fitted = hedge(closes, index_closes, settings)
    return Surroundings(news.polarity, volatility(closes, settings), fitted)
