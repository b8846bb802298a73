"""The order of the tests: slow files first; some files share a process."""

from itertools import groupby
from pathlib import Path

import pytest
from conftest import SLOW_FILES
from grouped_files import TOGETHER, group_of

TESTS = Path(__file__).parent


def test_slow_files_come_first(request: pytest.FixtureRequest) -> None:
    """Each named file exists; those that run come in that order, before others."""
    slow = [TESTS / name for name in SLOW_FILES]
    assert [path for path in slow if not path.is_file()] == []
    ran = [path for path, _ in groupby(item.path for item in request.session.items)]
    expected = [path for path in slow if path in ran]
    assert ran[: len(expected)] == expected


def test_files_of_a_group_go_to_one_process() -> None:
    """Each named file exists and is of its group; any other file is alone."""
    for name, files in TOGETHER.items():
        assert [file for file in files if not (TESTS / file).exists()] == []
        assert {group_of(f"tests/{file}::test_one") for file in files} == {name}
    assert group_of("tests/test_order.py::test_one[a::b]") == "test_order.py"


def test_only_files_of_tests_hold_the_long_mark() -> None:
    """`-m long` imports the files whose text holds the mark: no helper may give it."""
    holders = [path for path in TESTS.rglob("*.py") if "mark.long" in path.read_text()]
    helpers = {path.name for path in holders if not path.name.startswith("test_")}
    assert helpers == {"conftest.py"}
