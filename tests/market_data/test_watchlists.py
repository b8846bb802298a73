"""Lists as brokers and charting sites export them, through the selection."""

from datetime import date
from pathlib import Path

import pytest
from equipment import Replay, needed

from config.errors import SelectionError, UnknownSymbol
from config.settings import PriceSettings
from market_data.folder import FolderSource
from market_data.selection import (
    SelectedSymbols,
    SymbolFile,
    Symbols,
    read_selection,
    select_symbols,
)
from market_data.yahoo import YahooSource
from market_data.yahoo_client import YahooClient


def read(path: Path, content: str, encoding: str = "utf-8") -> SelectedSymbols:
    """Return what is read of a file with this content."""
    path.write_bytes(content.encode(encoding))
    return read_selection(SymbolFile(file=path), {})


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("ASX:CBA", "CBA.AX"),
        ("asx:cba", "CBA.AX"),
        ("NASDAQ:AAPL", "AAPL"),
        ("NYSE:BRK.B", "BRK-B"),
        ("AMEX:SPY", "SPY"),
        ("LSE:BP.", "BP.L"),
        ("LSE:BT.A", "BT-A.L"),
        ("LON:ULVR", "ULVR.L"),
        ("ASX:CBA.AX", "CBA.AX"),
    ],
)
def test_a_charting_site_s_symbol_is_ours(text: str, symbol: str) -> None:
    """The exchange before the colon gives Yahoo's suffix."""
    assert select_symbols(Symbols(symbols=(text,)), {}) == (symbol,)


@pytest.mark.parametrize("text", ["TSX:RY", "XETR:SAP", "CRYPTO:BTCUSD"])
def test_a_symbol_of_another_exchange_is_refused(text: str) -> None:
    """Typed, it is refused; the ticker alone would be another company."""
    with pytest.raises(SelectionError, match="use a symbol of ASX, LSE, NYSE"):
        select_symbols(Symbols(symbols=(text,)), {})


@pytest.mark.parametrize(
    "content",
    [
        "AAPL,MSFT,###CHIPS,NVDA,AMD",
        "###A B,AAPL,MSFT\n###CHIPS\nNVDA\nAMD",
        "NASDAQ:AAPL,NASDAQ:MSFT\n### chips, as I see them\nNVDA # mine\nAMD",
    ],
)
def test_a_section_keeps_what_follows(tmp_path: Path, content: str) -> None:
    """TradingView puts a section's name among the symbols of a line."""
    found = read(tmp_path / "mine.txt", content)
    assert found == SelectedSymbols(("AAPL", "MSFT", "NVDA", "AMD"))


def test_what_is_left_out_is_said_with_its_line(tmp_path: Path) -> None:
    """A list goes on without the symbols of exchanges that are not covered."""
    found = read(tmp_path / "mine.txt", "ASX:CBA\nTSX:RY,NASDAQ:AAPL\nXETR:SAP\n")
    assert found.symbols == ("CBA.AX", "AAPL")
    (notice,) = found.notices
    assert notice.startswith("mine.txt: left out line 2 'TSX:RY' (its exchange is not")
    assert "line 3 'XETR:SAP'" in notice


YAHOO = "Symbol,Current Price,Date,Quantity\nAAPL,1,2025/06/27,\nCBA.AX,2,,5\n"
SCHWAB = (
    '"Positions for account 1, as of 06/27/2025"\n\n"Symbol","Description","Qty"\n'
    '"AAPL","APPLE INC, ""A""","10"\n"BRK/B","BERKSHIRE","1"\n'
    '"Cash & Cash Investments","--","5"\n"Account Total","--","6"\n'
)
EXCEL = (
    "sep=;\nCode;Company;Market\nCBA;Commonwealth;ASX\nBP.;BP;London Stock Exchange\n"
)


@pytest.mark.parametrize(
    ("content", "encoding", "symbols"),
    [
        (YAHOO, "utf-8", ("AAPL", "CBA.AX")),
        (YAHOO, "utf-8-sig", ("AAPL", "CBA.AX")),
        (YAHOO, "utf-16", ("AAPL", "CBA.AX")),
        (YAHOO.replace(",", "\t"), "utf-16", ("AAPL", "CBA.AX")),
        (SCHWAB, "utf-8", ("AAPL", "BRK-B")),
        (EXCEL, "utf-8", ("CBA.AX", "BP.L")),
        ("Account,Ticker\n7,AAPL\n7,MSFT\n", "utf-8", ("AAPL", "MSFT")),
        ("ASX Code,Name\nBHP,BHP\nRIO,Rio\n", "utf-8", ("BHP.AX", "RIO.AX")),
        ("Symbol\nAAPL\nSymbol\nMSFT\n", "utf-8", ("AAPL", "MSFT")),
        ("AAPL,Apple Inc.\nF,Ford\n", "utf-8", ("AAPL", "F")),
        ("AAPL,MSFT\n", "utf-8", ("AAPL", "MSFT")),
    ],
)
def test_a_table_gives_its_column_of_symbols(
    tmp_path: Path, content: str, encoding: str, symbols: tuple[str, ...]
) -> None:
    """Quotes, other columns, lines before the heading, tabs and semicolons."""
    assert read(tmp_path / "mine.csv", content, encoding).symbols == symbols


def test_the_lines_of_a_table_without_a_symbol_are_said(tmp_path: Path) -> None:
    """Cash, totals and remarks are no stocks, and the notice names their lines."""
    (notice,) = read(tmp_path / "mine.csv", SCHWAB).notices
    assert "line 6 'Cash & Cash Investments' (no symbol)" in notice
    assert "line 7 'Account Total'" in notice


def test_a_header_word_in_a_text_file_is_no_stock(tmp_path: Path) -> None:
    """A list with its heading, and TradingView's sections, as they were reported."""
    folder = needed("cases/16-watchlists")
    for name, symbols in {
        "header.txt": ("AAPL", "MSFT"),
        "tradingview.txt": ("AAPL", "MSFT", "NVDA", "AMD"),
    }.items():
        assert select_symbols(SymbolFile(file=folder / name), {}) == symbols
    assert read(tmp_path / "a.txt", "Ticker, Name\nAAPL, Apple\n").symbols == ("AAPL",)


def test_a_table_without_any_symbol_says_what_was_left_out(tmp_path: Path) -> None:
    """The refusal holds the reason of each line."""
    with pytest.raises(SelectionError, match=r"left out line 2 'TSX:RY'"):
        read(tmp_path / "mine.csv", "Symbol\nTSX:RY\n")


def test_a_folder_names_the_exchange_that_was_meant(tmp_path: Path) -> None:
    """A ticker without its suffix is answered with the file that is there."""
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "CBA.AX.csv").touch()
    with pytest.raises(UnknownSymbol, match=r"pass CBA\.AX, which it has"):
        FolderSource(tmp_path).fetch("CBA", date(2025, 1, 1), date(2025, 6, 27))


def test_yahoo_names_the_exchange_that_was_meant(replay: Replay) -> None:
    """An unknown ticker is asked for on the other exchanges, each once."""
    assert replay.stats()["total"] == 0
    source = YahooSource(YahooClient(PriceSettings(requests_per_second=50)))
    with pytest.raises(UnknownSymbol, match=r"no history of WES; pass WES\.AX"):
        source.fetch("WES", date(2025, 1, 1), date(2025, 6, 27))
    with pytest.raises(UnknownSymbol) as refusal:
        source.fetch("ZZZZ", date(2025, 1, 1), date(2025, 6, 27))
    assert "pass " not in str(refusal.value)
