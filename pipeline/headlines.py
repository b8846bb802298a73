"""Stage: fetch a symbol's headlines of the hours before the cut-off."""

from collections.abc import Iterator, Sequence

from config.errors import SymbolError
from features.sentiment import recent_headlines
from market_data.companies import press_names
from market_data.headlines import MAX_TITLE, Headline
from pipeline.plan import RunPlan
from pipeline.sources import NewsAndEventSources
from screening.findings import HeadlineFindings, PriceFindings

MAX_HEADLINES = 1_000
"""Newest headlines of one symbol that are read; the others are only counted."""


def headlines(
    plan: RunPlan,
    sources: NewsAndEventSources,
    symbol: str,
    prices: PriceFindings | None,
) -> HeadlineFindings:
    """Return the symbol's distinct recent headlines, or the reason why there are none.

    `prices` hold the company's name; they are None if the download failed.
    """
    settings = plan.settings.sentiment
    if sources.headlines is None:
        return HeadlineFindings(None, reason=sources.unavailable_reason)
    company = prices.company if prices else ""
    names = press_names(symbol, company, settings.names.get(symbol, ()))
    try:
        feed = sources.headlines.fetch(symbol)
    except SymbolError as error:
        return HeadlineFindings(None, names, str(error))
    distinct = recent_headlines(feed.headlines, plan.cutoff(symbol), settings)
    newest = distinct[-MAX_HEADLINES:]
    reason = f"no_news: no headline in the last {settings.window_hours:g} hours"
    return HeadlineFindings(
        newest,
        names,
        "" if newest else reason,
        feed.unreadable,
        tuple(_notes(newest, len(distinct) - len(newest))),
    )


def _notes(newest: Sequence[Headline], older: int) -> Iterator[str]:
    """Yield how many headlines were left out, and how many were cut."""
    if older:
        yield f"{_headlines(older)} left out, the newest {MAX_HEADLINES:,} are read"
    cut = sum(headline.is_cut for headline in newest)
    if cut:
        yield f"{_headlines(cut)} cut at {MAX_TITLE:,} characters"


def _headlines(count: int) -> str:
    return f"{count:,} headline{'' if count == 1 else 's'}"
