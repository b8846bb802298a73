"""Estimates when the Pillar 3 reports of Australian banks are due.

APS 330 Public Disclosure (Australian Prudential Regulation Authority) obliges the
larger banks to disclose their capital within 40 business days of each quarter's end. A
bank's quarters follow its financial year. https://handbook.apra.gov.au/standard/aps-330
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from config.settings import GuardSettings
from market_data.sessions import FIRST_DATE, nth_session_after
from market_data.symbols import exchange_of
from risk_guard.event_sources import EventAnswer
from risk_guard.events import Event

YEAR_END_MONTHS: dict[str, int] = {
    "CBA.AX": 6,
    "ANZ.AX": 9,
    "NAB.AX": 9,
    "WBC.AX": 9,
    "MQG.AX": 3,
    "BOQ.AX": 8,
    "BEN.AX": 6,
}
"""The listed banks under APS 330, with the last month of their financial year."""


@dataclass(frozen=True)
class Pillar3Rule:
    """Event source with one estimated window per bank and quarter."""

    settings: GuardSettings
    name: ClassVar[str] = "APS 330 rule"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the windows of the quarters around `as_of`; see `EventSource`."""
        month = YEAR_END_MONTHS.get(symbol)
        ends = quarter_ends(month, as_of) if month else []
        exchange = exchange_of(symbol).code
        windows = tuple(self._window(exchange, end, now) for end in ends)
        return EventAnswer(windows, covers_future=False)

    def _window(self, exchange: str, quarter_end: date, now: datetime) -> Event:
        earliest = timedelta(days=self.settings.pillar3_earliest_days)
        allowed = self.settings.pillar3_deadline_business_days
        return Event(
            type="basel_iii",
            first=quarter_end + earliest,
            last=nth_session_after(exchange, quarter_end, allowed),
            title=f"Pillar 3 report for the quarter to {quarter_end}",
            source=self.name,
            status="estimated",
            retrieved_at=now,
        )


def quarter_ends(year_end_month: int, as_of: date) -> list[date]:
    """Return the last two quarter ends before `as_of`, and the next from it on."""
    months = [as_of.year * 12 + as_of.month - 1 + shift for shift in range(-8, 4)]
    ends = [
        date(month // 12, month % 12 + 1, monthrange(month // 12, month % 12 + 1)[1])
        for month in months
        if (month % 12 + 1 - year_end_month) % 3 == 0
    ]
    before = [end for end in ends if FIRST_DATE <= end < as_of]
    return [*before[-2:], *(end for end in ends if end >= as_of)][:3]
