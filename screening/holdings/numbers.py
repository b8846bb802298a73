"""Reads numbers as brokers and spreadsheets write them: `A$1,234.50`, `1.234,5`, `(7)`.

A number that can be read in two ways is refused.
"""

import re
from collections.abc import Iterable
from typing import Literal

from config.errors import quote_value

Decimal = Literal[".", ","]

MAX_SIZE = 1e12
"""A larger number is refused: it is no count of shares and no price."""

_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-"})
_BLANKS = re.compile(r"[\s'\u2019_]")
_MONEY = re.compile(
    r"^(?:[A-Z]{0,3}[$\u00a3\u20ac\u00a5]|[A-Z]{3})|[$\u00a3\u20ac\u00a5]$"
)
_POINT = re.compile(r"\d+\.\d{1,2}|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d{4,}")
_COMMA = re.compile(r"\d+,\d{1,2}|0,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{4,}")
_EITHER = re.compile(r"\d{1,3}[.,]\d{3}")
_GROUPS = re.compile(r"\d{1,3}(?:,\d{3}){2,}|\d{1,3}(?:\.\d{3}){2,}")


def decimal_mark(cells: Iterable[str]) -> Decimal | None:
    """Return the decimal mark that the cells show, None if they show none or both."""
    texts = [_bare(cell) for cell in cells]
    point = any(_POINT.fullmatch(text) for text in texts)
    comma = any(_COMMA.fullmatch(text) for text in texts)
    if point == comma:
        return None
    return "." if point else ","


def read_number(text: str, mark: Decimal | None) -> float:
    """Return the number; `mark` decides what `1,250` and `1.250` mean.

    Raises
    ------
    ValueError
        If it is no number, is too large, or has two meanings and `mark` is None.
    """
    bare = _bare(text)
    if _EITHER.fullmatch(bare) and not bare.startswith("0"):
        if mark is None:
            raise ValueError(
                f"{quote_value(text)} has two meanings; write it without separators"
            )
        value = _grouped(bare, mark)
    elif bare.isdecimal() or _POINT.fullmatch(bare):
        value = _grouped(bare, ".")
    elif _COMMA.fullmatch(bare):
        value = _grouped(bare, ",")
    elif _GROUPS.fullmatch(bare):
        value = float(re.sub("[.,]", "", bare))
    else:
        raise ValueError(f"{quote_value(text)} is no number")
    if value > MAX_SIZE:
        raise ValueError(f"{quote_value(text)} is too large")
    return -value if _is_negative(text) else value


def _grouped(bare: str, mark: Decimal) -> float:
    group = "," if mark == "." else "."
    return float(bare.replace(group, "").replace(mark, "."))


def _bare(text: str) -> str:
    """Return the digits and separators, without sign, blanks and currency."""
    plain = _unsigned(_compact(text))
    return _unsigned(_MONEY.sub("", plain, count=1))


def _compact(text: str) -> str:
    return _BLANKS.sub("", text.translate(_SIGNS)).upper()


def _unsigned(text: str) -> str:
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return text.removeprefix("-").removeprefix("+").removesuffix("-")


def _is_negative(text: str) -> bool:
    compact = _compact(text)
    return "-" in compact or compact.startswith("(")
