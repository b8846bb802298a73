"""docs/notebook.md: its Python runs as written, on a folder and a home of the tests."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "notebook.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def printed(
    market: Path, trained_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Return what the guide's programs print, run after another in one Python."""
    folder = tmp_path_factory.mktemp("notebook")
    shutil.copytree(market, folder / "my_folder")
    shutil.copytree(trained_home, folder / "my_home")
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(PROGRAMS)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_symbol_of_the_folder_has_a_row(printed: str) -> None:
    """The first program screens the folder: three calls, and one symbol without."""
    night = printed.split("prediction\n", maxsplit=1)[0]
    for symbol in ("AAA.AX", "BBB.AX", "CCC.AX"):
        assert re.search(rf"{symbol} +(BUY|HOLD|SELL) ", night)
    assert re.search(r"SHORT.AX +(NaN|None) ", night)


def test_the_record_and_the_changed_setting_are_read(printed: str) -> None:
    """The second program lists the recorded calls, the third prints the new value."""
    assert re.search(r"AAA.AX 2025-11-10 +(BUY|HOLD|SELL)", printed)
    assert printed.splitlines()[-1] == "0.2"


def test_the_first_program_is_short() -> None:
    """Fifteen statements beside the imports plan a night, screen it and print it."""
    body = ast.parse(PROGRAMS[0]).body
    assert sum(not isinstance(one, ast.Import | ast.ImportFrom) for one in body) <= 15


def test_every_link_leads_somewhere() -> None:
    """Each link of the guide leads to a file that exists."""
    links = re.findall(r"\]\((?!http|#)([^)#]+)\)", GUIDE)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
