"""The soak: nights in a row are run and measured, and what grows is named."""

import importlib.util
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "soak.py"


@pytest.fixture(scope="module")
def soak(prefect_server: None) -> Any:  # noqa: ANN401, ARG001
    """Give the script as a module; the tests' own Prefect server takes its runs."""
    spec = importlib.util.spec_from_file_location("soak", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_three_nights_leave_a_table_a_night(soak: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """Each night ends well and adds what is kept; no unfinished work is left.

    A CSV, a report and its calls; from the second night on, earlier calls' outcomes.
    The first night also makes the archive, its table and the run log.
    """
    found = list(soak.nights(tmp_path, 3, 1, "never"))
    assert [one.kept_files for one in found] == [6, 10, 14]
    assert {one.state for one in found} == {"Completed"}
    steps = {later.working_files - one.working_files for one, later in pairwise(found)}
    assert len(steps) == 1
    assert not list(tmp_path.rglob("unfinished/*/*"))
    assert "MB" in soak.format_usage(found[-1])


def test_what_grows_is_named(soak: Any) -> None:  # noqa: ANN401
    """Memory over its share and any file more are named; level nights are not."""
    level = soak.NightUsage(date(2025, 6, 27), "Completed", 300.0, 9, 40, 50, 900.0, 7)
    assert soak.still_growing([level] * 20) == []
    leaking = [replace(level, memory_mb=300 + 10 * night) for night in range(20)]
    assert "memory_mb grows" in soak.still_growing(leaking)[0]
    littering = [replace(level, working_files=50 + night) for night in range(20)]
    assert soak.still_growing(littering) == ["working_files grows: 62 to 67"]
