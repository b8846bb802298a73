"""The holdings of a night: amounts, books, events, and what is missing."""

import pytest
from made_holdings import REPORT, held
from made_morning import indicators_of, morning, screened

from screening.holdings.night import HeldStock
from screening.holdings.words import call_text, event_text, interval_text
from screening.report.page import morning_report


@pytest.fixture(scope="module")
def stocks() -> dict[str, HeldStock]:
    """Return the held stocks by symbol."""
    return {stock.symbol: stock for stock in held().stocks}


def test_amounts_are_money_of_the_quantity(stocks: dict[str, HeldStock]) -> None:
    """Value, gain, interval and typical move are the row's times the quantity."""
    close = float(indicators_of("AAA.AX")["close"].iloc[-1])
    one = stocks["AAA.AX"]
    assert one.value == pytest.approx(100 * close)
    assert one.gain == pytest.approx(100 * (close - 40))
    assert one.low == pytest.approx(-0.02 * 100 * close)
    assert one.typical == pytest.approx(0.035 * 100 * close)


def test_a_short_position_loses_when_the_price_rises(
    stocks: dict[str, HeldStock],
) -> None:
    """The low end of a short position comes from the high end of the return."""
    one = stocks["BBB.AX"]
    assert one.value
    assert one.value < 0
    assert one.low == pytest.approx(0.04 * one.value)


def test_pence_are_pounds(stocks: dict[str, HeldStock]) -> None:
    """A stock quoted in pence has its value in pounds, in a book of its own."""
    close = float(indicators_of("SHEL.L")["close"].iloc[-1])
    assert stocks["SHEL.L"].value == pytest.approx(10 * close)
    assert [book.currency for book in held().books] == ["GBP", "AUD"] or [
        book.currency for book in held().books
    ] == ["AUD", "GBP"]


def test_the_next_event_has_its_distance(stocks: dict[str, HeldStock]) -> None:
    """The event is two sessions ahead; a call that changed says from what."""
    said = event_text(stocks["AAA.AX"].event)
    assert said == f"earnings {REPORT}, in 2 sessions (2 days)"
    assert call_text(stocks["AAA.AX"]).endswith(", was SELL")
    assert " to +" in interval_text(stocks["AAA.AX"])


def test_days_with_several_reports_are_named() -> None:
    """Two holdings that report on one day are a cluster."""
    (day,) = held().report_days
    assert (day.day, day.symbols) == (REPORT, ("AAA.AX", "BBB.AX"))


def test_what_is_not_in_the_book_is_said() -> None:
    """A bad line and a holding that the night did not screen are notices."""
    notices = " ".join(held().notices)
    assert "line 6 is left out: the quantity of CCC.AX" in notices
    assert "NONE.AX is not in the book: this night did not screen it" in notices


def test_the_report_opens_with_the_holdings() -> None:
    """The section stands before the verdict; an unreadable file is said in it."""
    page = morning_report(morning([screened()], holdings=held()))
    assert page.index('id="holdings"') < page.index('id="verdict"')
    empty = morning_report(morning([screened()], holdings=held("Dear diary")))
    assert "holdings.csv: it has no heading" in empty
    assert 'id="holdings"' not in morning_report(morning([screened()]))
