"""Stage: read all symbols' headlines, each distinct title once."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import SentimentUnavailable
from features.component import Component
from features.sentiment import NewsSentiment, news_sentiment
from pipeline.plan import RunPlan
from pipeline.sources import NewsAndEventSources
from screening.findings import HeadlineFindings


@dataclass(frozen=True)
class News:
    """The news of every symbol, and sentences about the news of the whole run."""

    by_symbol: Mapping[str, NewsSentiment]
    notices: tuple[str, ...] = ()


def sentiment(
    plan: RunPlan, sources: NewsAndEventSources, found: Mapping[str, HeadlineFindings]
) -> News:
    """Return each symbol's news; without data its component is missing."""
    polarities: dict[str, float] = {}
    unavailable_reason = sources.unavailable_reason
    if sources.reader:
        titles = [
            headline.title
            for headlines in found.values()
            for headline in headlines.recent or ()
        ]
        try:
            polarities = sources.reader.polarities(titles, plan.as_of)
        except SentimentUnavailable as error:
            unavailable_reason = str(error)
    by_symbol = {
        symbol: _read_news(plan, symbol, headlines, polarities, unavailable_reason)
        for symbol, headlines in found.items()
    }
    failed = [unavailable_reason] if sources.reader and unavailable_reason else []
    return News(by_symbol, (*failed, *_note_dead_feed(plan, found)))


def _read_news(
    plan: RunPlan,
    symbol: str,
    found: HeadlineFindings,
    polarities: Mapping[str, float],
    unavailable_reason: str,
) -> NewsSentiment:
    settings = plan.settings.sentiment
    count = None if found.recent is None else len(found.recent)
    reason = unavailable_reason or found.reason
    if reason or not found.recent:
        return NewsSentiment(Component.missing(reason), settings.engine, count)
    about = (symbol, found.names)
    cutoff = plan.cutoff(symbol)
    return news_sentiment(found.recent, polarities, about, cutoff, settings)


def _note_dead_feed(plan: RunPlan, found: Mapping[str, HeadlineFindings]) -> list[str]:
    """Return a sentence if Yahoo gave no headline for any of several symbols."""
    answered = any(headlines.recent is not None for headlines in found.values())
    is_off = plan.settings.sentiment.engine == "off"
    if plan.source != "yahoo" or answered or is_off or len(found) == 1:
        return []
    reason = min(headlines.reason for headlines in found.values())
    notice = (
        f"Yahoo gave no headline for any of {len(found)} symbols; its news feed seems "
        f"not to answer ({reason})"
    )
    return [notice]
