"""A past night of one symbol, stage by stage, with the functions of a real night.

No server, no receipts: the stages are called as plain functions, inside one process.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

import pandas as pd

from config.errors import NoNews, SymbolError, UnknownSymbol
from config.tables import read_table
from market_data.headlines import HeadlineFeed
from market_data.prices import PriceHistory, cut_history
from market_data.sessions import next_open
from market_data.sources import PriceSource
from market_data.symbols import exchange_of
from modelling.forecasting import Forecast
from modelling.freshness import night_model
from modelling.model_metadata import ModelMetadata
from risk_guard.assessment import EventAssessment
from screening.findings import (
    IndicatorFindings,
    ModelFindings,
    SymbolFindings,
)
from tasks.download import downloaded
from tasks.events import events
from tasks.forecast import forecast_of
from tasks.guard import guard
from tasks.headlines import headlines
from tasks.indicators import indicators
from tasks.lookout import Lookout
from tasks.night import Night
from tasks.sentiment import sentiment

UNGUARDED = EventAssessment(status="none", haircut=0.0, sit_out=False, warning="")
"""The word of a guard that never sees a risk."""

Ask = Callable[[ModelMetadata, pd.DataFrame], Forecast]


@dataclass(frozen=True)
class HeldPrices:
    """A history that was fetched once, handed out like a source's, cut as asked."""

    history: PriceHistory
    name: ClassVar[str] = "held"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the rows from `first` to `last`; see `PriceSource`."""
        cut = cut_history(self.history, first, last)
        if cut.frame.empty:
            raise UnknownSymbol(
                f"{symbol} must have rows from {first} to {last}, got none; name a "
                "later --from, or a shorter --period."
            )
        return cut


@dataclass(frozen=True)
class HeldHeadlines:
    """Headlines that were fetched once; a night uses those before its cut-off.

    `silence` is why there are none where there is no feed.
    """

    feed: HeadlineFeed | None
    silence: str = ""

    def fetch(self, symbol: str) -> HeadlineFeed:  # noqa: ARG002  of one symbol
        """Return them all; see `HeadlineSource`."""
        if self.feed is None:
            raise NoNews(self.silence)
        return self.feed


def night_of(night: Night, symbol: str, session: date) -> Night:
    """Return the night as it would have run before the open after `session`."""
    exchange = exchange_of(symbol).code
    return replace(
        night,
        symbols=(symbol,),
        sessions={exchange: session},
        run_at=min(night.run_at, next_open(exchange, session)),
        in_evaluation=True,
    )


def prepared(night: Night, source: PriceSource, symbol: str) -> SymbolFindings:
    """Return prices, indicators and votes, or the reason why there are none."""
    found = SymbolFindings(
        symbol, night.as_of_of(symbol), night.forecast_session(symbol)
    )
    try:
        prices = downloaded(night, source, symbol)
        table = indicators.fn(night, symbol, prices)
    except SymbolError as error:
        return replace(found, failure=str(error))
    return replace(found, prices=prices, indicators=table)


def completed(
    night: Night, found: SymbolFindings, lookout: Lookout, ask: Ask
) -> SymbolFindings:
    """Return prepared findings with the model's, the news' and the guard's word."""
    symbol, prices, table = found.symbol, found.prices, found.indicators
    if table is None:
        return found
    seen = headlines.fn(night, lookout, symbol, prices)
    news = sentiment.fn(night, lookout, {symbol: seen}).by_symbol[symbol]
    known = events.fn(night, lookout, symbol, prices)
    return replace(
        found,
        model=_model(night, symbol, table, ask),
        news=news,
        events=guard.fn(night, symbol, known, news, prices, None),
    )


def _model(
    night: Night, symbol: str, indicators: IndicatorFindings, ask: Ask
) -> ModelFindings:
    table = read_table(indicators.path)
    metadata, state = night_model(night.registry(), symbol, table, night.run_at)
    findings = ModelFindings(state, metadata, None)
    if metadata is None or not state.may_speak:
        return findings
    return forecast_of(findings, lambda: ask(metadata, table))
