"""`holdings.csv` as people, brokers and spreadsheets save it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.holdings.holdings_file import Holding, parse_holdings

TODAY = date(2025, 11, 10)


def held(text: str | bytes) -> dict[str, float]:
    """Return the quantities by symbol of a file without faults."""
    content = text if isinstance(text, bytes) else text.encode()
    found = parse_holdings(content, TODAY)
    assert not found.faults
    return {holding.symbol: holding.quantity for holding in found.holdings}


def faults(text: str | bytes) -> str:
    """Return the faults of a file as one text."""
    content = text if isinstance(text, bytes) else text.encode()
    return " | ".join(parse_holdings(content, TODAY).faults)


@pytest.mark.parametrize(
    "text",
    [
        "symbol,quantity\nCBA.AX,1250\n",
        "\ufeffTicker;Units\r\nASX:CBA;1250\r\n",
        "Code\tShares\nCBA.AX\t1250\n",
        'Instrument,Qty\n"CBA.AX","1,250"\n',
        "Account 123\nAs of 10 Nov 2025\n\nASX Code,Company,Qty\nCBA,CBA Ltd,1 250\n",
        'Symbol,Name,Quantity,Market\nCBA,"Bank, the",1250,ASX\nTotal,,1250,\n',
        "sep=;\nsymbol;quantity;cost\nCBA.AX;1.250,00;101,35\n",
        'symbol,quantity\n="CBA.AX",+1250\n',
        "symbol,quantity\ncba.ax,1000\nCBA.AX,250\n",
        "# mine\nsymbol,quantity\nCBA.AX,1250\n\nDownloaded 10 November\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_same_holding_is_read_from_each_form(text: str, encoding: str) -> None:
    """Headings, quotes, separators, titles, totals and encodings change nothing."""
    assert held(text.encode(encoding)) == {"CBA.AX": 1250}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("-100", -100),
        ("(100)", -100),
        ("\u2212100", -100),
        ("100-", -100),
        ("1,234,567", 1234567),
        ("1'234.5", 1234.5),
        ("0.125", 0.125),
        ("A$1,234.50", 1234.5),
    ],
)
def test_numbers_with_signs_and_separators(written: str, number: float) -> None:
    """Signs, currency and thousands separators are understood; shorts are negative."""
    assert held(f'symbol,quantity\nCBA.AX,"{written}"\n') == {"CBA.AX": number}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("symbol,quantity\n", "lists no holding"),
        ("symbol,quantity\nCBA.AX,5\nCBA.AX,-5\n", "lists no holding"),
        ("Dear diary,\ntoday I bought shares.\n", "no heading"),
        ("CBA.AX,100\n", "no heading"),
        (b"\xff\xfes\x00", "no heading"),
        ("s,q".encode("utf-16-le"), "NUL"),
        ("symbol,quantity\nCBA.AX,many\n", "line 2 is left out"),
        ("symbol,quantity\nCBA.AX,nan\n", "is no number"),
        ("symbol,quantity\nCBA.AX,1e400\n", "is no number"),
        ("symbol,quantity\nCBA.AX,\n", "no quantity"),
        ("symbol,quantity\n,5\n", "without a symbol"),
        ("symbol,quantity\nTSE:7203,5\n", "not covered"),
        ("symbol,quantity\nSPAXX**,5\n", "is no symbol"),
        ("symbol;quantity\nCBA.AX;1,250\n", "two meanings"),
        ("code,ticker,quantity\nA,B,5\n", "`code`, `ticker`"),
        ("symbol,quantity,since\nCBA.AX,5,2026-01-01\n", "is after 2025-11-10"),
        ("symbol,quantity,since\nCBA.AX,5,03/04/2025\n", "YYYY-MM-DD"),
    ],
)
def test_a_file_or_line_that_cannot_be_used_is_a_fault(
    text: str | bytes, said: str
) -> None:
    """Nothing unreadable reads as an empty book."""
    assert said in faults(text)


def test_a_bad_line_leaves_the_others() -> None:
    """A fault of one line costs that line only, and names it."""
    found = parse_holdings(b"symbol,quantity\nCBA.AX,x\nBHP.AX,5\n", TODAY)
    assert found.symbols == ("BHP.AX",)
    assert found.notices[0].startswith("holdings.csv: line 2 is left out: ")


def test_optional_columns_and_lots() -> None:
    """Lines of one symbol are added up: mean cost, first day."""
    text = (
        "symbol,quantity,cost,currency,since,note\n"
        "CBA.AX,100,90,AUD,2024-01-05,long term\nCBA.AX,300,110,AUD,2023-01-05,\n"
    )
    (found,) = parse_holdings(text.encode(), TODAY).holdings
    since = date(2023, 1, 5)
    assert found == Holding("CBA.AX", 400, 105, "AUD", since, "long term")


def test_a_bare_ticker_that_is_listed_elsewhere_is_noted() -> None:
    """`BHP` is the stock in New York; the note names the one in the lists."""
    found = parse_holdings(b"symbol,quantity\nBHP,5\nAAPL,1\n", TODAY)
    assert found.symbols == ("BHP", "AAPL")
    assert len(found.notes) == 1
    assert "write BHP.AX" in found.notes[0]


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise_or_read_as_an_empty_book(content: bytes) -> None:
    """Whatever the bytes are, there are holdings or faults."""
    found = parse_holdings(content, TODAY)
    assert found.holdings or found.faults
