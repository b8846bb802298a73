"""The scale benchmark: both ways do the same work, and every figure is there."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from storage.home import Home

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def scale(prefect_server: None) -> ModuleType:  # noqa: ARG001
    """Give the script as a module; the tests' own Prefect server takes its runs."""
    return importlib.import_module("scale")


@pytest.fixture(scope="module")
def bench(scale: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401
    """Give a market of three made symbols."""
    return scale.Bench(tmp_path_factory.mktemp("bench"), 3)


def rows_of(home: Path) -> pd.DataFrame:
    """Return a night's rows without the time of the run."""
    (path,) = Home(home).screening_csv.glob("*.csv")
    return pd.read_csv(path, dtype=str).drop(columns="run_at")


def test_loop_and_flow_write_the_same_rows(bench: Any) -> None:  # noqa: ANN401
    """The plain loop leaves nothing out that the flow does: their CSVs are equal."""
    loop, flow = bench.new_home(), bench.new_home()
    bench.plain_night(3, loop)
    bench.flow_night(3, home=flow)
    assert len(rows_of(flow)) == 3
    assert rows_of(loop).equals(rows_of(flow))


def test_what_prefect_costs_is_the_difference(bench: Any) -> None:  # noqa: ANN401
    """The flow takes longer than the loop, by what is called its overhead."""
    found = bench.orchestration(2)
    assert 0 < found.loop_seconds < found.flow_seconds
    assert found.overhead_seconds == found.flow_seconds - found.loop_seconds


def test_a_cold_night_has_every_figure(scale: Any, bench: Any) -> None:  # noqa: ANN401
    """A trained symbol has seconds by stage and kilobytes by folder, and is printed."""
    (night,) = bench.cold_nights(1, "")
    assert night.training_seconds > 0
    assert night.seconds_by_stage["forecast"] > 0
    assert night.kilobytes_per_symbol["models"] > 100
    found = {"orchestration": [], "cold": [night], "largest_process_mb": 1.0}
    assert "forecast" in scale.format_figures(found)
