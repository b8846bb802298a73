"""Real, old prices from the package `bokeh_sampledata`, available without network."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import pandas as pd

from config.errors import UnknownSymbol
from config.universes import UNIVERSES
from market_data.price_schemas import price_frame
from market_data.prices import ADJUSTED_CLOSE, PRICE_COLUMNS, PriceHistory

LAST_SESSION = date(2013, 3, 1)
"""The package's last session, and the default as-of of a sample night."""


@dataclass(frozen=True)
class SampleSource:
    """AAPL FB GOOG IBM MSFT, US dollars, to 2013-03-01."""

    name: ClassVar[str] = "sample"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the package's rows from `first` to `last`; see `PriceSource`."""
        # Imported here because the module reads all its prices on import.
        from bokeh_sampledata import stocks  # noqa: PLC0415

        known = UNIVERSES["sample"]
        if symbol not in known:
            raise UnknownSymbol(
                f"the sample source does not have {symbol}",
                f"use one of {', '.join(known)}",
            )
        rows: dict[str, Any] = getattr(stocks, symbol)
        columns = {
            name: rows["adj_close" if name == ADJUSTED_CLOSE else name]
            for name in PRICE_COLUMNS
        }
        frame = price_frame(columns, pd.DatetimeIndex(rows["date"]))
        frame = frame.sort_index().loc[str(first) : str(last)]
        if frame.empty:
            raise UnknownSymbol(
                f"the sample has no rows of {symbol} from {first} to {last}",
                f"use dates up to {LAST_SESSION}, its last session",
            )
        return PriceHistory(frame, currency="USD", source=self.name)
