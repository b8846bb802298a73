"""Words and files that mean harm, or no harm: one sentence, or an answer."""

import json
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.app import app
from config.errors import OvernightError, ParameterError, SelectionError
from config.parameters import training_parameters
from config.universes import UNIVERSES
from market_data.selection import SymbolFile, Symbols, select_symbols
from risk_guard.calendar_file import MOST_NAMED, read_calendar
from storage.home import Home
from storage.settings_file import read_settings

LONGEST_SENTENCE = 600

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows",
    "CBA.AX/../BHP.AX",
    "CBA.AX\0.csv",
    "'; DROP TABLE prices; --",
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-1+1",
    "$(reboot)",
    "`id`",
    "{{ 7*7 }}",
    "%00",
    "CВA.AX",  # noqa: RUF001  a Cyrillic V
    "ＣＢＡ.AX",  # noqa: RUF001  wide letters
    "CBA․AX",  # noqa: RUF001  a leader dot
    "CBA.AX\u202e",
    "\u200bCBA.AX",
    "A" * 10_000,
    "CBA.AX\nBHP.AX",
    "CBA .AX",
    "NUL.AX.AX",
    "",
    " ",
    "^DJI",
    "\x1b[2J",
]


def refused(*words: str) -> Result:
    """Return the outcome of a command that must end in one plain sentence."""
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("overnight: ")
    assert len(result.stderr) < LONGEST_SENTENCE
    assert "Traceback" not in result.stderr
    assert result.stderr.rstrip("\n").isprintable()
    return result


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_symbol_is_refused_by_every_way_in(
    tmp_path: Path, text: str
) -> None:
    """As symbol, in a list and in a file: refused, shown in short, nothing written."""
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps([text]))
    for selection in (Symbols(symbols=(text,)), SymbolFile(file=listed)):
        with pytest.raises(SelectionError) as failure:
            select_symbols(selection, UNIVERSES)
        assert str(failure.value).isprintable()
        assert len(str(failure.value)) < LONGEST_SENTENCE
    assert list(tmp_path.iterdir()) == [listed]


@pytest.mark.parametrize(
    "words",
    [
        ["--symbols", "=1+1"],
        ["--universe", "x" * 10_000],
        ["--universe", "\x1b[2J"],
        ["--file", "a\nb.txt"],
        ["--file", "/dev/zero"],
        ["--file", "/"],
        ["CBA.AX", "--as-of", "9" * 10_000],
        ["CBA.AX", "--as-of", "2025-02-30"],
        ["CBA.AX", "--epochs", "9" * 5_000],
        ["CBA.AX", "--epochs", "1e400"],
        ["CBA.AX", "--batch-size", "\u0661\u0666\u0668"],
        ["CBA.AX", "--validation-split", "-inf"],
        ["CBA.AX", "--period", "2y; rm -rf /"],
        ["CBA.AX", "--source", "folder", "--folder", "no\nwhere"],
        ["CBA.AX", "--home", "s3://user:word@bucket/x"],
    ],
)
def test_a_hostile_word_gets_one_sentence(tmp_path: Path, words: list[str]) -> None:
    """No option's value breaks the line, floods the screen or shows a traceback."""
    home = [] if "--home" in words else ["--home", str(tmp_path)]
    said = refused("screen", *words, *home).stderr
    assert "user:word" not in said
    assert not list(tmp_path.iterdir())


@given(st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_symbols(text: str) -> None:
    """Any text is a symbol of a known shape, or refused in one printable sentence."""
    try:
        (said,) = select_symbols(Symbols(symbols=(text,)), UNIVERSES)
        accepted = True
    except SelectionError as error:
        said, accepted = str(error), False
    assert said.isprintable()
    assert not accepted or (said == text.strip().upper() and "/" not in said)


@given(st.binary(max_size=300), st.sampled_from([".txt", ".json", ".toml"]))
@settings(max_examples=150, deadline=None)
def test_no_content_breaks_a_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    """Any bytes in a list or in the settings are read, or refused in one sentence."""
    folder = tmp_path_factory.mktemp("any")
    path = folder / f"overnight{suffix}"
    path.write_bytes(content)
    said = ""
    try:
        if suffix == ".toml":
            read_settings(folder)
        else:
            select_symbols(SymbolFile(file=path), UNIVERSES)
    except OvernightError as error:
        said = str(error)
    assert len(said) < LONGEST_SENTENCE + len(str(path))


@given(
    st.sampled_from(["epochs", "sequence_length", "batch_size", "validation_split"]),
    st.one_of(st.floats(), st.integers(), st.text(max_size=8), st.booleans()),
)
@settings(max_examples=200, deadline=None)
def test_a_parameter_is_within_its_bounds_or_refused(name: str, value: object) -> None:
    """Whatever is given: the SPEC's bounds hold, or the bound is named."""
    bounds = {
        "epochs": (1, 100),
        "sequence_length": (30, 120),
        "batch_size": (16, 64),
        "validation_split": (0.1, 0.3),
    }
    least, most = bounds[name]
    said, taken = "", least
    try:
        taken = getattr(training_parameters(**{name: value}), name)
    except OvernightError as error:
        said = str(error)
    assert least <= taken <= most
    assert not said or f"`{name}` must be {least} to {most}" in said


def test_a_list_as_people_save_it_is_read(tmp_path: Path) -> None:
    """BOM, CRLF, blank lines, comments, commas and repeats: the symbols, in order."""
    path = tmp_path / "my list.txt"
    path.write_bytes(
        b"\xef\xbb\xbfcba.ax\r\n\r\n# banks\r\nBHP.AX, CBA.AX ,\r\n\tAAPL # us\r\n"
    )
    found = select_symbols(SymbolFile(file=path), UNIVERSES)
    assert found == ("CBA.AX", "BHP.AX", "AAPL")


def test_five_thousand_symbols_are_a_list(tmp_path: Path) -> None:
    """A list of thousands is read at once; a bad one is named with its line."""
    names = [f"{number:04d}.AX" for number in range(5_000)]
    path = tmp_path / "all.txt"
    path.write_text("\n".join(names))
    assert select_symbols(SymbolFile(file=path), UNIVERSES) == tuple(names)
    path.write_text("\n".join([*names, "no symbol"]))
    with pytest.raises(SelectionError, match=r"all\.txt line 5001: "):
        select_symbols(SymbolFile(file=path), UNIVERSES)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"symbols":' * 5_000,
        '{"symbols": {"a": 1}}',
        '{"symbols": null}',
        '{"universe": ["CBA.AX"]}',
        "[[]]",
        "[1e999]",
        "NaN",
        '["CBA.AX", ["BHP.AX"]]',
        json.dumps([{"k" * 9_999: "v" * 9_999}]),
        "[" + "9" * 5_000 + "]",
    ],
)
def test_json_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    """Deep, wrong, huge: one sentence with the file's name."""
    path = tmp_path / "list.json"
    path.write_text(content)
    assert "list.json" in refused("screen", "--file", str(path)).stderr


@pytest.mark.parametrize("nested", ["[" * 3000, "{a=" * 3000])
def test_deep_settings_are_refused(tmp_path: Path, nested: str) -> None:
    """Settings nested thousands deep are no readable TOML: one sentence, the path."""
    (tmp_path / "overnight.toml").write_text(f"x={nested}")
    with pytest.raises(ParameterError, match=r"overnight\.toml can't be read as TOML"):
        read_settings(tmp_path)


def calendar(folder: Path, *lines: str, header: str = "") -> Path:
    """Write a calendar of these lines."""
    path = Home(folder).event_calendar
    path.write_text("\n".join([header or "ticker,event_type,date,title,url", *lines]))
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--home", "homes/" + "y" * 400], "`home` must consist of names up to 255"),
        (["--home", "a\0b"], "`home` must consist of names up to 255"),
        (["--home", "s3:///x"], "`home` must be a folder or an address in"),
        (["--file", "x" * 5000], "cannot be read as text"),
        (["--folder", "there"], "`folder` needs the source folder"),
    ],
)
def test_a_hostile_place_gets_one_sentence(words: list[str], said: str) -> None:
    """No path is too long, too odd or in the wrong company for a plain refusal."""
    symbols = [] if "--file" in words else ["CBA.AX"]
    assert said in refused("screen", *symbols, *words).stderr


READING = [
    [],
    ["status"],
    ["report"],
    ["explain", "CBA.AX"],
    ["track-record"],
    ["events", "CBA.AX"],
    ["evaluate", "CBA.AX", "--from", "2025-01-02"],
    ["model", "status"],
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_home_that_is_not_there_is_wrong_use(
    tmp_path: Path, words: list[str]
) -> None:
    """A command that reads makes no folder; its advice is quoted for a shell."""
    missing = tmp_path / "no such $home"
    said = refused(*words, "--home", str(missing)).stderr
    assert f"the home {missing} is missing;" in said
    assert f"overnight screen --home '{missing}'" in said
    file = tmp_path / "file"
    file.touch()
    assert f"got the file {file}" in refused(*words, "--home", str(file)).stderr
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("words", [["status"], ["track-record"], []], ids=" ".join)
def test_an_empty_home_is_no_wrong_use(tmp_path: Path, words: list[str]) -> None:
    """There is nothing yet: that is an answer."""
    done = CliRunner().invoke(app, [*words, "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert not list(tmp_path.iterdir())


def test_a_long_unknown_setting_is_cut(tmp_path: Path) -> None:
    """A name of thousands of letters in the settings is quoted by its beginning."""
    (tmp_path / "overnight.toml").write_text(f"[models]\n{'z' * 5000} = 3\n")
    with pytest.raises(ParameterError, match=r"`models\.zzz") as refusal:
        read_settings(tmp_path)
    assert len(str(refusal.value)) < LONGEST_SENTENCE


def test_each_wrong_line_is_named_and_the_rest_is_used(tmp_path: Path) -> None:
    """Dates that are none, unknown types, no symbols: named; a good line counts."""
    found = read_calendar(
        calendar(
            tmp_path,
            "CBA.AX,earnings,2025-02-30,,",
            "CBA.AX,earnings,11/11/2025,,",
            "CBA.AX,party,2025-11-11,,",
            "../x,earnings,2025-11-11,,",
            "CBA.AX,earnings,99999-01-01,,",
            'BHP.AX,dividend,2025-11-11,"=HYPERLINK(""http://x"")\x1b[2J",',
        )
    )
    assert [line.symbol for line in found.lines] == ["BHP.AX"]
    assert len(found.refusals) == 5
    assert found.lines[0].event.title == '=HYPERLINK("http://x")'
    for number, refusal in enumerate(found.refusals, start=2):
        assert refusal.startswith(f"event_calendar.csv line {number} is not used: ")


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    """A file of nonsense names its first lines and counts the others."""
    found = read_calendar(calendar(tmp_path, *["x,y,z"] * 5_000))
    assert len(found.refusals) == MOST_NAMED + 1
    assert found.refusals[-1] == (
        f"event_calendar.csv: {5_000 - MOST_NAMED} more lines are not used."
    )


def test_a_calendar_of_fifty_megabytes_is_refused_at_once(tmp_path: Path) -> None:
    """A file too large to be kept by hand is refused at once, with the reason."""
    path = calendar(tmp_path)
    with path.open("a") as file:
        file.write("CBA.AX,earnings,2025-11-11,Result,\n" * 1_500_000)
    begun = time.monotonic()
    found = read_calendar(path)
    assert time.monotonic() - begun < 5
    assert "larger than 10 MB" in found.missing
    assert found.notices(date(2025, 11, 10)) == (found.missing,)
