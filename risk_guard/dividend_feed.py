"""Event source of the past ex-dividend dates that price sources deliver."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event


@dataclass(frozen=True)
class DividendFeed:
    """`paid` holds the amount per share by symbol and ex-dividend date."""

    paid: Mapping[str, Mapping[date, float]]
    name: ClassVar[str] = "dividends"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the dividends up to `as_of`, but no later ones; see `EventSource`."""
        events = tuple(
            Event(
                type="dividend",
                first=day,
                last=day,
                title=f"Ex-dividend {amount:g} a share",
                source=self.name,
                status="confirmed",
                retrieved_at=now,
            )
            for day, amount in self.paid.get(symbol, {}).items()
            if day <= as_of
        )
        return EventAnswer(events, covers_future=False)
