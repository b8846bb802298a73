"""The files that users of Windows double-click, and docs/windows.md.

Where Wine is installed, its command interpreter runs them with a stand-in for uv.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.app import app

ROOT = Path(__file__).parents[1]
WINDOWS = ROOT / "windows"
GUIDE = (ROOT / "docs" / "windows.md").read_text(encoding="utf-8")
NAMES = (
    "RUN_OVERNIGHT_PIPELINE.bat",
    "TRAIN_LSTM_CUSTOM.bat",
    "TRAIN_LSTM_OVERNIGHT.bat",
    "TRAIN_LSTM_SINGLE.bat",
    "VERIFY_INSTALLATION.bat",
)
STAND_IN = "@echo off\r\necho CALLED %*\r\necho HOME %OVERNIGHT_HOME%\r\n"
RUNS = [
    ("RUN_OVERNIGHT_PIPELINE.bat", [], "screen --universe asx_priority"),
    ("RUN_OVERNIGHT_PIPELINE.bat", ["CBA.AX"], "screen CBA.AX"),
    ("TRAIN_LSTM_CUSTOM.bat", [], "train"),
    ("TRAIN_LSTM_CUSTOM.bat", ["--list", "us_tech"], "train --list us_tech"),
    ("TRAIN_LSTM_CUSTOM.bat", ["--symbols", "A,B"], "train --symbols A,B"),
    ("TRAIN_LSTM_CUSTOM.bat", ["README.md"], "train --file README.md"),
    (
        "TRAIN_LSTM_OVERNIGHT.bat",
        ["--epochs", "80"],
        "train --universe asx_priority --epochs 80",
    ),
    ("TRAIN_LSTM_SINGLE.bat", ["CBA.AX"], "train CBA.AX"),
    ("TRAIN_LSTM_SINGLE.bat", [], "train MSFT"),  # typed at its question
    ("VERIFY_INSTALLATION.bat", [], "doctor"),
]


def check(words: list[str]) -> None:
    """Refuse what the command line does not take."""
    group: Any = typer.main.get_command(app)
    group.commands[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("name", [*NAMES, "overnight.cmd"])
def test_cmd_can_read_each_file(name: str) -> None:
    """Each line ends with CR LF and is ASCII: `cmd` misreads labels otherwise."""
    content = (WINDOWS / name).read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert content.isascii()
    assert len(content.splitlines()) <= 17


@pytest.mark.parametrize("name", NAMES)
def test_each_window_stays_open_after_the_next_step(name: str) -> None:
    """The last lines name the next step, wait for a key, and keep the exit code."""
    *_, following, pause, code = (WINDOWS / name).read_text().splitlines()
    assert following.startswith("echo Next: ")
    assert (pause, code) == ("pause", "exit /b %CODE%")


@pytest.mark.parametrize("called", [called for *_, called in RUNS])
def test_the_command_line_takes_what_the_files_pass(called: str) -> None:
    """Each command that a file calls exists, with its options."""
    check(called.split())


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the environment of a Wine of its own, with a `uv.cmd` on the path."""
    program, server = shutil.which("wine"), shutil.which("wineserver")
    if not (program and server):
        pytest.skip("needs Wine")
    folder = tmp_path_factory.mktemp("a wine")
    (folder / "prefix").mkdir()
    (folder / "uv.cmd").write_text(STAND_IN)
    drive = f"Z:{folder}".replace("/", "\\")
    own = {"WINEPREFIX": str(folder / "prefix"), "WINEPATH": drive, "WINEDEBUG": "-all"}
    environment = {**os.environ, **own, "WINE": program}
    environment.pop("OVERNIGHT_HOME", None)
    # Otherwise each file would start Wine's services, and wait 2 s until they end.
    subprocess.run([server, "--persistent"], env=environment, check=True)
    try:
        subprocess.run(
            [program, "wineboot", "--init"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        yield environment
    finally:
        subprocess.run([server, "--kill"], env=environment, check=False)


def run(environment: dict[str, str], name: str, words: list[str]) -> str:
    """Return what a file prints; `MSFT` is typed at its first question."""
    done = subprocess.run(
        [environment["WINE"], "cmd", "/c", f"windows\\{name}", *words],
        env=environment,
        cwd=ROOT,
        input="MSFT\r\n\r\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.replace("\r", "")


@pytest.mark.long  # a Wine takes seconds to start
@pytest.mark.parametrize(("name", "words", "called"), RUNS)
def test_a_double_click_calls_the_command(
    wine: dict[str, str], name: str, words: list[str], called: str
) -> None:
    """Under Wine each file calls uv with its own words and those given to it."""
    shown = run(wine, name, words)
    (found,) = re.findall(r'CALLED run --project ".+" overnight (.*)', shown)
    assert found.split() == called.split()
    assert f"HOME Z:{ROOT}".replace("/", "\\") in shown
    assert "Next: " in shown
    assert "Exit code" not in shown


@pytest.mark.long
def test_without_uv_a_person_reads_how_to_get_it(wine: dict[str, str]) -> None:
    """Under Wine a machine without uv gets the command that installs it."""
    shown = run(wine | {"WINEPATH": ""}, "VERIFY_INSTALLATION.bat", [])
    assert "winget install --id=astral-sh.uv" in shown
    assert "CALLED" not in shown


def test_the_guide_names_each_file_with_a_command() -> None:
    """The guide's first table has a line per file, and its commands are accepted."""
    table = GUIDE.split("| edit of the original")[0]
    assert set(re.findall(r"windows\\(\w+\.bat)", table)) == set(NAMES)
    for text in re.findall(r"\| `overnight ([^`]+)` \|", table):
        check(shlex.split(text))
    (scheduled,) = re.findall(r"overnight\.cmd ([^\"`]+)\"", GUIDE)
    check(shlex.split(scheduled))
