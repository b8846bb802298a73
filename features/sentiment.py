"""Headlines to weighted polarity: which count, how much, and the news component (SPEC 6).

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
from market_data.headlines import MAX_TITLE, Headline

WIRES = ("Reuters", "Bloomberg", "CNBC", "MarketWatch", "Yahoo Finance", "AP")
"""Publishers that stand at the end of titles which others carry."""

MAX_PUBLISHERS_CUT = 3
"""Publishers taken off one end of a title: an agency, who carries it, a site."""

_BAR = re.compile(r" [-|\u2013\u2014] ")

_CAPITALISED = re.compile(r"[A-Z][\w.&']*(?:\s[A-Z&][\w.&']*){0,4}")
"""A name of up to five capitalised words."""

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

    component: Component
    engine: str
    count: int | None = None
    weighed: tuple[WeighedHeadline, ...] = ()

    @property
    def polarity(self) -> float | None:
        """Return the weighted mean polarity, None where nothing was read."""
        return self.component.direction


def recent_headlines(
    headlines: Iterable[Headline], cutoff: datetime, settings: SentimentSettings
) -> tuple[Headline, ...]:
    """Return the distinct headlines of the hours before `cutoff`, earliest first.

    Titles that differ in case, punctuation or a publisher's name are one, and the
    earliest stays: a repeat is no news. None dated after the cut-off counts.
    """
    opening = cutoff - timedelta(hours=settings.window_hours)
    within = [one for one in headlines if opening < one.published_at <= cutoff]
    publishers = _names({*WIRES, *(one.provider for one in within if one.provider)})
    titles = {one.title for one in within}
    said = {title: _words(_plain(title), publishers) for title in titles}
    forms = frozenset(said.values())
    distinct: dict[str, Headline] = {}
    for headline in sorted(within, key=lambda one: (one.published_at, one.title)):
        form = _carried_form(headline.title, forms) or said[headline.title]
        distinct.setdefault(form, headline)
    return tuple(distinct.values())


def _carried_form(title: str, forms: frozenset[str]) -> str:
    """Return the form of a title in `forms` which this one only carries on, or "".

    `X | The Daily` is X where X is there as well: no list holds every publisher.
    """
    text = " ".join(title[:MAX_TITLE].split())
    *_, mark = [None, *_BAR.finditer(text)]
    if mark is None or not _CAPITALISED.fullmatch(text[mark.end() :]):
        return ""
    form = _words(_plain(text[: mark.start()]), frozenset())
    return form if form in forms else ""


def normalise(title: str, publishers: Iterable[str] = ()) -> str:
    """Return the title's words in one form, without a publisher at its end or start.

    Signs and percent stay: "+3%" is not "-3%".
    """
    return _words(_plain(title), _names(publishers))


def _names(publishers: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in map(_plain, publishers) if name)


def _words(text: str, publishers: frozenset[str]) -> str:
    """Return the words of a plain text without the publishers at its ends.

    Each end is looked up among the publishers: their number costs no time.
    """
    for _ in range(MAX_PUBLISHERS_CUT):
        text = _without_first(_without_last(text, publishers), publishers)
    text = re.sub(r"^update \d+-", "", text).replace("'", "")
    return " ".join(re.findall(r"[+-]?\d+(?:[.,]\d+)*%?|\w+", text))


def _without_last(text: str, publishers: frozenset[str]) -> str:
    """Return `X` of `X - Reuters`, `X | Reuters`, `X : Reuters` or `X (Reuters)`."""
    start = text.rfind(" (")
    if start >= 0 and text.endswith(")") and text[start + 2 : -1] in publishers:
        return text[:start]
    for mark in re.finditer(r" [-|:] ", text):
        if text[mark.end() :] in publishers:
            return text[: mark.start()]
    return text


def _without_first(text: str, publishers: frozenset[str]) -> str:
    """Return `X` of `Reuters: X`, `Reuters - X`, `(Reuters) X` or `(Reuters) - X`."""
    for mark in re.finditer(r": | - |\) (?:- )?", text):
        name = text[: mark.start()]
        if mark[0].startswith(")"):
            name = name[1:] if name.startswith("(") else ""
        if name in publishers:
            return text[mark.end() :]
    return text


def _plain(text: str) -> str:
    """Return at most `MAX_TITLE` characters in one form, with single spaces."""
    unescaped = html.unescape(text[:MAX_TITLE])
    folded = unicodedata.normalize("NFKC", unescaped).casefold()
    return " ".join(folded.translate(_DASHES_AND_QUOTES).split())


def news_sentiment(
    headlines: tuple[Headline, ...],
    polarities: Mapping[str, float],
    about: tuple[str, Iterable[str]],
    cutoff: datetime,
    settings: SentimentSettings,
) -> NewsSentiment:
    """Return the component of the headlines that `recent_headlines` chose.

    direction = sum(w * polarity) / sum(w), confidence = 1 - exp(-sum(w) / 3), with
    w = 0.5^(age / half-life) * relevance. `polarities` holds each title's; `about` is
    the symbol with its company's names.

    No headline: the component is missing.
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
    component = Component(mean, 1 - math.exp(-total / 3))
    return NewsSentiment(component, settings.engine, len(weighed), weighed)


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
