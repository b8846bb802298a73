"""Stage: what all event sources know of a symbol, merged."""

from pipeline.plan import Night
from pipeline.sources import Lookout
from risk_guard.dividend_feed import DividendFeed
from risk_guard.known_events import KnownEvents, known_events
from screening.findings import PriceFindings


def events(
    night: Night, lookout: Lookout, symbol: str, prices: PriceFindings | None
) -> KnownEvents:
    """Return the symbol's events around the as-of session.

    Past dividends come with `prices`, which are None if the download failed.
    """
    paid = prices.dividends if prices else {}
    return known_events(
        symbol,
        (*lookout.event_sources, DividendFeed({symbol: paid})),
        night.as_of_of(symbol),
        night.run_at,
        night.settings.guard,
    )
