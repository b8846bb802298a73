"""Headlines to weighted polarity: which count, how much, and the news voice (SPEC 6).

Pure; the polarity of a title comes from elsewhere, a number in [-1, 1] a title.
"""

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import SentimentSettings
from features.component import Component
from market_data.companies import names_company
from market_data.headlines import Headline

WIRES = ("Reuters", "Bloomberg", "CNBC", "MarketWatch", "Yahoo Finance", "AP")
"""Publishers that stand at the end of titles which others carry."""

_CARRIED = re.compile(
    r"(?P<title>.+\S)\s+[-|\u2013\u2014]\s+[A-Z][\w.&']*(?:\s[A-Z&][\w.&']*){0,4}\s*$"
)
"""A title, and a name of up to five capitalised words after a dash or bar."""

_DASHES_AND_QUOTES = str.maketrans(
    {
        "\u2010": "-",
        "\u2212": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
    }
)


@dataclass(frozen=True)
class WeighedHeadline:
    """A headline with its polarity in [-1, 1] and its weight in (0, 1]."""

    headline: Headline
    polarity: float
    weight: float


@dataclass(frozen=True)
class NewsSentiment:
    """What the news of one symbol says, as far as it is known.

    `count` is the number of distinct headlines in the window, None where no source
    answered; `weighed` holds them where an engine read them; `engine` is its name.
    """

    voice: Component
    engine: str
    count: int | None = None
    weighed: tuple[WeighedHeadline, ...] = ()

    @property
    def polarity(self) -> float | None:
        """Return the weighted mean polarity, None where nothing was read."""
        return self.voice.direction


def recent_headlines(
    headlines: Iterable[Headline], cutoff: datetime, settings: SentimentSettings
) -> tuple[Headline, ...]:
    """Return the distinct headlines of the hours before `cutoff`, earliest first.

    Titles that differ in case, punctuation or a publisher's name are one, and the
    earliest stays: a repeat is no news. None dated after the cut-off counts.
    """
    opening = cutoff - timedelta(hours=settings.window_hours)
    within = [one for one in headlines if opening < one.published_at <= cutoff]
    publishers = {*WIRES, *(one.provider for one in within if one.provider)}
    said = {one.title: normalised(one.title, publishers) for one in within}
    distinct: dict[str, Headline] = {}
    for headline in sorted(within, key=lambda one: (one.published_at, one.title)):
        distinct.setdefault(_as_said(headline.title, said), headline)
    return tuple(distinct.values())


def _as_said(title: str, said: Mapping[str, str]) -> str:
    """Return the title's form in `said`, or that of another which it only carries on.

    `X | The Daily` is X where X is there as well: no list holds every publisher.
    """
    carried = _CARRIED.match(title)
    if carried:
        without = normalised(carried["title"])
        if without in said.values():
            return without
    return said[title]


def normalised(title: str, publishers: Iterable[str] = ()) -> str:
    """Return the title's words in one form, without a publisher at its end or start.

    Signs and percent stay: "+3%" is not "-3%".
    """
    text = _plain(title)
    for publisher in publishers:
        name = re.escape(_plain(publisher))
        text = re.sub(rf"(?:\s+[-|:]\s+{name}|\s+\({name}\))\s*$", "", text)
        text = re.sub(rf"^\s*(?:\({name}\)(?:\s+-)?|{name}(?::|\s+-))\s+", "", text)
    text = re.sub(r"^update \d+-", "", text).replace("'", "")
    return " ".join(re.findall(r"[+-]?\d+(?:[.,]\d+)*%?|\w+", text))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return folded.translate(_DASHES_AND_QUOTES)


def news_sentiment(
    headlines: tuple[Headline, ...],
    polarities: Mapping[str, float],
    about: tuple[str, Iterable[str]],
    cutoff: datetime,
    settings: SentimentSettings,
) -> NewsSentiment:
    """Return the voice of the headlines that `recent_headlines` chose.

    direction = sum(w * polarity) / sum(w), confidence = 1 - exp(-sum(w) / 3), with
    w = 0.5^(age / half-life) * relevance. `polarities` holds each title's; `about` is
    the symbol with its company's names.

    No headline: the voice is missing.
    """
    symbol, names = about
    weighed = tuple(
        WeighedHeadline(
            one,
            polarities[one.title],
            _weight(one, symbol, tuple(names), cutoff, settings),
        )
        for one in headlines
    )
    total = sum(one.weight for one in weighed)
    if not total:
        reason = f"no_news: no headline in the last {settings.window_hours:g} hours"
        return NewsSentiment(Component.missing(reason), settings.engine, len(weighed))
    mean = sum(one.weight * one.polarity for one in weighed) / total
    voice = Component(mean, 1 - math.exp(-total / 3))
    return NewsSentiment(voice, settings.engine, len(weighed), weighed)


def _weight(
    headline: Headline,
    symbol: str,
    names: tuple[str, ...],
    cutoff: datetime,
    settings: SentimentSettings,
) -> float:
    named = names_company(headline.title, symbol, names)
    relevance = 1.0 if named else settings.unnamed_relevance
    age = (cutoff - headline.published_at) / timedelta(hours=1)
    return float(0.5 ** (age / settings.half_life_hours)) * relevance
