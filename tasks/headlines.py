"""Task: a symbol's headlines of the hours before the cut-off."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import SymbolError
from features.sentiment import recent_headlines
from market_data.companies import press_names
from screening.findings import HeadlineFindings, PriceFindings
from tasks.lookout import Lookout
from tasks.night import Night


@task(task_run_name="headlines {symbol} {night.as_of}", cache_policy=NO_CACHE)
def headlines(
    night: Night, lookout: Lookout, symbol: str, prices: object
) -> HeadlineFindings:
    """Return the symbol's distinct recent headlines, or why there are none.

    `prices` are the symbol's, or what broke them: they name the company.
    """
    settings = night.settings.sentiment
    if lookout.headlines is None:
        return HeadlineFindings(None, reason=lookout.silence)
    company = prices.company if isinstance(prices, PriceFindings) else ""
    names = press_names(symbol, company, settings.names.get(symbol, ()))
    try:
        feed = lookout.headlines.fetch(symbol)
    except SymbolError as error:
        return HeadlineFindings(None, names, str(error))
    recent = recent_headlines(feed.headlines, night.cutoff(symbol), settings)
    reason = f"no_news: no headline in the last {settings.window_hours:g} hours"
    return HeadlineFindings(recent, names, "" if recent else reason, feed.unreadable)
