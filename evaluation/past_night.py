"""The plan of one symbol's past night, and its sources.

The sources hold prices and headlines that were fetched once for all nights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from config.errors import NoNews, SymbolError, UnknownSymbol
from market_data.headlines import HeadlineFeed
from market_data.prices import PriceHistory, cut_history
from market_data.sessions import next_open
from market_data.symbols import exchange_of
from pipeline.plan import RunPlan
from risk_guard.assessment import EventAssessment

UNGUARDED = EventAssessment(status="none", haircut=0.0, sit_out=False, warning="")
"""The assessment without any event risk; it gives the blend without the guard."""


@dataclass(frozen=True)
class PrefetchedPrices:
    """A source of histories that were fetched once, each cut to the dates requested.

    `failures` are the errors of symbols without a history, raised as a source does.
    """

    histories: Mapping[str, PriceHistory]
    failures: Mapping[str, SymbolError] = field(default_factory=dict)
    name: ClassVar[str] = "prefetched"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the rows from `first` to `last`; see `PriceSource`."""
        if symbol in self.failures:
            raise self.failures[symbol]
        if symbol not in self.histories:
            raise UnknownSymbol(f"no prices of {symbol}")
        history = cut_history(self.histories[symbol], first, last)
        if history.frame.empty:
            raise UnknownSymbol(
                f"{symbol} has no prices from {first} to {last}",
                "pass a later --from, or a shorter --period",
            )
        return history


@dataclass(frozen=True)
class PrefetchedHeadlines:
    """One symbol's headlines, fetched once; a night uses those before its cut-off.

    `failure` is raised if `feed` is None.
    """

    feed: HeadlineFeed | None
    failure: SymbolError | None = None

    def fetch(self, symbol: str) -> HeadlineFeed:  # noqa: ARG002  of one symbol
        """Return all headlines; see `HeadlineSource`."""
        if self.feed is None:
            raise self.failure or NoNews("no headlines were fetched")
        return self.feed


def plan_past_night(plan: RunPlan, symbol: str, session: date) -> RunPlan:
    """Return the plan of the symbol's night before the open that follows `session`."""
    exchange = exchange_of(symbol).code
    return replace(
        plan,
        symbols=(symbol,),
        sessions={exchange: session},
        run_at=min(plan.run_at, next_open(exchange, session)),
        in_evaluation=True,
    )
