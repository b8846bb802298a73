"""Stage: fetch a symbol's headlines of the hours before the cut-off."""

from collections.abc import Iterator, Sequence

from config.errors import SymbolError
from config.settings import SentimentSettings
from features.sentiment import is_readable, recent_headlines
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
    readable = [headline for headline in distinct if is_readable(headline.title)]
    newest = tuple(readable[-MAX_HEADLINES:])
    return HeadlineFindings(
        newest,
        names,
        "" if newest else _no_headline(distinct, settings),
        feed.unreadable,
        tuple(_notes(distinct, readable, newest)),
    )


def _no_headline(distinct: Sequence[Headline], settings: SentimentSettings) -> str:
    """Return why no headline can be used."""
    if distinct:
        engine = "the dictionary" if settings.engine == "lexicon" else "FinBERT"
        return f"no_news: no headline that {engine} can read"
    return f"no_news: no headline in the last {settings.window_hours:g} hours"


def _notes(
    distinct: Sequence[Headline],
    readable: Sequence[Headline],
    newest: Sequence[Headline],
) -> Iterator[str]:
    """Yield how many headlines were left out, and how many were cut."""
    if unread := len(distinct) - len(readable):
        yield f"{_headlines(unread)} not read, mostly not in Latin letters"
    if older := len(readable) - len(newest):
        yield f"{_headlines(older)} left out, the newest {MAX_HEADLINES:,} are read"
    cut = sum(headline.is_cut for headline in newest)
    if cut:
        yield f"{_headlines(cut)} cut at {MAX_TITLE:,} characters"


def _headlines(count: int) -> str:
    return f"{count:,} headline{'' if count == 1 else 's'}"
