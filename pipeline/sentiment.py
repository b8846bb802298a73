"""Stage: all symbols' headlines to polarities, each distinct title read once."""

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
    """Every symbol's news, and what the head of the run must say of them."""

    by_symbol: Mapping[str, NewsSentiment]
    notices: tuple[str, ...] = ()


def sentiment(
    plan: RunPlan, sources: NewsAndEventSources, found: Mapping[str, HeadlineFindings]
) -> News:
    """Return each symbol's news component, missing with its reason where it is."""
    polarities: dict[str, float] = {}
    unavailable_reason = sources.unavailable_reason
    if sources.reader:
        titles = [one.title for each in found.values() for one in each.recent or ()]
        try:
            polarities = sources.reader.polarities(titles, plan.as_of)
        except SentimentUnavailable as error:
            unavailable_reason = str(error)
    by_symbol = {
        symbol: _news(plan, symbol, headlines, polarities, unavailable_reason)
        for symbol, headlines in found.items()
    }
    damaged = [unavailable_reason] if sources.reader and unavailable_reason else []
    return News(by_symbol, (*damaged, *_dead_feed(plan, found)))


def _news(
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


def _dead_feed(plan: RunPlan, found: Mapping[str, HeadlineFindings]) -> list[str]:
    """Return the notice that Yahoo gave no news at all, which is hardly the truth."""
    if plan.source != "yahoo" or any(one.recent is not None for one in found.values()):
        return []
    reasons = {one.reason for one in found.values()}
    if len(found) == 1 or plan.settings.sentiment.engine == "off":
        return []
    said = f"Yahoo gave no headline for any of {len(found)} symbols; its news feed "
    return [f"{said}seems not to answer ({min(reasons)})"]
