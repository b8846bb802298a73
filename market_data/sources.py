"""Where prices and headlines come from: a small protocol, and the sources by name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol, get_args

from config.errors import ParameterError, quote_value
from config.settings import Settings
from market_data.folder import FolderSource
from market_data.headlines import FolderHeadlines, HeadlineSource, YahooHeadlines
from market_data.prices import PriceHistory
from market_data.sample import SampleSource
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient

SourceName = Literal["yahoo", "folder", "sample"]


class PriceSource(Protocol):
    """Daily prices of one symbol at a time."""

    @property
    def name(self) -> str:
        """Return the name that the CSV shows."""
        ...

    @property
    def remote(self) -> bool:
        """Return whether a fetch sends requests; if so, the store is read first."""
        ...

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the source's unchanged sessions from `first` to `last`.

        Raises
        ------
        SymbolError
            `UnknownSymbol`, `RateLimited`, `Unreachable` or `BadPrices`, instead of an
            empty or partly parsed frame.
        """
        ...


@dataclass(frozen=True)
class Feeds:
    """The feeds of a run's source; None for a feed that it does not have.

    All of Yahoo's feeds share the connection `yahoo`.
    """

    prices: PriceSource
    headlines: HeadlineSource | None = None
    yahoo: YahooClient | None = None


def open_feeds(
    name: SourceName,
    folder: Path | None,
    settings: Settings,
    shared_pace: Callable[[], None] = lambda: None,
) -> Feeds:
    """Return the feeds of the source called `name`.

    `shared_pace` waits for a turn among the runs that ask the same service.

    Raises
    ------
    ParameterError
        For an unknown name, or a folder source without a folder of prices.
    """
    if folder is not None and name != "folder":
        raise ParameterError(
            f"`folder` needs the source folder, got {folder} with the source {name}",
            "add --source folder",
        )
    match name:
        case "yahoo":
            client = YahooClient(settings.prices, shared_pace)
            news = YahooHeadlines(client, settings.sentiment.headlines_asked)
            return Feeds(YahooSource(client), news, client)
        case "sample":
            return Feeds(SampleSource())
        case "folder" if folder is not None and (folder / "prices").is_dir():
            return Feeds(FolderSource(folder), FolderHeadlines(folder))
        case "folder":
            raise ParameterError(
                f"`folder` must be a folder that holds `prices/`, got {folder}",
                "pass it with --folder DIR",
            )
    choices = ", ".join(get_args(SourceName))
    raise ParameterError(f"`source` must be one of {choices}, got {quote_value(name)}")
