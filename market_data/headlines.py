"""News headlines of one symbol: the type, both of Yahoo's layouts, and the sources."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from config.errors import NoNews, Unreachable
from config.plain_text import plain_text
from market_data.symbols import file_stem
from market_data.yahoo_client import YahooClient


@dataclass(frozen=True)
class Headline:
    """One title as it was published; `published_at` is aware, in UTC."""

    title: str
    published_at: datetime
    url: str = ""
    provider: str = ""


@dataclass(frozen=True)
class HeadlineFeed:
    """What a source gave; `unreadable` counts items without title or exact time."""

    headlines: tuple[Headline, ...]
    unreadable: int = 0


class HeadlineSource(Protocol):
    """Headlines of one symbol at a time."""

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return all headlines the source has now, of any date, in any order.

        Raises
        ------
        SymbolError
            If it has none, or can't answer: an empty feed is no answer.
        """
        ...


@dataclass(frozen=True)
class FolderHeadlines:
    """`{folder}/news/{SYMBOL}.json`: a list of items in either of Yahoo's layouts."""

    folder: Path

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return the file's headlines; see `HeadlineSource`."""
        path = self.folder / "news" / f"{file_stem(symbol)}.json"
        if not path.is_file():
            raise NoNews(f"the folder must hold news/{path.name}, got no file.")
        try:
            items = json.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise NoNews(
                f"news/{path.name} must be readable JSON, got: {str(error)[:80]}."
            ) from error
        if not isinstance(items, list):
            raise NoNews(
                f"news/{path.name} must hold a list, got {type(items).__name__}."
            )
        return read_feed(items)


@dataclass(frozen=True)
class YahooHeadlines:
    """Yahoo's latest news of a symbol."""

    client: YahooClient
    count: int
    tab: ClassVar[str] = "news"

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return Yahoo's headlines; see `HeadlineSource`.

        The client answers a refusal with an empty list, so that one proves nothing.
        """
        items = self.client.ask(symbol, "headlines", self._request, extra=True)
        if not items:
            raise NoNews(f"Yahoo must answer for {symbol} with headlines, got none.")
        return read_feed(items)

    def _request(self, ticker: Any) -> list[Any]:  # noqa: ANN401
        items = ticker.get_news(count=self.count, tab=self.tab)
        if not isinstance(items, list):
            raise Unreachable(f"Yahoo must send a list of news, got {type(items)}.")
        return items


def read_feed(items: Iterable[Any]) -> HeadlineFeed:
    """Return the headlines of `items`, those that can't be read counted."""
    read = [_headline(item) for item in items]
    headlines = tuple(headline for headline in read if headline)
    return HeadlineFeed(headlines, len(read) - len(headlines))


def _headline(item: object) -> Headline | None:
    """Return an item of either layout: `content{title, pubDate}`, or flat."""
    content = item.get("content", item) if isinstance(item, Mapping) else None
    if not isinstance(content, Mapping):
        return None
    title = " ".join(plain_text(str(content.get("title") or "")).split())
    published_at = _instant(
        content.get("pubDate")
        or content.get("displayTime")
        or content.get("providerPublishTime")
    )
    if not title or published_at is None:
        return None
    return Headline(
        title,
        published_at,
        url=_text(content, "url", "canonicalUrl", "url", "link"),
        provider=_text(content, "displayName", "provider", "publisher"),
    )


def _instant(value: object) -> datetime | None:
    """Return an ISO time with its zone, or seconds since 1970, as an instant."""
    try:
        if isinstance(value, int | float) and math.isfinite(value):
            return datetime.fromtimestamp(value, UTC)
        instant = datetime.fromisoformat(str(value))
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _text(content: Mapping[str, Any], within: str, *names: str) -> str:
    """Return the first of the fields that is there; of a nested one what is `within`.

    A provider has an address too, and is not called by it.
    """
    for name in names:
        value = content.get(name)
        if isinstance(value, Mapping):
            value = value.get(within)
        if value:
            return plain_text(str(value)).strip()
    return ""
