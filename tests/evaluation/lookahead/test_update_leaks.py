"""Leaks planted into the update before the opening are found."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from evaluation.lookahead.update_leaks import update_checks
from pipeline.lead_updates import LeadPrices, NightStock, StockUpdate, update_stocks

Leads = Mapping[str, LeadPrices]


def failed(checks: list[object]) -> set[str]:
    """Return the stages of the checks that found a leak."""
    return {check.stage for check in checks if not check.passed}  # type: ignore[attr-defined]


def with_next_close(
    stocks: Sequence[NightStock], leads: Leads, now: datetime
) -> dict[str, StockUpdate]:
    """Update with each close of the lead in place of the close before it."""
    late = {code: replace(one, bars=one.bars.shift(-1)) for code, one in leads.items()}
    return update_stocks(stocks, late, now)


def without_its_night(
    stocks: Sequence[NightStock], leads: Leads, now: datetime
) -> dict[str, StockUpdate]:
    """Update with the lead's return of the session after the one that closed."""
    found = update_stocks(stocks, leads, now)
    closes = leads["XASX"].bars["close"]
    later = float(closes.pct_change().reindex([now.date() + timedelta(1)]).iloc[0])
    return {name: replace(one, lead_return=later) for name, one in found.items()}


def trusting_all_dates(
    stocks: Sequence[NightStock], leads: Leads, now: datetime
) -> dict[str, StockUpdate]:
    """Update whatever dates the lead's closes have."""
    found = update_stocks(stocks, leads, now)
    return {name: replace(one, reason="") for name, one in found.items()}


def test_the_update_has_no_leak() -> None:
    """The real code uses the session that closed, and refuses wrong dates."""
    assert not failed([*update_checks()])


def test_a_close_that_is_one_session_late_is_found() -> None:
    """Whether the code shifts all closes, or only takes a later return."""
    assert "update, lead's session" in failed([*update_checks(with_next_close)])
    assert "update, lead's future" in failed([*update_checks(without_its_night)])
    assert "update, lead's session" in failed([*update_checks(without_its_night)])


def test_wrong_dates_that_are_used_are_found() -> None:
    """Closes dated one session late or early must give no update."""
    found = failed([*update_checks(trusting_all_dates)])
    assert found == {"update, dates late", "update, dates early"}
