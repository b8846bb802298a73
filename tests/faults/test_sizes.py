"""Texts and files far larger than real ones take little time, and are counted."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import NoNews
from config.settings import SentimentSettings
from features.sentiment import news_sentiment, recent_headlines
from market_data.companies import names_company, press_names
from market_data.headlines import (
    MAX_TITLE,
    FolderHeadlines,
    Headline,
    HeadlineFeed,
    read_feed,
)

CUTOFF = datetime(2025, 11, 10, 23, tzinfo=UTC)
SETTINGS = SentimentSettings()
GENEROUS_SECONDS = 5
"""More than a hundred times what each of these takes."""

LONG_TITLES = {
    "entities": "&amp;" * 1_000_000,
    "spaces": "CBA" + " " * 5_000_000 + "up",
    "both": "&#38; " * 900_000,
    "digits of an entity": "CBA &#" + "1" * 5_000_000 + ";",
    "dashes": " - A" * 1_250_000,
    "brackets": " (" * 2_500_000,
    "one word": "x" * 5_000_000,
}


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of `work`."""
    start = time.process_time()
    work()
    return time.process_time() - start


def feed_of(folder: Path, items: str) -> HeadlineFeed:
    """Return what the folder source makes of a news file with this content."""
    (folder / "news").mkdir(exist_ok=True)
    (folder / "news" / "CBA.AX.json").write_text(items)
    return FolderHeadlines(folder).fetch("CBA.AX")


def many(count: int) -> list[Headline]:
    """Return so many headlines, each of one of 300 publishers."""
    return [
        Headline(
            f"Item {number} of the day - Paper {number % 300}",
            CUTOFF - timedelta(minutes=number % 4000),
            provider=f"Paper {number % 300}",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("what", LONG_TITLES)
def test_a_title_of_5_mb_is_cut_first(tmp_path: Path, what: str) -> None:
    """From the file to the component: the first characters are read, with a note."""
    item = {"title": LONG_TITLES[what], "pubDate": "2025-11-10T12:00:00Z"}

    def read() -> None:
        feed = feed_of(tmp_path, json.dumps([item]))
        (one,) = recent_headlines(feed.headlines, CUTOFF, SETTINGS)
        assert one.is_cut
        assert len(one.title) <= MAX_TITLE
        about = ("CBA.AX", ("Commonwealth Bank",))
        news_sentiment((one,), {one.title: 0.5}, about, CUTOFF, SETTINGS)

    assert cpu_seconds(read) < GENEROUS_SECONDS


@pytest.mark.parametrize("what", LONG_TITLES)
def test_a_long_title_from_any_source_costs_little(what: str) -> None:
    """The functions themselves are bounded, whoever calls them."""
    title = LONG_TITLES[what]

    def work() -> None:
        recent_headlines([Headline(title, CUTOFF, provider=title)], CUTOFF, SETTINGS)

    assert cpu_seconds(work) < GENEROUS_SECONDS


def test_twice_as_many_headlines_cost_twice_the_time() -> None:
    """2,000 headlines of 300 publishers: no title is compared with every other one."""
    few, lots = many(2_000), many(8_000)
    assert len(recent_headlines(few, CUTOFF, SETTINGS)) == 2_000
    small = min(
        cpu_seconds(lambda: recent_headlines(few, CUTOFF, SETTINGS)) for _ in range(3)
    )
    large = min(
        cpu_seconds(lambda: recent_headlines(lots, CUTOFF, SETTINGS)) for _ in range(3)
    )
    assert large < 4 * 1.7 * small


def test_a_name_of_a_megabyte_is_not_used() -> None:
    """Neither of a company nor of a publisher nor an address."""
    name = "Bank, " * 200_000
    assert cpu_seconds(lambda: press_names("XYZ", name)) < GENEROUS_SECONDS
    assert press_names("XYZ", name) == ()
    assert not names_company("CBA up", "XYZ", press_names("XYZ", name))
    item = {"title": "CBA up", "pubDate": "2025-11-10T12:00:00Z", "link": name}
    (found,) = read_feed([item | {"publisher": name}]).headlines
    assert (found.provider, found.url) == ("", "")


@pytest.mark.parametrize("field", ["title", "pubDate", "provider", "link", "content"])
def test_deeply_nested_fields_are_no_text(tmp_path: Path, field: str) -> None:
    """What is nested deeper than Python prints ends as one unreadable item at most."""
    nested: object = "x"
    for _ in range(900):
        nested = [nested]
    item = {"title": "CBA up", "pubDate": "2025-11-10T12:00:00Z"} | {field: nested}
    feed = feed_of(tmp_path, json.dumps([item]))
    assert len(feed.headlines) + feed.unreadable == 1


def test_a_news_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """The message names the file and the limit."""
    with pytest.raises(NoNews, match=r"news/CBA\.AX\.json .*larger than 20 MB"):
        feed_of(tmp_path, " " * 20_000_001)
