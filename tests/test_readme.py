"""The README: its first command as a new user runs it, its map and the glossary."""

import csv
import math
import os
import re
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
from plain_night import ONE_PROCESS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LIMIT_SECONDS = 180
GOLDEN = ROOT / "tests" / "golden" / "2013-03-01_screening_results.csv"
"""The sample night's CSV, made when TensorFlow became the engine."""

TIMES = {"run_at", "model_trained_at"}


def test_both_commands_stand_in_the_first_fifty_words() -> None:
    """The first fifty words hold the command of a night and that of the tests."""
    opening = " ".join(README.split()[:50])
    assert "uv run overnight screen --source sample" in opening
    assert "uv run pytest" in opening


def test_it_is_short_and_its_map_names_every_folder() -> None:
    """The README has at most 120 lines; the map links to each package's README."""
    assert len(README.splitlines()) <= 120
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)/README.md\) \|", README, re.MULTILINE)
    assert sorted(rows) == [(name, name) for name in sorted(PACKAGES)]


def test_the_map_shows_where_five_things_are_done() -> None:
    """Each of a newcomer's five questions has one row, and its function is there."""
    for folder, module, function in (
        ("screening", "blend.py", "def call_at("),
        ("risk_guard", "assessment.py", "def haircut("),
        ("modelling", "grading.py", "def rejection("),
        ("market_data", "yahoo_client.py", "yfinance.Ticker("),
        ("pipeline", "symbol.py", "def screen_symbol("),
    ):
        (row,) = re.findall(rf"^\| \[{folder}\].+$", README, re.MULTILINE)
        assert re.search(rf"\*\*[^*]+`{module}`\*\*", row), folder
        assert function in (ROOT / folder / module).read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_folder_s_readme_names_modules_that_exist(folder: str) -> None:
    """Each module in the table of a folder's README is a file of that folder."""
    text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    modules = [name for cell in cells for name in re.findall(r"`([\w/]+\.py)`", cell)]
    assert modules
    assert [name for name in modules if not (ROOT / folder / name).is_file()] == []


def test_each_word_of_the_glossary_has_a_file() -> None:
    """Every row of the glossary ends with links to files that exist."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!word|-)(.+?) \|.*\| (.+) \|$", text, re.MULTILINE)
    assert len(rows) >= 25
    for word, cell in rows:
        files = re.findall(r"\]\(([^)]+)\)", cell)
        assert files, word
        assert all((ROOT / "docs" / file).is_file() for file in files), word


def test_every_link_leads_somewhere() -> None:
    """The files that the README names are there."""
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    files = [link.partition("#")[0] for link in links]
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str], float]:
    """Return the home, the process and the seconds of the README's first command.

    One process trains, whatever the machine has: each imports TensorFlow and compiles.
    """
    home = tmp_path_factory.mktemp("home")
    (home / "overnight.toml").write_text(ONE_PROCESS)
    command = re.findall(r"```sh\n(.+?)\n```", README)[0]
    start = time.monotonic()
    done = subprocess.run(  # noqa: S602  the README's command is written for a shell
        command,
        shell=True,
        cwd=ROOT,
        env={**as_a_new_user(), "OVERNIGHT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    return home, done, time.monotonic() - start


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_sample_night_runs_as_written(
    night: tuple[Path, subprocess.CompletedProcess[str], float],
) -> None:
    """The first command gives a table, names CSV and report, each row is an LSTM's."""
    home, done, seconds = night
    assert done.returncode == 0, done.stderr
    assert seconds < LIMIT_SECONDS
    (path,) = (home / "reports" / "csv").iterdir()
    assert f"CSV: {path}" in done.stdout
    (report,) = (home / "reports" / "html").iterdir()
    assert f"Report: {report}" in done.stdout
    assert not [word for word in ("INFO", "XLA", "absl") if word in done.stderr]
    assert "as of 2013-03-01: 5 trained, 5 of 5 finished" in done.stderr
    rows = read_csv(path)
    symbols = ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert sorted(row["symbol"] for row in rows) == symbols
    assert {row["prediction_source"] for row in rows} == {"LSTM"}
    assert {row["event_status"] for row in rows} == {"unknown"}


def is_same(text: str, other: str) -> bool:
    """Return whether two cells are equal; numbers may differ in the last digits."""
    try:
        return math.isclose(float(text), float(other), rel_tol=1e-3, abs_tol=1e-4)
    except ValueError:
        return text == other


def test_every_cell_is_that_of_the_golden_night(
    night: tuple[Path, subprocess.CompletedProcess[str], float],
) -> None:
    """Each cell, texts included, is as it was; only the times of the run differ."""
    rows = read_csv(night[0] / "reports" / "csv" / GOLDEN.name)
    golden = read_csv(GOLDEN)
    assert [row["symbol"] for row in rows] == [row["symbol"] for row in golden]
    assert list(rows[0]) == list(golden[0])
    assert not [
        (row["symbol"], name, row[name], before[name])
        for row, before in zip(rows, golden, strict=True)
        for name in before
        if name not in TIMES and not is_same(row[name], before[name])
    ]


def as_a_new_user() -> dict[str, str]:
    """Return the environment without what other tests have set for Prefect."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_")
    }
