"""The GPU's benchmark: rehearsed on a processor it trains, and says it is no GPU."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script(prefect_server: None) -> ModuleType:  # noqa: ARG001
    """Give the script as a module; the tests' own Prefect server takes its runs."""
    return importlib.import_module("gpu")


def test_a_rehearsal_trains_by_the_real_flow(script: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """All symbols get models from batches, whose losses are the processor's."""
    words = "--symbols 2 --epochs 1 --preset quick_test --places 2 --compare 1 --on cpu"
    options = script.asked(words.split())
    bench = script.Bench(tmp_path, options.symbols, options.preset)
    found = script.measured(bench, options)
    assert (found.device, found.models, found.compared) == ("cpu", 2, 1)
    assert found.models_a_minute == pytest.approx(2 * 60 / found.seconds)
    assert found.median_validation_loss == pytest.approx(
        found.median_validation_loss_on_processor, rel=1e-3
    )
    assert json.loads(script.as_json(found))["rehearsal"]
    text = script.shown(found).splitlines()
    assert text[0] == text[-1] == script.REHEARSAL


def test_without_a_gpu_nothing_is_measured() -> None:
    """One sentence and exit code 1: a processor's numbers are not shown as a GPU's."""
    found = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py"],
        env={"PATH": "", "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert "a GPU" in found.stderr
    assert len(found.stderr.splitlines()) == 1
