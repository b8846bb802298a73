"""The news component: which headlines count, with which weights (SPEC 6).

The polarity of each title, a number in [-1, 1], is an input.
"""

import html
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import SentimentSettings
from features.component import Component
from market_data.companies import names_company
from market_data.headlines import MAX_TITLE, Headline

WIRES = ("Reuters", "Bloomberg", "CNBC", "MarketWatch", "Yahoo Finance", "AP")
"""Publishers whose names other publishers leave in the titles that they reprint."""

MAX_PUBLISHERS_CUT = 3
"""Publishers removed from either end of a title, as in "X - Reuters - Yahoo"."""

_NAME = re.compile(r"[A-Z][\w.&']*(?:\s[A-Z&][\w.&']*){0,4}|[\w-]+(?:\.[\w-]+)+")
"""A name of up to five capitalised words, or a domain."""

_MARK = re.compile(
    r"\s+[^\w\s'%+]+\s*(?=\w)|(?<=\w)[^\w\s'%+.&/-]+\s+|\s*[:|\u00b7\u2022\u00bb()]+\s*"
)
"""What separates a publisher from a title: any mark beside a space, or one of `:|`, a
dot or angle in the middle of the line, and brackets."""

_BRACKETS = "()[]{} "

_DASHES_AND_QUOTES = str.maketrans("\u2010\u2212\u2013\u2014\u2018\u2019", "----''")


@dataclass(frozen=True)
class WeighedHeadline:
    """A headline with its polarity in [-1, 1] and its weight in (0, 1]."""

    headline: Headline
    polarity: float
    weight: float


@dataclass(frozen=True)
class NewsSentiment:
    """The news component of one symbol, with the headlines that it was computed from.

    `count` is the number of distinct headlines in the window, None if no source
    answered. `weighed` is empty if no engine read them; `engine` is the engine's name.
    """

    component: Component
    engine: str
    count: int | None = None
    weighed: tuple[WeighedHeadline, ...] = ()

    @property
    def polarity(self) -> float | None:
        """Return the weighted mean polarity, None if no headline was read."""
        return self.component.direction


def recent_headlines(
    headlines: Iterable[Headline], cutoff: datetime, settings: SentimentSettings
) -> tuple[Headline, ...]:
    """Return the distinct headlines of the hours before `cutoff`, earliest first.

    Titles that differ only in case, punctuation or a publisher's name are repeats: the
    earliest is kept. A headline dated after the cut-off is left out.
    """
    opening = cutoff - timedelta(hours=settings.window_hours)
    within = [line for line in headlines if opening < line.published_at <= cutoff]
    names = {*WIRES, *(line.provider for line in within if line.provider)}
    publishers = frozenset(name for name in map(_fold, names) if name)
    forms = {line.title: _words(_fold(line.title), publishers) for line in within}
    known_forms = frozenset(forms.values())
    distinct: dict[str, Headline] = {}
    for headline in sorted(within, key=lambda line: (line.published_at, line.title)):
        reprinted = _reprinted_form(headline.title, known_forms)
        distinct.setdefault(reprinted or forms[headline.title], headline)
    return tuple(distinct.values())


def _reprinted_form(title: str, forms: frozenset[str]) -> str:
    """Return the form in `forms` that the title repeats with a name added, or "".

    `X | The Daily` repeats X if X is in `forms`, so an unlisted publisher is found too.
    At the start it is not: `ANZ: X` is about another company.
    """
    text = " ".join(title[:MAX_TITLE].split())
    for name, rest in _ends(text):
        form = _words(_fold(rest), frozenset())
        is_last = text.startswith(rest)
        if is_last and _NAME.fullmatch(name) and form in forms:
            return form
    return ""


def _ends(text: str) -> Iterator[tuple[str, str]]:
    """Yield the part before the first and after the last mark, each with the rest.

    A mark that ends or begins the text belongs to the part: `X (Reuters)`.
    """
    inner = text.strip(_BRACKETS)
    at = text.find(inner)
    marks = list(_MARK.finditer(text, at, at + len(inner)))
    for mark in {marks[0], marks[-1]} if marks else ():
        before, after = text[: mark.start()], text[mark.end() :]
        yield after.strip(_BRACKETS), before
        yield before.strip(_BRACKETS), after


def _words(text: str, publishers: frozenset[str]) -> str:
    """Return the words of a folded text, without publishers at its ends.

    Signs and percent signs are kept: "+3%" differs from "-3%".
    """
    for _ in range(MAX_PUBLISHERS_CUT):
        rests = [rest for name, rest in _ends(text) if name in publishers]
        text = rests[0] if rests else text
    text = re.sub(r"^update \d+-", "", text).replace("'", "")
    return " ".join(re.findall(r"[+-]?\d+(?:[.,]\d+)*%?|\w+", text))


def _fold(text: str) -> str:
    """Return at most `MAX_TITLE` characters in lower case, with single spaces."""
    unescaped = html.unescape(text[:MAX_TITLE])
    folded = unicodedata.normalize("NFKC", unescaped).casefold()
    return " ".join(folded.translate(_DASHES_AND_QUOTES).split())


def is_readable(title: str) -> bool:
    """Return whether at least half of the title's letters are Latin, and it has any.

    Both engines are of English: they know no word of other scripts, nor an emoji.
    """
    letters = [letter for letter in title if letter.isalpha()]
    latin = sum(_is_latin(letter) for letter in letters)
    return 0 < len(letters) <= 2 * latin


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


def news_sentiment(
    headlines: tuple[Headline, ...],
    polarities: Mapping[str, float],
    about: tuple[str, Iterable[str]],
    cutoff: datetime,
    settings: SentimentSettings,
) -> NewsSentiment:
    """Return the news component of headlines chosen by `recent_headlines`.

    direction = sum(w * polarity) / sum(w) and confidence = 1 - exp(-sum(w) / 3), with
    w = 0.5^(age / half-life) * relevance. `polarities` are by title; `about` is the
    symbol with its company's names. Without headlines the component is missing.
    """
    symbol, names = about[0], tuple(about[1])
    weighed = []
    for headline in headlines:
        is_named = names_company(headline.title, symbol, names)
        relevance = 1.0 if is_named else settings.unnamed_relevance
        age = (cutoff - headline.published_at) / timedelta(hours=1)
        weight = float(0.5 ** (age / settings.half_life_hours)) * relevance
        polarity = polarities[headline.title]
        weighed.append(WeighedHeadline(headline, polarity, weight))
    total = sum(line.weight for line in weighed)
    if not total:
        reason = f"no_news: no headline in the last {settings.window_hours:g} hours"
        return NewsSentiment(Component.missing(reason), settings.engine, len(weighed))
    mean = sum(line.weight * line.polarity for line in weighed) / total
    component = Component(mean, 1 - math.exp(-total / 3))
    return NewsSentiment(component, settings.engine, len(weighed), tuple(weighed))
