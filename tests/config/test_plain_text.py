"""Text from outside becomes one printable line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SelectionError
from config.plain_text import detect_encoding, plain_text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(encoding: str) -> None:
    """A text with a byte-order mark is decoded without the mark."""
    content = "BHP.AX".encode(encoding)
    assert content.decode(detect_encoding(content)) == "BHP.AX"
    assert detect_encoding(b"BHP.AX") == ""


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    """Cleaning twice changes nothing more, and printable text is unchanged."""
    plain = plain_text(text)
    assert plain.isprintable()
    assert plain_text(plain) == plain
    assert not text.isprintable() or plain == text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mPillar\u00a03\x1b[0m", "Pillar 3"),
        ("Pillar\u200b 3\u202e", "Pillar 3"),
        ("a\x00b\u2028c\x9b2Jd", "a b cd"),
        ("R\u00e9sultats \u2013 [red]", "R\u00e9sultats \u2013 [red]"),
        ("half \ud800", "half ?"),
    ],
)
def test_words_stay_apart_and_whole(text: str, plain: str) -> None:
    """Words of a cleaned title are still found."""
    assert plain_text(text) == plain


def test_an_error_is_clean_whatever_it_quotes() -> None:
    """A message that quotes a path or a file has no control characters."""
    assert str(SelectionError("a\x1b[2J\u202eb")) == "ab."
