"""News headlines of one symbol: the type, both of Yahoo's layouts, and the sources."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime, parsedate_tz
from pathlib import Path
from typing import Any, ClassVar, Protocol

from config.errors import NoNews, Unreachable
from config.plain_text import plain_text
from market_data.companies import decode_entities
from market_data.symbols import file_of_user
from market_data.yahoo_client import YahooClient
from storage.paths import read_bytes

MILLISECONDS_FROM = 1e11
"""A larger epoch is in milliseconds: in seconds it would be the year 5138."""

_NUMBER = re.compile(r"\d{9,14}(\.\d+)?")

MAX_NEWS_BYTES = 20_000_000
"""A larger news file is not read."""

MAX_TITLE = 1_000
"""A title is cut to this many characters before it is used."""

MAX_PROVIDER, MAX_URL, MAX_TIME = 100, 2_000, 64
"""Characters of a publisher's name, an address and a time; longer ones are omitted."""


@dataclass(frozen=True)
class Headline:
    """A title as it was published; `published_at` is aware, in UTC.

    `is_cut` is whether the title was longer than `MAX_TITLE`.
    """

    title: str
    published_at: datetime
    url: str = ""
    provider: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class HeadlineFeed:
    """A source's headlines; `unreadable` counts items without title or exact time."""

    headlines: tuple[Headline, ...]
    unreadable: int = 0


class HeadlineSource(Protocol):
    """Headlines of one symbol at a time."""

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return all headlines that the source has now, of any date, in any order.

        Raises
        ------
        SymbolError
            If it has none or gives no answer; an empty feed is never returned.
        """
        ...


@dataclass(frozen=True)
class FolderHeadlines:
    """`{folder}/news/{SYMBOL}.json`: a list of items in either of Yahoo's layouts."""

    folder: Path

    def fetch(self, symbol: str) -> HeadlineFeed:
        """Return the file's headlines; see `HeadlineSource`."""
        path = file_of_user(self.folder / "news", symbol, ".json")
        if not path.is_file():
            raise NoNews(f"the folder has no file news/{path.name}", "add it")
        try:
            text = read_bytes(path, MAX_NEWS_BYTES).decode("utf-8-sig")
            items = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            raise NoNews(
                f"news/{path.name} is not readable JSON ({str(error)[:80]})",
                "correct the file",
            ) from error
        if not isinstance(items, list):
            raise NoNews(
                f"news/{path.name} must hold a list, got {type(items).__name__}",
                "correct the file",
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

        yfinance also returns an empty list after a refusal, so that is an error.
        """
        items = self.client.ask(symbol, "headlines", self._request, extra=True)
        if not items:
            raise NoNews(f"Yahoo sent no headlines of {symbol}", "try again later")
        return read_feed(items)

    def _request(self, ticker: Any) -> list[Any]:  # noqa: ANN401
        items = ticker.get_news(count=self.count, tab=self.tab)
        if not isinstance(items, list):
            raise Unreachable(
                f"Yahoo sent {type(items).__name__} instead of a list of news",
                "try again later",
            )
        return items


def read_feed(items: Iterable[Any]) -> HeadlineFeed:
    """Return the headlines of `items`, and the number of unreadable items."""
    read = [_headline(item) for item in items]
    headlines = tuple(headline for headline in read if headline)
    return HeadlineFeed(headlines, len(read) - len(headlines))


def _headline(item: object) -> Headline | None:
    """Return the headline of an item: `content{title, pubDate}`, or a flat item."""
    content = item.get("content", item) if isinstance(item, Mapping) else None
    if not isinstance(content, Mapping):
        return None
    full = _string(content.get("title")).strip()
    title = " ".join(plain_text(decode_entities(full[:MAX_TITLE])).split())
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
        url=_if_short(MAX_URL, _text(content, "url", "canonicalUrl", "url", "link")),
        provider=_if_short(
            MAX_PROVIDER, _text(content, "displayName", "provider", "publisher")
        ),
        is_cut=len(full) > MAX_TITLE,
    )


def _string(value: object) -> str:
    """Return a text unchanged, and "" for a value that is not text."""
    return value if isinstance(value, str) else ""


def _instant(value: object) -> datetime | None:
    """Return a time of any usual form in UTC, None for another value.

    Accepted are ISO and RFC 822 with a zone, and seconds or milliseconds since 1970 as
    a number or as text. A time without a zone may be half a day off, so it is None.
    """
    if not isinstance(value, int | float) and not _if_short(MAX_TIME, _string(value)):
        return None
    try:
        if isinstance(value, bool) or value is None:
            return None
        text = str(value).strip()
        if isinstance(value, int | float) or _NUMBER.fullmatch(text):
            return _epoch(float(text))
        instant = _parse(text)
        return instant.astimezone(UTC) if instant and instant.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _epoch(seconds: float) -> datetime | None:
    if not math.isfinite(seconds):
        return None
    in_milliseconds = abs(seconds) >= MILLISECONDS_FROM
    return datetime.fromtimestamp(seconds / (1000 if in_milliseconds else 1), UTC)


def _parse(text: str) -> datetime | None:
    """Return the time of an ISO or RFC 822 text, with its zone if it names one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    parts = parsedate_tz(text)
    if text.endswith("-0000"):  # UTC; the sender does not give its own zone.
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    # An offset of None: the zone is missing, or RFC 822 does not define it.
    if parts is None or parts[9] is None:
        return None
    return parsedate_to_datetime(text)


def _text(content: Mapping[str, Any], within: str, *names: str) -> str:
    """Return the first field that has text; of a nested field, its part `within`."""
    for name in names:
        value = content.get(name)
        if isinstance(value, Mapping):
            value = value.get(within)
        if _string(value):
            return plain_text(_string(value)).strip()
    return ""


def _if_short(most: int, text: str) -> str:
    """Return the text, empty if it is longer than `most` characters."""
    return text if len(text) <= most else ""
