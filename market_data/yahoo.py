"""Daily prices from Yahoo, with their dividends and the company's name."""

from datetime import date, timedelta
from typing import Any, ClassVar

import pandas as pd

from config.errors import BadPrices, SymbolError, UnknownSymbol, Unreachable
from market_data.price_schemas import price_frame
from market_data.prices import YAHOO_COLUMNS, PriceHistory
from market_data.symbols import elsewhere, exchange_of
from market_data.yahoo_bars import drop_unfinished_bars, last_stamp
from market_data.yahoo_client import YahooClient

ADJUSTED = b'"adjclose"'
"""The name of the adjusted closes in Yahoo's answer."""


class YahooSource:
    """Yahoo's daily bars."""

    name: ClassVar[str] = "yahoo"
    remote: ClassVar[bool] = True

    def __init__(self, client: YahooClient) -> None:
        """Send all requests through `client`, which other feeds may share."""
        self._client = client

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return Yahoo's rows from `first` to `last`; see `PriceSource`."""

        def request(ticker: Any) -> PriceHistory:  # noqa: ANN401
            return self._request(ticker, symbol, first, last)

        try:
            return self._client.ask(symbol, "a history", request)
        except UnknownSymbol as error:
            # A typed suffix names the exchange: no other one is looked up.
            candidates = () if "." in symbol else elsewhere(symbol)
            others = [name for name in candidates if self._has_prices(name)]
            if not others:
                raise
            raise UnknownSymbol(
                f"Yahoo has no history of {symbol}",
                f"pass {' or '.join(others)}",
            ) from error

    def _request(
        self,
        ticker: Any,  # noqa: ANN401
        symbol: str,
        first: date,
        last: date,
    ) -> PriceHistory:
        """Return the history that yfinance's ticker gets, checked."""
        frame = ticker.history(
            start=first.isoformat(),
            end=(last + timedelta(days=1)).isoformat(),
            auto_adjust=False,
            actions=True,
            keepna=True,
            timeout=self._client.timeout,
        )
        body = ticker.session.last_body
        metadata = ticker.history_metadata or {}
        _require_same_symbol(symbol, metadata)
        _require_adjusted(symbol, body)
        bars = drop_unfinished_bars(
            _from_yahoo(symbol, frame, last),
            metadata,
            self._client.service_time,
            exchange=exchange_of(symbol).code,
            stamped=last_stamp(body),
        )
        return PriceHistory(
            bars,
            currency=str(metadata.get("currency") or ""),
            source=self.name,
            company=str(metadata.get("longName") or ""),
            dividends=_amounts(frame, "Dividends", last),
            splits=_amounts(frame, "Stock Splits", last),
        )

    def _has_prices(self, symbol: str) -> bool:
        """Return whether Yahoo has prices of the symbol this month."""

        def request(ticker: Any) -> bool:  # noqa: ANN401
            return not ticker.history(period="1mo", timeout=self._client.timeout).empty

        try:
            return self._client.ask(symbol, "a history", request, extra=True)
        except SymbolError:
            return False


def _require_same_symbol(symbol: str, metadata: dict[str, Any]) -> None:
    answered = metadata.get("symbol", symbol)
    if answered != symbol:
        raise BadPrices(
            f"Yahoo was asked for {symbol} and sent prices of {answered}",
            "try again later",
        )


def _require_adjusted(symbol: str, body: bytes) -> None:
    """Refuse an answer without adjusted closes: yfinance would use the plain ones."""
    if ADJUSTED not in body:
        raise Unreachable(
            f"Yahoo sent no adjusted closes of {symbol}", "try again later"
        )


def _from_yahoo(symbol: str, frame: pd.DataFrame, last: date) -> pd.DataFrame:
    """Return the rows up to `last` with our column names."""
    missing = [name for name in YAHOO_COLUMNS if name not in frame.columns]
    if frame.empty or missing:
        absent = f"no column {', '.join(missing)}" if missing else "no rows"
        raise Unreachable(f"Yahoo sent {absent} of {symbol}", "try again later")
    days = pd.DatetimeIndex(frame.index).tz_localize(None).normalize()
    columns = {ours: frame[yahoo].to_list() for yahoo, ours in YAHOO_COLUMNS.items()}
    prices = price_frame(columns, days)
    return prices[prices.index <= pd.Timestamp(last)]


def _amounts(frame: pd.DataFrame, column: str, last: date) -> dict[date, float]:
    """Return the column's dividends or split ratios up to `last`, by date."""
    amounts = frame.get(column, pd.Series(dtype=float))
    amounts = amounts[amounts > 0]
    days = pd.DatetimeIndex(amounts.index).tz_localize(None).normalize()
    return {
        day.date(): float(amount)
        for day, amount in zip(days, amounts, strict=True)
        if day <= pd.Timestamp(last)
    }
