"""Stage: merge the events of a symbol from all event sources."""

from pipeline.plan import RunPlan
from pipeline.sources import NewsAndEventSources
from risk_guard.event_sources import DividendFeed
from risk_guard.known_events import KnownEvents, collect_events
from screening.findings import PriceFindings


def events(
    plan: RunPlan,
    sources: NewsAndEventSources,
    symbol: str,
    prices: PriceFindings | None,
) -> KnownEvents:
    """Return the symbol's events around the as-of session.

    Past dividends are part of `prices`, which are None if the download failed.
    """
    dividends = prices.dividends if prices else {}
    return collect_events(
        symbol,
        (*sources.event_sources, DividendFeed({symbol: dividends})),
        plan.as_of_for(symbol),
        plan.run_at,
        plan.settings.guard,
    )
