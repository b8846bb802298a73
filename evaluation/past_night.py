"""A past night of one symbol, with the stages of a real night.

No server and no checkpoints: all stages run in one process, on prefetched data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

from config.errors import NoNews, UnknownSymbol
from market_data.headlines import HeadlineFeed
from market_data.prices import PriceHistory, cut_history
from market_data.sessions import next_open
from market_data.symbols import exchange_of
from pipeline.plan import RunPlan
from risk_guard.assessment import EventAssessment

UNGUARDED = EventAssessment(status="none", haircut=0.0, sit_out=False, warning="")
"""The finding of a guard that never sees a risk."""


@dataclass(frozen=True)
class PrefetchedPrices:
    """Histories that were fetched once, handed out like a source's, cut as asked.

    `reasons` say why a symbol has no history.
    """

    histories: Mapping[str, PriceHistory]
    reasons: Mapping[str, str] = field(default_factory=dict)
    name: ClassVar[str] = "prefetched"
    remote: ClassVar[bool] = False

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return the rows from `first` to `last`; see `PriceSource`."""
        if symbol not in self.histories:
            raise UnknownSymbol(self.reasons.get(symbol, f"no prices of {symbol}"))
        history = cut_history(self.histories[symbol], first, last)
        if history.frame.empty:
            raise UnknownSymbol(
                f"{symbol} has no rows from {first} to {last}; pass a later --from, or "
                "a shorter --period."
            )
        return history


@dataclass(frozen=True)
class PrefetchedHeadlines:
    """Headlines that were fetched once; a night uses those before its cut-off.

    `unavailable_reason` says why there is no feed.
    """

    feed: HeadlineFeed | None
    unavailable_reason: str = ""

    def fetch(self, symbol: str) -> HeadlineFeed:  # noqa: ARG002  of one symbol
        """Return them all; see `HeadlineSource`."""
        if self.feed is None:
            raise NoNews(self.unavailable_reason)
        return self.feed


def night_of(plan: RunPlan, symbol: str, session: date) -> RunPlan:
    """Return the night as it would have run before the open after `session`."""
    exchange = exchange_of(symbol).code
    return replace(
        plan,
        symbols=(symbol,),
        sessions={exchange: session},
        run_at=min(plan.run_at, next_open(exchange, session)),
        in_evaluation=True,
    )
