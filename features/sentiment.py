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

MAX_PUBLISHER_WORDS = 8
"""Words of the longest publisher's name that is looked for."""

_NAME = re.compile(r"[A-Z][\w.&']*(?:\s[A-Z&][\w.&']*){0,4}|[\w-]+(?:\.[\w-]+)+")
"""A name of up to five capitalised words, or a domain."""

_WORD = re.compile(r"[+-]?\d+(?:[.,]\d+)*%?|\w+")
"""A word, or a number with its sign: "+3%" differs from "-3%"."""

_LONG_DASH = re.compile(r"[\u2013-\u2015](?=[^\W\d])")

_JOINING = " '%+&$._"
"""What stands between two words and is no mark: `AT&T`, `Moody's`."""

_BARS = "|\u00b7\u2022\u00bb[]"
"""Marks behind which a name at the start is a publisher, never a company: `X | ...`."""

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
    publishers = frozenset(_key(_fold(name)) for name in names) - {""}
    forms = {line.title: _form(line.title, publishers) for line in within}
    known_forms = frozenset(forms.values())
    distinct: dict[str, Headline] = {}
    for headline in sorted(within, key=lambda line: (line.published_at, line.title)):
        reprinted = _reprinted_form(headline.title, known_forms, publishers)
        distinct.setdefault(reprinted or forms[headline.title], headline)
    return tuple(distinct.values())


def _reprinted_form(
    title: str, forms: frozenset[str], publishers: frozenset[str]
) -> str:
    """Return the form in `forms` that the title repeats with a name added, or "".

    `X | The Daily` repeats X if X is in `forms`, so an unlisted publisher is found too.
    At the start only a bar shows a publisher: `ANZ: X` is about another company.
    """
    text = " ".join(title[:MAX_TITLE].split())
    for name, rest, mark in _ends(text):
        at_end = text.startswith(rest)
        if not (at_end or any(bar in mark for bar in _BARS)):
            continue
        form = _form(rest, publishers) if _NAME.fullmatch(name) else ""
        if form in forms:
            return form
    return ""


def _ends(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each name that may be a publisher's, the rest of the text, and the mark.

    The name is of up to `MAX_PUBLISHER_WORDS` words at either end, with a mark between
    it and the rest: `X (Reuters)`, `Reuters: X`, `X (via Reuters)`.
    """
    words = list(_WORD.finditer(text))
    for count in range(1, min(MAX_PUBLISHER_WORDS + 1, len(words))):
        last, name = words[-count - 1], text[words[-count].start() : words[-1].end()]
        if last[0].casefold() == "via" and count + 1 < len(words):
            yield name, text[: words[-count - 2].end()], "via"
        elif _is_mark(mark := text[last.end() : words[-count].start()]):
            yield name, text[: last.end()], mark
        name, first = text[words[0].start() : words[count - 1].end()], words[count]
        before = text[: words[0].start()]
        if _is_mark(mark := text[words[count - 1].end() : first.start()]):
            yield name, text[first.start() :], before + mark


def _is_mark(gap: str) -> bool:
    """Return whether the characters between two words may part a publisher from X.

    A full stop, comma or hyphen does so beside a space only: `ft.com`, `AP-led`.
    """
    marks = gap.strip(_JOINING)
    return bool(marks.strip(",-/")) or (" " in gap and bool(marks or "." in gap))


def _form(title: str, publishers: frozenset[str]) -> str:
    """Return the words of a title in lower case, without publishers at its ends."""
    text = _fold(title)
    for _ in range(MAX_PUBLISHERS_CUT):
        rests = (rest for name, rest, _ in _ends(text) if _key(name) in publishers)
        text = next(rests, text)
    return _key(re.sub(r"^update \d+-", "", text))


def _key(folded: str) -> str:
    """Return the words of a folded text; `Macy's` is one word."""
    return " ".join(_WORD.findall(folded.replace("'", "")))


def _fold(text: str) -> str:
    """Return at most `MAX_TITLE` characters in lower case, with single spaces."""
    unescaped = html.unescape(text[:MAX_TITLE])
    folded = unicodedata.normalize("NFKC", _LONG_DASH.sub(" - ", unescaped)).casefold()
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
