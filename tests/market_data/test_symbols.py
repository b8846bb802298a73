"""Symbols: what is one, which exchange it belongs to, and what becomes a path."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import SelectionError
from config.universes import UNIVERSES
from market_data.symbols import (
    EXCHANGES,
    FORM_PATTERN,
    exchange_of,
    file_of_user,
    file_stem,
    parse_symbol,
    symbol_of,
)

GOOD = [
    ("CBA.AX", "CBA.AX"),
    ("AAPL", "AAPL"),
    ("BP.L", "BP.L"),
    ("BRK-B", "BRK-B"),
    ("A", "A"),
    ("14D.AX", "14D.AX"),
    ("  aapl\n", "AAPL"),
    ("cba.ax", "CBA.AX"),
    ("^axjo", "^AXJO"),
    ("^GSPC", "^GSPC"),
    ("^FTSE", "^FTSE"),
]

HOSTILE = [
    "",
    " ",
    ".",
    "..",
    ".AX",
    "-",
    "-B",
    "../../etc/passwd",
    "/etc/passwd",
    "CBA/../AX",
    "CBA\\AX",
    "C:AAPL",
    "~/AAPL",
    "$HOME",
    "--help",
    "-rf",
    "=1+1",
    "=CMD|' /C calc'!A0",
    "+AAPL",
    "@SUM(A1)",
    "'; DROP TABLE prices; --",
    "AAPL OR 1=1",
    "AAPL;MSFT",
    "AAPL,MSFT",
    "AAPL MSFT",
    "AAPL\nMSFT",
    "AAPL\x00",
    "AAPL\x1b[31m",
    "<script>",
    "{0}",
    "%2e%2e",
    "CON.",
    "\u0410APL",  # Cyrillic capital A
    "\uff21\uff21\uff30\uff2c",  # full-width AAPL
    "AAP\u0131",  # dotless i, whose capital is ASCII
    "stra\u00dfe",  # its capitals are all ASCII
    "\u0661\u0662.AX",  # Arabic digits
    "AAPL\u200b",
    "\u202eAAPL",
    "AAPL\u00a0",
    "^DJI",
    "^",
    "^AXJO.AX",
    "TOOLONGNAME",
    "CBA.AX.AX",
    "BRK-",
    "BRK-B-C",
    "A" * 10_000,
    "../" * 4_000,
]

UNKNOWN_EXCHANGES = ["BRK.B", "7203.T", "SAP.DE", "CBA.AXX", "CBA.A"]

ticker_like = st.from_regex(
    r"\s?\^?[A-Za-z0-9./\\-]{0,9}(\.(AX|L|ax|T))?\s?", fullmatch=True
)


@pytest.mark.parametrize(("text", "symbol"), GOOD)
def test_a_ticker_is_trimmed_and_in_capitals(text: str, symbol: str) -> None:
    """A ticker of a known exchange, or its index, is a symbol."""
    assert parse_symbol(text) == symbol


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_another_text_is_refused(text: str) -> None:
    """Paths, options, formulas, queries and look-alikes are no symbols."""
    with pytest.raises(SelectionError) as refusal:
        parse_symbol(text)
    assert len(str(refusal.value)) < 250


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_another_text_never_becomes_a_file(text: str) -> None:
    """What is no symbol is refused again where a file's name is made."""
    with pytest.raises(SelectionError):
        file_stem(text)


@pytest.mark.parametrize("text", UNKNOWN_EXCHANGES)
def test_an_unknown_exchange_is_named_with_the_known_ones(text: str) -> None:
    """The message of a foreign suffix holds the text and every known suffix."""
    with pytest.raises(SelectionError, match=r"\.AX .* \.L ") as refusal:
        parse_symbol(text)
    assert repr(text) in str(refusal.value)


def test_a_long_text_is_cut_in_its_message() -> None:
    """A refusal shows the beginning of what came, not all of it."""
    with pytest.raises(SelectionError, match=r"got 'A{40}\.\.\.'"):
        parse_symbol("A" * 10_000)


@pytest.mark.parametrize("text", ["aapl", " AAPL", "AAPL\n"])
def test_a_file_is_named_by_a_parsed_symbol_only(text: str) -> None:
    """A text that would still be changed by parsing never names a file."""
    with pytest.raises(SelectionError):
        file_stem(text)


@settings(deadline=None, database=None)
@given(st.one_of(ticker_like, st.text(max_size=12)))
def test_what_is_accepted_is_accepted_unchanged_again(text: str) -> None:
    """Parsing is idempotent, and a file's name holds no path, in ASCII."""
    try:
        symbol = parse_symbol(text)
    except SelectionError:
        return
    assert parse_symbol(symbol) == symbol
    assert exchange_of(symbol) in EXCHANGES.values()
    stem = file_stem(symbol)
    assert stem.isascii()
    assert not set(stem) & set("/\\:\0 \n")
    assert not stem.startswith((".", "-"))
    assert not DEVICES.match(stem)
    assert symbol_of(stem) == symbol


@settings(deadline=None, database=None)
@given(ticker_like)
def test_a_form_takes_whatever_is_a_symbol(text: str) -> None:
    """The pattern of a form refuses nothing that parsing accepts."""
    try:
        parse_symbol(text)
    except SelectionError:
        return
    assert re.search(FORM_PATTERN, text)


@pytest.mark.parametrize("text", ["", "../CBA", "CBA AX", "$$$", "CBA.TO", "A" * 14])
def test_a_form_refuses_what_can_be_no_symbol(text: str) -> None:
    """Before a run: nothing, paths, words, foreign exchanges, too much."""
    assert not re.search(FORM_PATTERN, text)


DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


@pytest.mark.parametrize(
    "symbol",
    ["CON", "PRN.AX", "AUX.L", "NUL", "COM1", "COM9.AX", "LPT1.L", "COM0", "LPT3"],
)
def test_no_symbol_is_a_device_of_windows(symbol: str) -> None:
    """`PRN.AX.csv` is a printer there; the file's name differs, and leads back."""
    assert parse_symbol(symbol) == symbol
    stem = file_stem(symbol)
    assert not DEVICES.match(stem)
    assert not DEVICES.match(file_stem(symbol, "lstm_"))
    assert symbol_of(stem) == symbol


@pytest.mark.parametrize("symbol", ["CBA.AX", "CONS.AX", "COM10", "CON-B", "NULL.L"])
def test_an_ordinary_symbol_names_its_file(symbol: str) -> None:
    """Files of before keep their names."""
    assert file_stem(symbol) == symbol
    assert symbol_of(symbol) == symbol
    assert file_stem(symbol, "lstm_") == f"lstm_{symbol}"


@pytest.mark.skipif(os.name == "nt", reason="there the plain name is a device")
def test_a_users_file_may_have_the_plain_name(tmp_path: Path) -> None:
    """`PRN.AX.csv` is read where it can be a file; `PRN_.AX.csv` comes first."""
    plain = file_of_user(tmp_path, "PRN.AX", ".csv")
    assert plain.name == "PRN.AX.csv"
    safe = tmp_path / "PRN_.AX.csv"
    safe.touch()
    assert file_of_user(tmp_path, "PRN.AX", ".csv") == safe


@settings(deadline=None, database=None)
@given(ticker_like, ticker_like)
def test_two_symbols_never_share_a_file(one: str, other: str) -> None:
    """Different symbols have different files, on case-blind disks too."""
    try:
        first, second = parse_symbol(one), parse_symbol(other)
    except SelectionError:
        return
    same_file = file_stem(first).casefold() == file_stem(second).casefold()
    assert same_file == (first == second)


@pytest.mark.parametrize(
    ("symbol", "code", "currency", "index"),
    [
        ("CBA.AX", "XASX", "AUD", "^AXJO"),
        ("BP.L", "XLON", "GBp", "^FTSE"),
        ("AAPL", "XNYS", "USD", "^GSPC"),
        ("BRK-B", "XNYS", "USD", "^GSPC"),
        ("^AXJO", "XASX", "AUD", "^AXJO"),
        ("^FTSE", "XLON", "GBp", "^FTSE"),
    ],
)
def test_a_symbol_belongs_to_the_exchange_of_its_suffix(
    symbol: str, code: str, currency: str, index: str
) -> None:
    """The suffix, or the index itself, says exchange, currency and index."""
    exchange = exchange_of(symbol)
    assert (exchange.code, exchange.currency, exchange.index) == (code, currency, index)


@pytest.mark.parametrize("universe", UNIVERSES)
def test_every_symbol_of_the_product_is_one(universe: str) -> None:
    """The built-in lists hold symbols only, each once."""
    symbols = UNIVERSES[universe]
    assert tuple(dict.fromkeys(map(parse_symbol, symbols))) == symbols
