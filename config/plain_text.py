"""Text from outside, cleaned of characters that a terminal, page or log would obey."""

import codecs
import re
import unicodedata

_TERMINAL_CODE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]")
"""A colour or cursor command, with the letters that belong to it."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that no file name needs: controls, line ends, direction overrides."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # Begins like the mark of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect_encoding(content: bytes) -> str:
    """Return the encoding that the byte-order mark names, "" without a mark."""
    return next((name for mark, name in _MARKS if content.startswith(mark)), "")


def holds_controls(text: str) -> bool:
    """Return whether the text holds a control character, line end or override."""
    return bool(_CONTROLS.search(text))


def plain_text(text: str) -> str:
    """Return the text as one line of printable characters.

    Terminal commands and invisible characters (direction overrides, zero width) are
    removed. Control characters, line ends and unusual spaces become spaces, which keeps
    words apart. A lone surrogate, which UTF-8 can't hold, becomes `?`.
    """
    if text.isprintable():
        return text
    return "".join(map(_replace, _TERMINAL_CODE.sub("", text)))


def _replace(character: str) -> str:
    if character.isprintable():
        return character
    return {"Cf": "", "Cs": "?"}.get(unicodedata.category(character), " ")
