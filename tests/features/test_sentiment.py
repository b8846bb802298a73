"""Headlines to the news component: which count, how much, and never one from later."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import SentimentSettings
from features.sentiment import (
    NewsSentiment,
    is_readable,
    news_sentiment,
    recent_headlines,
)
from market_data.headlines import Headline

CUTOFF = datetime(2025, 11, 10, 23, tzinfo=UTC)
SETTINGS = SentimentSettings()
ABOUT = ("CBA.AX", ("Commonwealth Bank",))

hours = st.floats(0, 71.9)
titles = st.sampled_from(
    ["CBA beats", "Commonwealth Bank slips", "Miners rally", "Rates on hold", "ANZ up"]
)


def headline(title: str, age: float = 1, **more: Any) -> Headline:  # noqa: ANN401
    """Return a headline that is `age` hours old at the cut-off."""
    return Headline(title, CUTOFF - timedelta(hours=age), **more)


def recent(*headlines: Headline) -> list[str]:
    """Return the titles that count."""
    return [one.title for one in recent_headlines(headlines, CUTOFF, SETTINGS)]


def said(*headlines: Headline, polarity: float = 1.0) -> NewsSentiment:
    """Return the news of headlines of one polarity each."""
    chosen = recent_headlines(headlines, CUTOFF, SETTINGS)
    polarities = {one.title: polarity for one in chosen}
    return news_sentiment(chosen, polarities, ABOUT, CUTOFF, SETTINGS)


def test_only_the_72_hours_before_the_cut_off_count() -> None:
    """Nothing older, nothing later, however little."""
    ages = {"a": -0.001, "b": 0, "c": 71.99, "d": 72.01, "e": -5000}
    assert recent(*(headline(title, age) for title, age in ages.items())) == ["c", "b"]


@pytest.mark.parametrize(
    "again",
    [
        "cba profit beats estimates",
        "CBA PROFIT BEATS ESTIMATES",
        "Cba Profit Beats Estimates",
        "CBA profit beats estimates - Reuters",
        "CBA profit beats estimates | The Desk",
        "UPDATE 2-CBA profit beats estimates",
        "CBA profit beats estimates!",
        "CBA\u00a0profit  beats estimates",
        "\u201cCBA profit beats estimates\u201d",
        "CBA profit beats estimates (Reuters)",
        "Reuters: CBA profit beats estimates",
        "(Reuters) - CBA profit beats estimates",
        "CBA Profit Beats Estimates | Small Caps Daily",
        "CBA profit beats estimates \u2013 The Wealth Wire",
        "CBA profit beats estimates: The Desk",
        "CBA profit beats estimates \u00b7 The Desk",
        "CBA profit beats estimates \u00bb The Desk",
        "CBA profit beats estimates (The Desk)",
        "CBA profit beats estimates [The Desk]",
        "CBA profit beats estimates \u2022 Market Wire",
        "CBA profit beats estimates / The Desk",
        "The Desk | CBA profit beats estimates",
        "The Desk \u2014 CBA profit beats estimates",
        "The Desk \u00bb CBA profit beats estimates",
        "[The Desk] CBA profit beats estimates",
        "Reuters | CBA profit beats estimates - Yahoo Finance",
    ],
)
def test_a_repeat_is_one_and_the_earliest_stays(again: str) -> None:
    """Other case, marks or publisher: the same words are the same news."""
    first = headline("CBA profit beats estimates", 9)
    assert recent(headline(again, 2, provider="The Desk"), first) == [first.title]


@pytest.mark.parametrize(
    "publisher",
    [
        "Yahoo! Finance",
        "24/7 Wall St.",
        "S&P Global",
        "Barron's",
        "ABC News (Australia)",
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "{}: {}",
        "({}) {}",
        "{} | {}",
        "{}, {}",
        "\u25b6 {}: {}",
        "@{}: {}",
        "\u3010{}\u3011{}",
        "\u00ab{}\u00bb {}",
        "<{}> {}",
    ],
)
def test_a_publisher_of_any_name_behind_any_mark_is_cut(
    publisher: str, form: str
) -> None:
    """Names may hold marks, and marks may stand on both sides of a name."""
    title = "CBA profit beats estimates"
    start = headline(form.format(publisher, title), 3, provider=publisher)
    ends = ("{} ({})", "{}. {}", "{}\u2014{}", "{} (via {})", "{} | {} |", "{} <{}>")
    repeats = [headline(end.format(title, publisher)) for end in ends[1:]]
    if not publisher[0].isdigit():
        assert recent(start, *repeats, headline(title, 9)) == [title]
    assert recent(start, headline(title, 9)) == [title]


def test_words_and_signs_beside_a_publishers_name_stay() -> None:
    """Without a mark between them, the name is part of the title."""
    named = ("CBA sues Reuters", "CBA falls -5%", "Non-Reuters", "AP-led CBA")
    short = ("CBA sues", "CBA falls 5%", "Non", "led CBA")
    assert len(recent(*map(headline, named + short))) == len(named + short)


def test_a_name_behind_a_bar_is_a_publisher_where_the_title_stands_alone() -> None:
    """No list holds every publisher; without the bare title it may be anything."""
    carried, other = headline("ANZ up | Small Caps", 5), headline("ANZ up | Rates", 3)
    assert len(recent(carried, other)) == 2
    assert recent(carried, other, headline("ANZ up", 1)) == [carried.title]


@pytest.mark.parametrize(
    "other",
    [
        "CBA profit misses estimates",
        "CBA profit beats estimates by 3%",
        "CBA profit beats 2024 estimates",
        "CBA profit beats estimates - but margins are squeezed",
        "ANZ: CBA profit beats estimates",
    ],
)
def test_other_words_are_other_news(other: str) -> None:
    """A word or a number more makes another headline."""
    assert len(recent(headline("CBA profit beats estimates"), headline(other))) == 2


@pytest.mark.parametrize(
    ("title", "readable"),
    [
        ("CBA profit beats estimates", True),
        ("Nestl\u00e9 \u00fcbertrifft Erwartungen", True),
        ("\U0001f680\U0001f680\U0001f680", False),
        ("BHP \u5fc5\u548c\u5fc5\u62d3\u66b4\u8dcc", False),
        ("\u0421\u0431\u0435\u0440\u0431\u0430\u043d\u043a +3%", False),
    ],
)
def test_titles_of_other_scripts_are_not_readable(
    *, title: str, readable: bool
) -> None:
    """Both engines are of English and know no word of another script."""
    assert is_readable(title) is readable


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Shares +3%", "Shares -3%", False),
        ("Shares -3%", "Shares \u22123%", True),
        ("Up 3.5%", "Up 35%", False),
        ("Q3.", "Q3", True),
        ("In 2025.", "In 2025", True),
        ("Macy\u2019s rises", "Macy's rises", True),
        ("ASX 200 - live", "ASX 200 live", True),
        ("CBA&#39;s M&amp;A", "CBA's M&A", True),
    ],
)
def test_signs_and_numbers_tell_titles_apart(
    *, one: str, other: str, same: bool
) -> None:
    """Marks between words don't."""
    assert (len(recent(headline(one), headline(other))) == 1) == same


@given(st.lists(st.tuples(titles, st.floats(-100, 100)), max_size=8), st.randoms())
def test_headlines_after_the_cut_off_change_nothing(
    pairs: list[tuple[str, float]],
    random: Any,  # noqa: ANN401
) -> None:
    """Nor does the order in which they come."""
    mixed = [headline(title, age) for title, age in pairs]
    known = [one for one in mixed if one.published_at <= CUTOFF]
    random.shuffle(mixed)
    assert said(*mixed) == said(*known)


@given(st.dictionaries(titles, st.tuples(hours, st.floats(-1, 1)), min_size=1))
def test_the_voice_is_the_published_formula(
    drawn: dict[str, tuple[float, float]],
) -> None:
    """Weights halve in 24 hours, and count 0.3 where the company is not named."""
    headlines = tuple(headline(title, age) for title, (age, _) in drawn.items())
    polarities = {title: polarity for title, (_, polarity) in drawn.items()}
    found = news_sentiment(headlines, polarities, ABOUT, CUTOFF, SETTINGS)
    named = {"CBA beats", "Commonwealth Bank slips"}
    weights = {
        title: 0.5 ** (age / 24) * (1 if title in named else 0.3)
        for title, (age, _) in drawn.items()
    }
    total = sum(weights.values())
    mean = sum(weights[title] * polarities[title] for title in drawn) / total
    assert found.component.direction == pytest.approx(mean, abs=1e-9)
    assert found.component.confidence == pytest.approx(1 - math.exp(-total / 3))
    assert found.polarity == found.component.direction
    assert found.count == len(drawn)


@given(st.lists(hours, min_size=1, max_size=5), st.floats(-1, 1), st.floats(-1, 1))
def test_worse_news_never_says_more(
    ages: list[float], one: float, other: float
) -> None:
    """A lower polarity lowers the direction and leaves the confidence alone."""
    worse, better = sorted((one, other))
    headlines = [headline(f"CBA {age}", age) for age in ages]
    bad, good = said(*headlines, polarity=worse), said(*headlines, polarity=better)
    assert (bad.polarity or 0) <= (good.polarity or 0) + 1e-12
    assert bad.component.confidence == good.component.confidence


def test_more_news_is_surer() -> None:
    """Confidence grows with the weight of what was read, and stays below 1."""
    counts = [
        said(*(headline(f"CBA {n}") for n in range(count))) for count in (1, 3, 9)
    ]
    confidences = [found.component.confidence or 0 for found in counts]
    assert confidences == sorted(confidences)
    assert 0 < confidences[0] < confidences[-1] < 1


def test_no_headline_is_missing_not_neutral() -> None:
    """The component is silent with its reason; the count is a known 0."""
    found = said(headline("CBA beats", 80))
    assert not found.component.present
    assert found.component.reason == "no_news: no headline in the last 72 hours"
    assert (found.count, found.polarity) == (0, None)


def test_what_was_read_is_kept_with_its_weight() -> None:
    """Every number of the component can be traced to its headlines."""
    found = said(headline("CBA beats", 24), headline("Rates on hold", 0))
    weights = [(one.headline.title, one.weight) for one in found.weighed]
    assert weights == [("CBA beats", 0.5), ("Rates on hold", 0.3)]
