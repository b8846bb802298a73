"""The order of the tests: slow files first."""

from itertools import groupby
from pathlib import Path

import pytest
from conftest import SLOW_FILES

TESTS = Path(__file__).parent


def test_slow_files_come_first(request: pytest.FixtureRequest) -> None:
    """Each named file exists; those that run come in that order, before others."""
    slow = [TESTS / name for name in SLOW_FILES]
    assert [path for path in slow if not path.is_file()] == []
    ran = [path for path, _ in groupby(item.path for item in request.session.items)]
    expected = [path for path in slow if path in ran]
    assert ran[: len(expected)] == expected
