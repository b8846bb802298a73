"""Symbols: validated once, where they enter, and the exchange each belongs to.

Only `file_stem` makes a symbol part of a path.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from config.errors import SelectionError, UncoveredExchange, quote_value

_SHAPE = re.compile(r"[A-Z0-9]{1,8}(?:-[A-Z0-9]{1,4})?(?:\.[A-Z]{1,3})?")

_DEVICE = re.compile(r"^(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?=\.|$)")
"""Names that Windows opens as devices, in any folder and with any extension."""

FORM_PATTERN = (
    r"^\s*[A-Za-z0-9^-]{1,13}(\.([Aa][Xx]|[Ll]))?\s*$"
    r"|^\s*[A-Za-z]{3,12}:[A-Za-z0-9.-]{1,13}\s*$"
)
"""Pattern in the form's schema. It accepts all that `parse_symbol` accepts and a little
more; it is short because a refusal shows it."""

_PREFIXED = re.compile(r"(?P<prefix>[A-Z]{3,12}):(?P<ticker>[A-Z0-9.-]{1,13})")

_SUFFIXES = {
    **dict.fromkeys(("ASX", "XASX"), ".AX"),
    **dict.fromkeys(("LSE", "LON", "XLON"), ".L"),
    **dict.fromkeys(("NASDAQ", "XNAS", "NYSE", "XNYS", "BATS", "CBOE", "OTC"), ""),
    **dict.fromkeys(("AMEX", "XASE", "NYSEAMERICAN", "NYSEMKT"), ""),
    **dict.fromkeys(("ARCA", "ARCX", "NYSEARCA"), ""),
}
"""Yahoo's suffix for each exchange name that charting sites use."""


@dataclass(frozen=True)
class Exchange:
    """An exchange: its calendar's name, quote currency, leading index and time zone."""

    code: str
    currency: str
    index: str
    time_zone: str


EXCHANGES: dict[str, Exchange] = {
    ".AX": Exchange("XASX", "AUD", "^AXJO", "Australia/Sydney"),
    ".L": Exchange("XLON", "GBp", "^FTSE", "Europe/London"),
    "": Exchange("XNYS", "USD", "^GSPC", "America/New_York"),
}
"""Exchanges by Yahoo's suffix. London quotes in pence unless a source gives another
currency."""

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
            "`symbol` must look like CBA.AX, AAPL, BP.L or BRK-B, got "
            f"{quote_value(text)}",
            "correct it",
        )
    if _suffix(symbol) not in EXCHANGES:
        raise SelectionError(
            "`symbol` must end in .AX (ASX), .L (London) or nothing (US), got "
            f"{quote_value(text)}",
            "write US share classes like BRK-B",
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
            f"{quote_value(f'{exchange}:{ticker}')} is on an exchange that is not "
            "covered",
            "use a symbol of ASX, LSE, NYSE or NASDAQ",
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


def is_index(symbol: str) -> bool:
    """Return whether the symbol is an index, as `^AXJO`."""
    return symbol.startswith("^")


def quotes_subunits(symbol: str, currency: str) -> bool:
    """Return whether prices may be in pence and dividends in pounds, or the reverse.

    `currency` is the source's, "" if the source gives none.
    """
    return (currency or exchange_of(symbol).currency).upper() in ("GBP", "GBX")


def file_stem(symbol: str, prefix: str = "") -> str:
    """Return `prefix` and the symbol as the beginning of a file's name.

    A symbol that Windows opens as a device gets an underscore: `PRN.AX` (Perenti)
    becomes `PRN_.AX`, while `lstm_PRN.AX` stays. `symbol_of` is the inverse.

    Raises
    ------
    SelectionError
        If the symbol is not validated, so that no other text becomes part of a path.
    """
    if parse_symbol(symbol) != symbol:
        raise SelectionError(f"`symbol` must be in capitals, got {quote_value(symbol)}")
    return _DEVICE.sub(r"\g<0>_", symbol) if not prefix else prefix + symbol


def symbol_of(stem: str) -> str:
    """Return the symbol of a `file_stem` without prefix."""
    return stem.replace("_", "")


def file_of_user(folder: Path, symbol: str, suffix: str) -> Path:
    """Return the path of a user's own file of the symbol, e.g. `CBA.AX.csv`.

    On other systems than Windows, `PRN.AX.csv` is accepted as well as `PRN_.AX.csv`.

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
