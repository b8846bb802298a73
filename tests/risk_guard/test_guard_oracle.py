"""The guard against a second, plain computation of SPEC 8 from the calendar's text."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import exchange_calendars
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_events import NOW

from config.settings import GuardSettings
from risk_guard.assessment import assess
from risk_guard.calendar_file import read_calendar
from risk_guard.known_events import collect_events
from risk_guard.market_context import MarketContext, Volatility

SETTINGS = GuardSettings()
PLACES = {"BHP.AX": "XASX", "AAPL": "XNYS", "BP.L": "XLON"}
HOLIDAYS = [date(2025, 4, 10), date(2025, 11, 20), date(2025, 12, 18)]
"""Before Easter, Thanksgiving with its half day, and Christmas."""


@dataclass(frozen=True)
class Line:
    """A line of the calendar file."""

    symbol: str
    kind: str
    day: date
    title: str

    @property
    def text(self) -> str:
        """Return it as a person might write it."""
        return f" {self.symbol.lower()},{self.kind.title()},{self.day},{self.title},\n"

    @property
    def report(self) -> bool:
        """Return whether its news can move a price by itself."""
        return self.kind != "dividend" or "APRA" in self.title


starts = st.sampled_from(HOLIDAYS)
shifts = st.integers(0, 14)
lines = st.tuples(
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(["earnings", "dividend", "basel_iii", "regulatory"]),
    st.integers(-12, 30),
    st.sampled_from(["", "Final", "APRA letter"]),
)


@lru_cache
def sessions(place: str) -> list[date]:
    """Return the days on which the exchange trades around them."""
    found = exchange_calendars.get_calendar(place).sessions_in_range(
        pd.Timestamp("2025-01-02"), pd.Timestamp("2026-03-31")
    )
    return [one.date() for one in found]


def counted(day: date, known: list[date]) -> int:
    """Return the place of the session that a day counts for."""
    return next(place for place, one in enumerate(known) if one >= day)


def expected(own: list[Line], as_of: date, place: str) -> tuple[object, ...]:
    """Return risk, haircut and sit-out by SPEC's sentences, for a calm stock."""
    known = sessions(place)
    near = [one for one in own if as_of <= one.day <= as_of + timedelta(days=7)]
    risk = 0.45 * bool(near) + 0.20 * any(one.report for one in near)
    cut = 0.45 if risk >= 0.5 else 0.20 if risk >= 0.25 else 0.0
    answered = any(one.report and one.day >= as_of for one in own)
    cut = cut if answered else max(cut, 0.20)
    today = counted(as_of, known)
    out = any(
        abs(counted(one.day, known) - today) <= (3 if one.report else 1) for one in own
    )
    return pytest.approx(risk), cut, out or (False if answered else None)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=100,
)
@given(starts, shifts, st.lists(lines, max_size=10))
def test_any_calendar_costs_what_a_second_computation_says(
    tmp_path: Path,
    start: date,
    shift: int,
    drawn: list[tuple[str, str, int, str]],
) -> None:
    """On three exchanges, over holidays and half days."""
    around = start + timedelta(days=shift)
    written = [
        Line(symbol, kind, around + timedelta(days=apart), title)
        for symbol, kind, apart, title in drawn
    ]
    text = "".join(one.text for one in written)
    path = tmp_path / "event_calendar.csv"
    path.write_text(f"ticker,event_type,date,title,url\n{text}")
    calm = MarketContext(0.0, Volatility(1.0, spike=False))
    for symbol, place in PLACES.items():
        as_of = max(day for day in sessions(place) if day <= around)
        known = collect_events(symbol, [read_calendar(path)], as_of, NOW, SETTINGS)
        found = assess(known, place, as_of, calm, SETTINGS)
        own = [one for one in written if one.symbol == symbol]
        risk, cut, out = expected(own, as_of, place)
        assert (found.risk_score, found.haircut, found.sit_out) == (risk, cut, out)
        assert found.position_scale == (0 if out else 1 - found.haircut)
