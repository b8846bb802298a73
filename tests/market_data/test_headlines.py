"""Headlines of both layouts, from a folder and from Yahoo; an empty answer is none."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from equipment import Replay
from hypothesis import given
from hypothesis import strategies as st

from config.errors import NoNews, RateLimited, SymbolError, Unreachable
from config.settings import PriceSettings
from market_data.headlines import (
    FolderHeadlines,
    Headline,
    HeadlineFeed,
    YahooHeadlines,
    read_feed,
)
from market_data.yahoo_client import YahooClient

WHEN = datetime(2025, 5, 10, 12, 23, 14, tzinfo=UTC)
NEW = {
    "id": "1",
    "content": {
        "title": "CBA beats",
        "pubDate": "2025-05-10T12:23:14Z",
        "provider": {"displayName": "Reuters", "url": "https://reuters.com"},
        "canonicalUrl": {"url": "https://x.au/1"},
        "clickThroughUrl": None,
    },
}
OLD = {
    "uuid": "1",
    "title": "CBA beats",
    "publisher": "Reuters",
    "link": "https://x.au/1",
    "providerPublishTime": int(WHEN.timestamp()),
}
FLAT = {
    "title": "CBA  beats ",
    "pubDate": "2025-05-10T22:23:14+10:00",
    "url": "https://x.au/1",
    "provider": "Reuters",
}


@pytest.mark.parametrize("item", [NEW, OLD, FLAT])
def test_both_layouts_are_one_headline(item: dict[str, Any]) -> None:
    """Title, instant in UTC, address and publisher, however they are nested."""
    feed = read_feed([item])
    assert feed == HeadlineFeed(
        (Headline("CBA beats", WHEN, "https://x.au/1", "Reuters"),)
    )


@pytest.mark.parametrize(
    "time",
    [
        "Sat, 10 May 2025 12:23:14 GMT",
        "Sat, 10 May 2025 22:23:14 +1000",
        "Sat, 10 May 2025 08:23:14 EDT",
        "Sat, 10 May 2025 12:23:14 -0000",
        "10 May 2025 12:23:14 +0000",
        "2025-05-10T12:23:14+00:00",
        "2025-05-10 12:23:14Z",
        int(WHEN.timestamp()),
        float(WHEN.timestamp()),
        str(int(WHEN.timestamp())),
        int(WHEN.timestamp()) * 1000,
    ],
)
@pytest.mark.parametrize("name", ["pubDate", "providerPublishTime"])
def test_a_time_of_any_usual_form_is_read(name: str, time: object) -> None:
    """ISO, RFC 822 and seconds or milliseconds since 1970, as number or text."""
    (headline,) = read_feed([{"title": "CBA beats", name: time}]).headlines
    assert headline.published_at == WHEN


def test_entities_are_decoded_before_anything_else() -> None:
    """The title is what a person reads, though a feed encoded it twice."""
    title = "AT&amp;T&amp;#39;s profit&nbsp;rises"
    (headline,) = read_feed([OLD | {"title": title}]).headlines
    assert headline.title == "AT&T's profit rises"


@pytest.mark.parametrize(
    "item",
    [
        {"title": "no time"},
        {"title": "no zone", "pubDate": "Sat, 10 May 2025 12:23:14"},
        {"title": "a zone of nobody", "pubDate": "Sat, 10 May 2025 12:23:14 AEST"},
        {"title": "a day", "pubDate": "2025-05-10"},
        {"title": "yes", "pubDate": True},
        {"title": "no zone", "pubDate": "2025-05-10T12:23:14"},
        {"title": "a word", "pubDate": "yesterday"},
        {"title": "far", "providerPublishTime": 1e30},
        {"title": "  ", "pubDate": "2025-05-10T12:23:14Z"},
        {"pubDate": "2025-05-10T12:23:14Z"},
        {"content": None},
        None,
        "text",
        3,
    ],
)
def test_what_can_t_be_read_is_counted(item: object) -> None:
    """Without a title or an exact instant an item counts as unreadable."""
    assert read_feed([item, NEW]) == HeadlineFeed(read_feed([NEW]).headlines, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "title", "pubDate", "provider", "url"]), inner
        )
    ),
)


@given(st.lists(json_values))
def test_no_item_breaks_the_reader(items: list[Any]) -> None:
    """Every item is a headline or is counted."""
    feed = read_feed(items)
    assert len(feed.headlines) + feed.unreadable == len(items)


def folder(tmp_path: Path, content: str) -> HeadlineFeed:
    """Return what the folder source makes of a file with this content."""
    path = tmp_path / "news" / "CBA.AX.json"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    return FolderHeadlines(tmp_path).fetch("CBA.AX")


def test_a_folder_s_file_is_read(tmp_path: Path) -> None:
    """Both layouts may stand in one file, with letters of any script."""
    named = FLAT | {"title": "Crédit \u682a\u5f0f"}
    feed = folder(tmp_path, "\ufeff" + json.dumps([NEW, named], ensure_ascii=False))
    assert [one.title for one in feed.headlines] == ["CBA beats", "Crédit \u682a\u5f0f"]


def test_no_file_is_no_news(tmp_path: Path) -> None:
    """The file that is looked for is named."""
    with pytest.raises(NoNews, match=r"the folder has no file news/CBA.AX.json"):
        FolderHeadlines(tmp_path).fetch("CBA.AX")


@pytest.mark.parametrize("content", ["", "{", '{"a": 1}', "3", "[" * 100_000])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    """It costs the symbol's news, with the file and what is wrong with it."""
    with pytest.raises(NoNews, match=r"news/CBA.AX.json (is not|must)"):
        folder(tmp_path, content)


def ask(symbol: str = "CBA.AX", retry_seconds: float = 0) -> HeadlineFeed:
    """Return what the real client gets from the replay."""
    settings = PriceSettings(extras_retry_seconds=retry_seconds, requests_per_second=50)
    client = YahooClient(settings, pause_seconds=0.1)
    return YahooHeadlines(client, 50).fetch(symbol)


def test_yahoo_s_feed_is_read(replay: Replay) -> None:
    """Recorded headlines, each with its instant; none from after Yahoo's own day."""
    replay.set_now("2026-03-06")
    feed = ask()
    assert feed.unreadable == 0
    assert feed.headlines
    newest = max(one.published_at for one in feed.headlines)
    assert newest <= datetime(2026, 3, 7, tzinfo=UTC)
    assert any("Fitch" in one.title for one in feed.headlines)


def test_yahoo_s_older_layout_is_read(replay: Replay) -> None:
    """What the client's search returns is flat, and gives the same headlines."""
    import yfinance  # noqa: PLC0415  after the replay has been set up

    replay.set_now("2026-03-06")
    flat = yfinance.Search("CBA.AX", news_count=50).news
    assert "content" not in flat[0]
    found = {(one.title, one.published_at) for one in read_feed(flat).headlines}
    assert found
    assert found <= {(one.title, one.published_at) for one in ask().headlines}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", RateLimited),
        ("html_down", Unreachable),
        ("reset", Unreachable),
        ("http,status=404", Unreachable),
    ],
)
def test_a_refusal_is_never_an_empty_feed(
    replay: Replay, fault: str, kind: type[SymbolError]
) -> None:
    """Each has its type; by default the client would turn some into an empty list."""
    replay.set_now("2026-03-06")
    name, _, more = fault.partition(",")
    replay.faults(",".join(filter(None, [name, "endpoint=news", more])))
    with pytest.raises(kind):
        ask()


def test_a_passing_fault_is_tried_again(replay: Replay) -> None:
    """Within the waiting time of what a night can do without."""
    replay.set_now("2026-03-06")
    replay.faults("rate_limit,endpoint=news,first=2")
    assert ask(retry_seconds=10).headlines


def test_the_extras_never_use_up_the_prices_waiting_time(replay: Replay) -> None:
    """After news has spent its own, a failing price is still tried again."""
    from datetime import date  # noqa: PLC0415

    from market_data.yahoo import YahooSource  # noqa: PLC0415

    settings = PriceSettings(
        retry_seconds=10, extras_retry_seconds=0, requests_per_second=50
    )
    client = YahooClient(settings, pause_seconds=0.1)
    replay.faults("rate_limit,endpoint=news", "rate_limit,endpoint=chart,first=2")
    with pytest.raises(RateLimited):
        YahooHeadlines(client, 5).fetch("BHP.AX")
    history = YahooSource(client).fetch("BHP.AX", date(2025, 6, 2), date(2025, 6, 20))
    assert len(history.frame) > 10
