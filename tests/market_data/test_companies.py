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
        ("V", "Payments giant (V) leads", False),
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


@pytest.mark.parametrize(
    ("symbol", "company", "title", "named"),
    [
        ("UBER", "Uber Technologies, Inc.", "Uber shares plunge", True),
        ("UBER", "UBER TECHNOLOGIES, INC.", "Uber and Lyft fall", True),
        ("UBER", "", "uber cool bars", False),
        ("SNAP", "Snap Inc.", "Snap stock soars after results", True),
        ("SNAP", "Snap Inc.", "Snap election called in Japan", False),
        ("ETSY", "Etsy, Inc.", "ETSY SHARES FALL", True),
        ("ROKU", "Roku, Inc.", "Why Roku is up today", True),
        ("DELL", "Dell Technologies Inc.", "Dell raises outlook", True),
        ("EBAY", "eBay Inc.", "eBay to buy Depop", True),
        ("GAP", "The Gap, Inc.", "Gap's profit rises", True),
        ("GAP", "The Gap, Inc.", "Analysts see value in Gap and Nordstrom", True),
        ("GAP", "The Gap, Inc.", "Gap between rich and poor widens", False),
        ("GAP", "The Gap, Inc.", "Trade Gap Widens In March", False),
        ("GAP", "The Gap, Inc.", "PAY GAP WIDENS AGAIN", False),
        ("META", "Meta Platforms, Inc.", "A meta-analysis of trials", False),
        ("ALL", "The Allstate Corporation", "ALL EYES ON THE FED", False),
        ("ALL", "The Allstate Corporation", "Allstate beats", True),
        ("NOW", "ServiceNow, Inc.", "ACT NOW ON TAXES", False),
        ("ON", "ON Semiconductor Corporation", "ON THE BRINK", False),
        ("IT", "Gartner, Inc.", "IT STOCKS FALL", False),
    ],
)
def test_a_name_that_is_the_ticker_is_told_from_a_word(
    *, symbol: str, company: str, title: str, named: bool
) -> None:
    """Written like a name, and an ordinary word only where a company is spoken of."""
    assert names_company(title, symbol, press_names(symbol, company)) == named


@pytest.mark.parametrize(
    ("symbol", "company", "title"),
    [
        ("T", "AT&T Inc.", "AT&amp;T wins spectrum"),
        ("T", "AT&T Inc.", "AT&amp;#38;T wins spectrum"),
        ("MCD", "McDonald's Corporation", "McDonald\u2019s menu grows"),
        ("MCD", "McDonald\u2019s Corporation", "McDonald&#39;s menu grows"),
        ("MKS.L", "Marks & Spencer Group plc", "Marks and Spencer lifts profit"),
        ("MKS.L", "Marks and Spencer Group plc", "Marks &amp; Spencer profit up"),
        ("CBA.AX", "", "Commonwealth\u00a0Bank lifts rates"),
        ("CBA.AX", "", "Commonwealth&nbsp;Bank lifts rates"),
        ("BRK-B", "Berkshire Hathaway Inc.", "BRK.B hits a record"),
        ("BRK-B", "Berkshire Hathaway Inc.", "BRK/B hits a record"),
    ],
)
def test_signs_and_entities_hide_no_name(symbol: str, company: str, title: str) -> None:
    """Entities, typographic signs and `and` for `&` are other spellings."""
    assert names_company(title, symbol, press_names(symbol, company))


@pytest.mark.parametrize(
    ("symbol", "company", "title", "named"),
    [
        ("T", "AT&T Inc.", "Buy $T now", True),
        ("T", "AT&T Inc.", "Carrier (NYSE: T) rises", True),
        ("F", "Ford Motor Company", "Ford (F) recalls trucks", True),
        ("F", "Ford Motor Company", "Report card: F", False),
        ("C", "Citigroup Inc.", "Vitamin (C) shortage", False),
        ("C", "Citigroup Inc.", "(C) shortage looms", False),
        ("A", "Agilent Technologies, Inc.", "Wall Street: A strong start", False),
        ("A", "Agilent Technologies, Inc.", "Agilent (A) beats", True),
        ("V", "Visa Inc.", "US$V is no price", False),
    ],
)
def test_a_one_letter_ticker_counts_where_it_is_marked(
    *, symbol: str, company: str, title: str, named: bool
) -> None:
    """As `$T`, after its exchange, or in brackets after the company's name."""
    assert names_company(title, symbol, press_names(symbol, company)) == named


@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_can_be_asked(title: str, name: str) -> None:
    """Whatever title or name, there is an answer."""
    assert names_company(title, "V", [name]) in (True, False)
