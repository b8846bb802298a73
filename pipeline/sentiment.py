"""Stage: all symbols' headlines to polarities, each distinct title read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import SentimentUnavailable
from features.component import Component
from features.sentiment import NewsSentiment, news_sentiment
from pipeline.plan import Night
from pipeline.sources import Lookout
from screening.findings import HeadlineFindings


@dataclass(frozen=True)
class News:
    """Every symbol's news, and what the head of the run must say of them."""

    by_symbol: Mapping[str, NewsSentiment]
    notices: tuple[str, ...] = ()


def sentiment(
    night: Night, lookout: Lookout, found: Mapping[str, HeadlineFindings]
) -> News:
    """Return each symbol's news voice, missing with its reason where it is."""
    polarities: dict[str, float] = {}
    silence = lookout.silence
    if lookout.reader:
        titles = [one.title for each in found.values() for one in each.recent or ()]
        try:
            polarities = lookout.reader.polarities(titles, night.as_of)
        except SentimentUnavailable as error:
            silence = str(error)
    by_symbol = {
        symbol: _news(night, symbol, headlines, polarities, silence)
        for symbol, headlines in found.items()
    }
    damaged = [silence] if lookout.reader and silence else []
    return News(by_symbol, (*damaged, *_dead_feed(night, found)))


def _news(
    night: Night,
    symbol: str,
    found: HeadlineFindings,
    polarities: Mapping[str, float],
    silence: str,
) -> NewsSentiment:
    settings = night.settings.sentiment
    count = None if found.recent is None else len(found.recent)
    reason = silence or found.reason
    if reason or not found.recent:
        return NewsSentiment(Component.missing(reason), settings.engine, count)
    about = (symbol, found.names)
    cutoff = night.cutoff(symbol)
    return news_sentiment(found.recent, polarities, about, cutoff, settings)


def _dead_feed(night: Night, found: Mapping[str, HeadlineFindings]) -> list[str]:
    """Return the notice that Yahoo gave no news at all, which is hardly the truth."""
    if night.source != "yahoo" or any(one.recent is not None for one in found.values()):
        return []
    reasons = {one.reason for one in found.values()}
    if len(found) == 1 or night.settings.sentiment.engine == "off":
        return []
    said = f"Yahoo gave no headline for any of {len(found)} symbols; its news feed "
    return [f"{said}seems not to answer ({min(reasons)})"]
