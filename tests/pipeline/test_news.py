"""The news of a night: up to its cut-off, each title read once, reasons if missing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.errors import NoNews, SentimentUnavailable
from config.parameters import TrainingOverrides
from market_data.headlines import Headline, HeadlineFeed
from market_data.selection import Symbols
from pipeline.headlines import headlines
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.sentiment import News, sentiment
from pipeline.sources import NewsAndEventSources, open_sources
from screening.findings import HeadlineFindings, PriceFindings

NOW = datetime(2025, 11, 10, 8, 30, tzinfo=UTC)
CUTOFF = datetime(2025, 11, 10, 23, tzinfo=UTC)


def plan(home: Path, now: datetime = NOW, **changes: Any) -> RunPlan:  # noqa: ANN401
    """Return the plan of a night of two banks with `changes`."""
    request: dict[str, Any] = {
        "selection": Symbols(symbols=("CBA.AX", "ANZ.AX")),
        "source": "yahoo",
        "folder": None,
        "as_of": date(2025, 11, 10),
        "train": "never",
        "preset": "standard",
        "parameters": TrainingOverrides(),
        "home": home,
    }
    return plan_run(RunRequest(**(request | changes)), now=now)


@dataclass
class Counting:
    """A reader that counts the titles it is given, and may be broken."""

    read: list[str] = field(default_factory=list)
    broken: bool = False

    def polarities(self, titles: Iterable[str], _today: date) -> dict[str, float]:
        """Return 0.5 for each distinct title."""
        if self.broken:
            raise SentimentUnavailable("FinBERT is damaged.")
        self.read += sorted(set(titles))
        return dict.fromkeys(self.read, 0.5)


@dataclass(frozen=True)
class Feed:
    """A source of the headlines it is given; without any it fails."""

    items: tuple[Headline, ...] = ()

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return the headlines."""
        if not self.items:
            raise NoNews(f"Yahoo must answer for {symbol} with headlines, got none.")
        return HeadlineFeed(self.items, unreadable=2)


def sources(
    feed: Feed | None = None, reader: Counting | None = None
) -> NewsAndEventSources:
    """Return a sources with this feed and reader, and no event source."""
    silence = "" if reader else "FinBERT must be on this machine."
    return NewsAndEventSources((), feed, reader, silence, ())


def read(night: RunPlan, reader: Counting, *titles: str) -> News:
    """Return the night's news where both symbols have these titles."""
    recent = tuple(Headline(title, NOW) for title in titles)
    found = {symbol: HeadlineFindings(recent) for symbol in night.symbols}
    return sentiment(night, sources(reader=reader), found)


def test_a_live_night_knows_the_news_up_to_its_start(tmp_path: Path) -> None:
    """Started that evening, it reads what has been published by then."""
    assert plan(tmp_path).cutoff("CBA.AX") == NOW


def test_a_replay_knows_the_news_up_to_the_next_open(tmp_path: Path) -> None:
    """A year later the same night ends when the exchange opened again, each its own."""
    late = NOW + timedelta(days=365)
    assert plan(tmp_path, late).cutoff("CBA.AX") == CUTOFF
    wall_street = plan(tmp_path, late, selection=Symbols(symbols=("AAPL",)))
    assert wall_street.cutoff("AAPL") == datetime(2025, 11, 11, 14, 30, tzinfo=UTC)


def test_each_distinct_title_is_read_once_over_all_symbols(tmp_path: Path) -> None:
    """A headline of both banks is read once, and counts for each bank."""
    reader = Counting()
    news = read(plan(tmp_path), reader, "ANZ up", "CBA up")
    assert reader.read == ["ANZ up", "CBA up"]
    for symbol in ("CBA.AX", "ANZ.AX"):
        assert news.by_symbol[symbol].component.direction == pytest.approx(0.5)


def test_a_damaged_model_silences_all_and_is_said_once(tmp_path: Path) -> None:
    """Every component is missing; one notice gives the reason."""
    news = read(plan(tmp_path), Counting(broken=True), "CBA up")
    assert news.notices == ("FinBERT is damaged.",)
    reasons = {found.component.reason for found in news.by_symbol.values()}
    assert reasons == {"FinBERT is damaged."}


def test_a_feed_that_gave_nothing_at_all_is_said(tmp_path: Path) -> None:
    """No headline for any symbol is hardly the truth; for one symbol it may be."""
    night = plan(tmp_path)
    none = {symbol: HeadlineFindings(None, reason="503") for symbol in night.symbols}
    (notice,) = sentiment(night, sources(reader=Counting()), none).notices
    assert notice.startswith("Yahoo gave no headline for any of 2 symbols")
    one = plan(tmp_path, selection=Symbols(symbols=("CBA.AX",)))
    found = {"CBA.AX": HeadlineFindings(None, reason="503")}
    assert sentiment(one, sources(reader=Counting()), found).notices == ()


def test_headlines_are_cut_and_named(tmp_path: Path) -> None:
    """Up to the cut-off, with the names of the company as the prices give it."""
    night = plan(tmp_path, NOW + timedelta(days=365))
    feed = Feed((Headline("Before", CUTOFF), Headline("After", CUTOFF + timedelta(1))))
    prices = PriceFindings(Path("p"), 1, "", "yahoo", (), company="Commonwealth Bank")
    found = headlines(night, sources(feed, Counting()), "CBA.AX", prices)
    assert [one.title for one in found.recent or ()] == ["Before"]
    assert "Commonwealth Bank" in found.names


def test_no_headline_in_the_window_is_a_known_none(tmp_path: Path) -> None:
    """What could not be read is counted in the reason."""
    feed = Feed((Headline("Old", NOW - timedelta(days=9)),))
    found = headlines(plan(tmp_path), sources(feed, Counting()), "CBA.AX", None)
    assert found.recent == ()
    assert found.reason == "no_news: no headline in the last 72 hours"
    assert found.unreadable == 2


def test_a_failing_source_is_not_a_known_none(tmp_path: Path) -> None:
    """There are no headlines, with the reason of the source."""
    found = headlines(plan(tmp_path), sources(Feed(), Counting()), "CBA.AX", None)
    assert found.recent is None
    assert found.reason.startswith("no_news: Yahoo must answer")


def test_off_asks_for_no_headline(tmp_path: Path) -> None:
    """There is no request and no notice; the component's reason is that it is off."""
    (tmp_path / "overnight.toml").write_text("[sentiment]\nengine = 'off'\n")
    night = plan(tmp_path)
    found = open_sources(night, night.open_feeds())
    assert (found.headlines, found.reader, found.notices) == (None, None, ())
    assert "is off" in headlines(night, found, "CBA.AX", None).reason


def test_the_sample_has_no_headlines(tmp_path: Path) -> None:
    """A missing model is no news where there is nothing to read."""
    night = plan(
        tmp_path, source="sample", selection=Symbols(symbols=("AAPL",)), as_of=None
    )
    found = open_sources(night, night.open_feeds())
    assert found.notices == ()
    assert found.unavailable_reason == "the sample source has no headlines"


def test_what_was_cut_or_left_out_is_counted(tmp_path: Path) -> None:
    """Headlines beyond a thousand, cut titles and unreadable items each have a note."""
    titles = [Headline(f"Item {n}", NOW - timedelta(seconds=n)) for n in range(1_003)]
    feed = Feed((*titles, Headline("Long", NOW, is_cut=True)))
    found = headlines(plan(tmp_path), sources(feed, Counting()), "CBA.AX", None)
    assert len(found.recent or ()) == 1_000
    assert "Item 1002" not in {one.title for one in found.recent or ()}
    assert found.reason == ""
    assert found.unreadable == 2
    assert found.notes == (
        "4 headlines left out, the newest 1,000 are read",
        "1 headline cut at 1,000 characters",
    )
