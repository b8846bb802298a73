"""When Australian banks' Pillar 3 reports are due: a rule, not a date.

APS 330 Public Disclosure (Australian Prudential Regulation Authority) has the larger
banks disclose their capital each quarter, within 40 business days of its end.
https://handbook.apra.gov.au/standard/aps-330

A bank's quarters follow its financial year: Commonwealth Bank's ends in June, that of
ANZ, NAB and Westpac in September, Macquarie's in March, Bank of Queensland's in August.
"""

import calendar
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
"""The listed banks that APS 330 binds, and the month their financial year ends in."""


@dataclass(frozen=True)
class Pillar3Rule:
    """One estimated window per bank and quarter."""

    settings: GuardSettings
    name: ClassVar[str] = "APS 330 rule"

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the windows of the quarters around `as_of`; see `EventSource`.

        It knows of no other event, so that none in it says nothing.
        """
        if symbol not in YEAR_END_MONTHS:
            return EventAnswer((), covers_future=False)
        ends = quarter_ends(YEAR_END_MONTHS[symbol], as_of)
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
    """Return the two ends of quarters before `as_of` and the one on or after it."""
    months = [as_of.year * 12 + as_of.month - 1 + shift for shift in range(-8, 4)]
    ends = [
        date(month // 12, month % 12 + 1, _last_day(month))
        for month in months
        if (month % 12 + 1 - year_end_month) % 3 == 0
    ]
    before = [end for end in ends if FIRST_DATE <= end < as_of]
    return [*before[-2:], *(end for end in ends if end >= as_of)][:3]


def _last_day(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]
