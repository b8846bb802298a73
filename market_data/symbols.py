"""Symbols: validated once, at the edge, and the exchange each belongs to.

`file_stem` is the one place where a symbol becomes part of a path.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from config.errors import SelectionError, UncoveredExchange, quote_value

_SHAPE = re.compile(r"[A-Z0-9]{1,8}(?:-[A-Z0-9]{1,4})?(?:\.[A-Z]{1,3})?")

_DEVICE = re.compile(r"^(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?=\.|$)")
"""What Windows opens as a device, whatever folder or extension is around it."""

FORM_PATTERN = (
    r"^\s*[A-Za-z0-9^-]{1,13}(\.([Aa][Xx]|[Ll]))?\s*$"
    r"|^\s*[A-Za-z]{3,12}:[A-Za-z0-9.-]{1,13}\s*$"
)
"""For a form's schema, in any case of letters: all that `parse_symbol` takes, and
little else; short, since a refusal shows it."""

_PREFIXED = re.compile(r"(?P<prefix>[A-Z]{3,12}):(?P<ticker>[A-Z0-9.-]{1,13})")

_SUFFIXES = {
    **dict.fromkeys(("ASX", "XASX"), ".AX"),
    **dict.fromkeys(("LSE", "LON", "XLON"), ".L"),
    **dict.fromkeys(("NASDAQ", "XNAS", "NYSE", "XNYS", "BATS", "CBOE", "OTC"), ""),
    **dict.fromkeys(("AMEX", "XASE", "NYSEAMERICAN", "NYSEMKT"), ""),
    **dict.fromkeys(("ARCA", "ARCX", "NYSEARCA"), ""),
}
"""Yahoo's suffix by the exchange's name on charting sites."""


@dataclass(frozen=True)
class Exchange:
    """An exchange: its calendar's name, quote currency and leading index."""

    code: str
    currency: str
    index: str


EXCHANGES: dict[str, Exchange] = {
    ".AX": Exchange("XASX", "AUD", "^AXJO"),
    ".L": Exchange("XLON", "GBp", "^FTSE"),
    "": Exchange("XNYS", "USD", "^GSPC"),
}
"""By Yahoo's suffix. London quotes in pence; a source that knows better says so."""

_INDICES = {exchange.index: exchange for exchange in EXCHANGES.values()}


def parse_symbol(text: str) -> str:
    """Return `text` as a symbol: trimmed, in capitals, of a known exchange.

    `ASX:CBA`, as charting sites write it, is `CBA.AX`.

    Raises
    ------
    UncoveredExchange
        If the exchange before the colon is not covered.
    SelectionError
        If it can't be a Yahoo-style ticker of a known exchange.
    """
    symbol = text.strip().upper() if text.isascii() else text
    if symbol in _INDICES:
        return symbol
    if prefixed := _PREFIXED.fullmatch(symbol):
        symbol = in_yahoo_form(prefixed["ticker"], prefixed["prefix"])
    if not _SHAPE.fullmatch(symbol):
        raise SelectionError(
            f"`symbol` must look like CBA.AX, AAPL, BP.L or BRK-B, got {quote_value(text)}."
        )
    if _suffix(symbol) not in EXCHANGES:
        raise SelectionError(
            f"`symbol` must end in .AX (ASX), .L (London) or nothing (US), "
            f"got {quote_value(text)}; US share classes are written like BRK-B."
        )
    return symbol


def in_yahoo_form(ticker: str, exchange: str) -> str:
    """Return the ticker as Yahoo writes it: `BRK.B` of the NYSE is `BRK-B`.

    Raises
    ------
    UncoveredExchange
        If the exchange's name is not known.
    """
    if exchange not in _SUFFIXES:
        raise UncoveredExchange(
            f"`symbol` is of an exchange that is not covered, got "
            f"{quote_value(f'{exchange}:{ticker}')}; covered are ASX, LSE, NYSE and NASDAQ."
        )
    suffix = _SUFFIXES[exchange]
    bare = ticker.removesuffix(suffix) if suffix else ticker
    return bare.rstrip(".").replace(".", "-") + suffix


def elsewhere(symbol: str) -> tuple[str, ...]:
    """Return the same ticker on the other exchanges; none for an index."""
    if symbol in _INDICES:
        return ()
    ticker = symbol.partition(".")[0]
    return tuple(ticker + suffix for suffix in EXCHANGES if ticker + suffix != symbol)


def exchange_of(symbol: str) -> Exchange:
    """Return the exchange that the (validated) symbol is listed on."""
    return _INDICES.get(symbol) or EXCHANGES[_suffix(symbol)]


def quotes_subunits(symbol: str, currency: str) -> bool:
    """Return whether prices may be in pence and dividends in pounds, or the reverse.

    `currency` is what the source says, empty if it does not.
    """
    return (currency or exchange_of(symbol).currency).upper() in ("GBP", "GBX")


def file_stem(symbol: str, prefix: str = "") -> str:
    """Return `prefix` and the symbol as the beginning of a file's name.

    The name of a Windows device gets an underscore, which no symbol has: `PRN.AX`
    (Perenti) becomes `PRN_.AX`, `lstm_PRN.AX` stays. `symbol_of` is the way back.

    Raises
    ------
    SelectionError
        If the symbol was never validated: no other text becomes a path.
    """
    if parse_symbol(symbol) != symbol:
        raise SelectionError(
            f"`symbol` must be in capitals, got {quote_value(symbol)}."
        )
    return _DEVICE.sub(r"\g<0>_", symbol) if not prefix else prefix + symbol


def symbol_of(stem: str) -> str:
    """Return the symbol of a `file_stem` without prefix."""
    return stem.replace("_", "")


def file_of_user(folder: Path, symbol: str, suffix: str) -> Path:
    """Return where a user's own file of the symbol lies, e.g. `CBA.AX.csv`.

    Where Windows' devices are none, the plain name of such a symbol is taken as well.

    Raises
    ------
    SelectionError
        As `file_stem`.
    """
    path = folder / f"{file_stem(symbol)}{suffix}"
    plain = folder / f"{symbol}{suffix}"
    return path if os.name == "nt" or path.exists() else plain


def _suffix(symbol: str) -> str:
    _, dot, suffix = symbol.partition(".")
    return dot + suffix
