"""Which symbols a run takes, and how a bad one is named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.errors import SelectionError
from config.universes import UNIVERSES
from market_data.selection import (
    SymbolFile,
    Symbols,
    Universe,
    find_list,
    select_symbols,
    split_symbols,
)

BOM = b"\xef\xbb\xbf"


def selected_from(path: Path, content: bytes) -> tuple[str, ...]:
    """Return the symbols of a file that holds `content`."""
    path.write_bytes(content)
    return select_symbols(SymbolFile(file=path), UNIVERSES)


def refusal_of(path: Path, content: bytes) -> str:
    """Return the message with which the file is refused."""
    with pytest.raises(SelectionError) as refusal:
        selected_from(path, content)
    return str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        b"CBA.AX\nAAPL\nBP.L\n",
        b"CBA.AX\nAAPL\nBP.L",
        b"CBA.AX\r\nAAPL\r\nBP.L\r\n",
        b"CBA.AX\rAAPL\rBP.L\r",
        BOM + b"CBA.AX\nAAPL\nBP.L\n",
        b"CBA.AX,AAPL,BP.L",
        b"CBA.AX, AAPL,\nBP.L,,\n",
        b"  cba.ax \n\n\taapl\nbp.l\n",
        b"# mine\nCBA.AX # bank\n#BHP.AX\nAAPL#\nBP.L\n",
        b"CBA.AX\nAAPL\ncba.ax\nBP.L\nAAPL\n",
    ],
)
def test_a_text_file_gives_its_symbols_in_order(tmp_path: Path, content: bytes) -> None:
    """Lines, commas, comments, marks and line ends of any system are understood."""
    symbols = selected_from(tmp_path / "mine.txt", content)
    assert symbols == ("CBA.AX", "AAPL", "BP.L")


@pytest.mark.parametrize(
    "content",
    [
        b'["CBA.AX", "AAPL", "BP.L"]',
        BOM + b'["CBA.AX", "AAPL", "BP.L"]',
        b'{"symbols": ["CBA.AX", "AAPL", "BP.L"], "note": "mine"}',
        b'[\r\n "cba.ax",\r\n "AAPL", "CBA.AX", " bp.l "\r\n]',
    ],
)
def test_a_json_file_gives_its_symbols_in_order(tmp_path: Path, content: bytes) -> None:
    """A list, or an object with a list called `symbols`, is understood."""
    symbols = selected_from(tmp_path / "mine.json", content)
    assert symbols == ("CBA.AX", "AAPL", "BP.L")


def test_the_suffix_is_read_in_any_case(tmp_path: Path) -> None:
    """A file called `.JSON` holds JSON."""
    assert selected_from(tmp_path / "MINE.JSON", b'["AAPL"]') == ("AAPL",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"b@d\n", 1),
        (b"AAPL\n\n# c\nb@d\n", 4),
        (b"AAPL\r\nMSFT\r\nb@d\r\n", 3),
        (BOM + b"AAPL\nMSFT, b@d, IBM\n", 2),
        (b"AAPL\nb@d\nb@d\n", 2),
    ],
)
def test_a_bad_symbol_is_named_with_its_line(
    tmp_path: Path, content: bytes, line: int
) -> None:
    """The message of a bad symbol holds the file's name, the line and the text."""
    message = refusal_of(tmp_path / "mine.txt", content)
    assert message.startswith(f"mine.txt line {line}: ")
    assert "'b@d'" in message


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'["AAPL", "b@d"]', "entry 2: "),
        (b'{"symbols": ["b@d"]}', "entry 1: "),
        (b'["AAPL", 1]', "entry 2 must be a symbol in quotes, got 1"),
        (b"[null]", "entry 1 must be a symbol in quotes, got None"),
        (b'["A", true]', "entry 2 must be a symbol in quotes, got True"),
        (b'[["AAPL"]]', "entry 1 must be a symbol in quotes, got ['AAPL']"),
    ],
)
def test_a_bad_json_entry_is_named(tmp_path: Path, content: bytes, place: str) -> None:
    """The message of a bad entry holds the file's name and the entry's number."""
    message = refusal_of(tmp_path / "mine.json", content)
    assert message.startswith(f"mine.json {place}")


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"1" * 5_000 + b"]",
        b'"AAPL"',
        b"3",
        b"null",
        b"{}",
        b'{"symbols": "AAPL"}',
        b'{"symbols": null}',
        b'["AAPL"',
        b"AAPL\n",
    ],
    ids=lambda content: content[:12].decode(),
)
def test_a_json_file_of_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    """Broken, deep or differently built JSON is refused with the file's path."""
    path = tmp_path / "mine.json"
    message = refusal_of(path, content)
    assert message.startswith(str(path))
    assert "JSON" in message


@pytest.mark.parametrize("name", ["mine.txt", "mine.json"])
@pytest.mark.parametrize("content", [b"", b"\n \n", BOM])
def test_a_file_without_symbols_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """A file that names nothing is a mistake, not an empty night."""
    message = refusal_of(tmp_path / name, content)
    assert "there is no symbol in" in message
    assert str(tmp_path / name) in message


@pytest.mark.parametrize("content", [b"# only\n", b",,,\n"])
def test_a_text_file_of_comments_and_commas_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    """Comments and commas name no symbol."""
    assert "there is no symbol in" in refusal_of(tmp_path / "mine.txt", content)


@pytest.mark.parametrize("content", [b"\xff\xfeA", b"AAPL\n\x80\n"])
def test_a_file_that_is_no_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no UTF-8 are refused with the file's path."""
    message = refusal_of(tmp_path / "mine.txt", content)
    assert "cannot be read as text" in message
    assert str(tmp_path / "mine.txt") in message


@pytest.mark.parametrize("name", ["missing.txt", "missing.json", "."])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder, is refused with its path."""
    with pytest.raises(SelectionError, match=str(tmp_path)):
        select_symbols(SymbolFile(file=tmp_path / name), UNIVERSES)


def test_a_universe_is_taken_by_its_name() -> None:
    """A universe gives its list as it stands."""
    chosen = select_symbols(Universe(universe="uk_ftse"), UNIVERSES)
    assert chosen == UNIVERSES["uk_ftse"]


def test_a_universe_of_the_users_own_is_parsed_too() -> None:
    """A user's list is trimmed, in capitals and without duplicates."""
    own = {"mine": (" aapl", "CBA.AX", "AAPL")}
    assert select_symbols(find_list("mine"), own) == ("AAPL", "CBA.AX")


def test_an_unknown_universe_is_refused_with_the_known_ones() -> None:
    """The message of an unknown universe holds what came and every choice."""
    with pytest.raises(SelectionError, match="got 'asx'") as refusal:
        select_symbols(find_list("asx"), UNIVERSES)
    assert all(name in str(refusal.value) for name in UNIVERSES)


def test_symbols_keep_their_order_and_lose_their_duplicates() -> None:
    """Symbols given one by one come back once each, in the order given."""
    given = Symbols(symbols=("msft", "AAPL", "MSFT", " cba.ax"))
    assert select_symbols(given, UNIVERSES) == ("MSFT", "AAPL", "CBA.AX")


def test_a_bad_symbol_among_good_ones_is_refused() -> None:
    """One text that is no symbol refuses the request, and is named."""
    with pytest.raises(SelectionError, match=r"got '\.\./x'"):
        select_symbols(Symbols(symbols=("AAPL", "../x")), UNIVERSES)


def test_a_request_for_no_symbols_is_refused() -> None:
    """A list of symbols holds at least one."""
    with pytest.raises(ValidationError, match="at least 1 item"):
        Symbols(symbols=())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("CBA.AX,BHP.AX", ("CBA.AX", "BHP.AX")),
        (" CBA.AX , ,BHP.AX,", ("CBA.AX", "BHP.AX")),
        ("AAPL", ("AAPL",)),
        (" , ", ()),
        ("", ()),
    ],
)
def test_commas_split_a_text(text: str, parts: tuple[str, ...]) -> None:
    """Parts that hold something come back trimmed."""
    assert split_symbols(text) == parts
