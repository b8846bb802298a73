"""Which companies a title names: tickers as tickers, names as the press writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_data.companies import names_company, press_names


@pytest.mark.parametrize(
    ("symbol", "company", "name"),
    [
        ("CBA.AX", "COMMONWEALTH BANK OF AUSTRALIA", "Commonwealth Bank"),
        ("GOOGL", "Alphabet Inc.", "Google"),
        ("LLOY.L", "Lloyds Banking Group plc", "Lloyds"),
        ("PLS.AX", "PILBARA MINERALS LIMITED", "PILBARA"),
        ("DIS", "The Walt Disney Company", "Walt Disney"),
        ("JPM", "JPMorgan Chase & Co.", "JPMorgan Chase"),
        ("XOM", "Exxon Mobil Corporation", "Exxon Mobil"),
        ("TLS.AX", "TELSTRA GROUP LIMITED", "TELSTRA"),
    ],
)
def test_names_are_those_of_the_press(symbol: str, company: str, name: str) -> None:
    """Legal forms and trades are left off; what the press writes is added."""
    assert name in press_names(symbol, company)


@pytest.mark.parametrize(
    ("symbol", "company"),
    [("ZZZ.AX", ""), ("ZZZ.AX", "ZZZ.AX"), ("ZZZ.AX", "ZZZ LIMITED"), ("X", "X Corp")],
)
def test_a_name_that_says_no_more_than_the_ticker_is_none(
    symbol: str, company: str
) -> None:
    """A source that does not know the name repeats the symbol."""
    assert press_names(symbol, company) == ()


def test_common_words_alone_name_nobody() -> None:
    """American Resources is not American."""
    assert press_names("AREC", "American Resources Corp") == ("American Resources",)


def test_the_user_s_own_names_count() -> None:
    """They stand first, once."""
    assert press_names("CBA.AX", "", ["CommSec", "CommBank"])[:2] == (
        "CommSec",
        "CommBank",
    )


@pytest.mark.parametrize(
    ("symbol", "title", "named"),
    [
        ("CBA.AX", "CBA's profit rises", True),
        ("CBA.AX", "ASX:CBA falls", True),
        ("CBA.AX", "Buy CBA.AX now", True),
        ("CBA.AX", "commonwealth bank cuts rates", True),
        ("CBA.AX", "SCBA wins case", False),
        ("CBA.AX", "cba is a word", False),
        ("CBA.AX", "CBA.TO trades in Toronto", False),
        ("AAPL", "Apple teases launch", True),
        ("AAPL", "Pineapple prices up", False),
        ("AAPL", "Nvidia stock falters", False),
        ("GOOGL", "Google wins appeal", True),
        ("V", "Vitamin V sells well", False),
        ("V", "Payments: $V leads", True),
        ("V", "Payments giant (V) leads", True),
        ("V", "NYSE: V leads", True),
        ("BP.L", "BP.L leads the FTSE", True),
        ("BP.L", "Shell and BP merge", True),
        ("MA", "MA students protest", False),
        ("BRK-B", "Buffett's BRK-B climbs", True),
    ],
)
def test_a_title_names_a_company_or_it_does_not(
    *, symbol: str, title: str, named: bool
) -> None:
    """Whole words; tickers in capitals, the shortest only where they are marked."""
    assert names_company(title, symbol, press_names(symbol, "")) == named


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_can_be_asked(title: str, name: str) -> None:
    """Whatever title or name, there is an answer."""
    assert names_company(title, "V", [name]) in (True, False)
