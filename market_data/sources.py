"""Where prices come from: one small protocol, and the sources by name."""

from datetime import date
from pathlib import Path
from typing import Literal, Protocol, get_args

from config.errors import ParameterError
from config.settings import PriceSettings
from market_data.folder import FolderSource
from market_data.prices import PriceHistory
from market_data.sample import SampleSource
from market_data.yahoo import YahooSource

SourceName = Literal["yahoo", "folder", "sample"]


class PriceSource(Protocol):
    """Daily prices of one symbol at a time."""

    @property
    def name(self) -> str:
        """Return the name that stands in the CSV."""
        ...

    @property
    def remote(self) -> bool:
        """Return whether asking costs requests, so that the store is asked first."""
        ...

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the sessions from `first` to `last` that the source has, as they are.

        Raises
        ------
        SymbolError
            `UnknownSymbol`, `RateLimited`, `Unreachable` or `BadPrices`: never an
            empty or partly parsed frame.
        """
        ...


def open_source(
    name: SourceName, folder: Path | None, settings: PriceSettings
) -> PriceSource:
    """Return the source called `name`.

    Raises
    ------
    ParameterError
        For an unknown name, or a folder source without a folder of prices.
    """
    match name:
        case "yahoo":
            return YahooSource(settings)
        case "sample":
            return SampleSource()
        case "folder" if folder is not None and (folder / "prices").is_dir():
            return FolderSource(folder)
        case "folder":
            raise ParameterError(
                f"`folder` must be a folder that holds `prices/`, got {folder}; "
                "name it with --folder DIR."
            )
    choices = ", ".join(get_args(SourceName))
    raise ParameterError(f"`source` must be one of {choices}, got {name!r}.")
