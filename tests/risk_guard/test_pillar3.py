"""The rule of APS 330: a window per bank and quarter, by each bank's own year."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_events import NOW

from config.settings import GuardSettings
from risk_guard.events import Event
from risk_guard.pillar3 import YEAR_END_MONTHS, Pillar3Rule, quarter_ends

RULE = Pillar3Rule(GuardSettings())


def windows(symbol: str, as_of: date) -> tuple[Event, ...]:
    """Return the bank's windows around a session."""
    return RULE.ask(symbol, as_of, NOW).events


@pytest.mark.parametrize(
    ("symbol", "published"),
    [
        ("CBA.AX", date(2025, 11, 11)),  # the report this project began with
        ("NAB.AX", date(2026, 2, 18)),  # First Quarter Pillar 3 Report
        ("BOQ.AX", date(2018, 10, 4)),  # quarter ended 31 August 2018
    ],
)
def test_published_reports_lie_in_their_windows(symbol: str, published: date) -> None:
    """Reports that really came lie within the rule's bounds."""
    around = windows(symbol, published)
    assert any(one.first <= published <= one.last for one in around)


@pytest.mark.parametrize(
    ("end", "deadline"),
    [(date(2008, 9, 30), date(2008, 11, 25)), (date(2025, 9, 30), date(2025, 11, 25))],
)
def test_the_deadline_is_forty_business_days_after_the_quarter(
    end: date, deadline: date
) -> None:
    """For September 2008 APRA named 25 November; the rule gives it."""
    ends = [one.last for one in windows("ANZ.AX", date(end.year, 11, 10))]
    assert deadline in ends


@pytest.mark.parametrize(
    ("symbol", "months"),
    [
        ("CBA.AX", {3, 6, 9, 12}),
        ("WBC.AX", {3, 6, 9, 12}),
        ("MQG.AX", {3, 6, 9, 12}),
        ("BOQ.AX", {2, 5, 8, 11}),
    ],
)
def test_quarters_follow_the_bank_s_year(symbol: str, months: set[int]) -> None:
    """A year to August has quarters to November, February, May and August."""
    seen = {
        end.month
        for month in range(1, 13)
        for end in quarter_ends(YEAR_END_MONTHS[symbol], date(2024, month, 15))
    }
    assert seen == months


def test_a_window_is_an_estimate_with_its_rule() -> None:
    """Marked as estimated, with the rule as its source and the quarter in its title."""
    for one in windows("CBA.AX", date(2025, 11, 10)):
        assert (one.status, one.source) == ("estimated", "APS 330 rule")
        assert one.is_window
        assert "Pillar 3 report for the quarter to" in one.title


def test_no_other_symbol_has_windows() -> None:
    """The rule says nothing of others, and does not claim to know."""
    answer = RULE.ask("BHP.AX", date(2025, 11, 10), NOW)
    assert (answer.events, answer.covers_future) == ((), False)


@given(
    st.dates(date(1991, 1, 1), date(2026, 11, 20)),
    st.sampled_from(sorted(YEAR_END_MONTHS)),
)
def test_every_session_has_the_windows_around_it(as_of: date, symbol: str) -> None:
    """The quarter that has ended last is there, in order, on any day."""
    ends = quarter_ends(YEAR_END_MONTHS[symbol], as_of)
    assert ends == sorted(ends)
    assert 0 < (as_of - max(end for end in ends if end < as_of)).days <= 92
    assert all(one.first < one.last for one in windows(symbol, as_of))
