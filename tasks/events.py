"""Task: what all event sources know of a symbol, merged."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from risk_guard.dividend_feed import DividendFeed
from risk_guard.known_events import KnownEvents, known_events
from screening.findings import PriceFindings
from tasks.lookout import Lookout
from tasks.night import Night


@task(task_run_name="events {symbol} {night.as_of}", cache_policy=NO_CACHE)
def events(night: Night, lookout: Lookout, symbol: str, prices: object) -> KnownEvents:
    """Return the symbol's events around the as-of session.

    `prices` are the symbol's, or what broke them: past dividends come with them.
    """
    paid = prices.dividends if isinstance(prices, PriceFindings) else {}
    return known_events(
        symbol,
        (*lookout.event_sources, DividendFeed({symbol: paid})),
        night.as_of_of(symbol),
        night.run_at,
        night.settings.guard,
    )
