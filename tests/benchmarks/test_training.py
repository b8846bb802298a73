"""The training benchmark: a contender trains for real, and ratios are ratios."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "training.py"


@pytest.fixture(scope="module")
def script() -> Any:  # noqa: ANN401
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("training_benchmark", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Its dataclasses look themselves up.
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def report(script: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the report of two rounds: the second is slower for Keras alone."""
    rounds = [
        [
            script.Timing("keras", 2, 10, 3.0, keras, (0.010, 0.012)),
            script.Timing("overnight", 2, 10, 1.0, 10.0, (0.009, 0.011)),
        ]
        for keras in (60.0, 80.0)
    ]
    found: dict[str, Any] = script._report(rounds, 0.2)
    return found


@pytest.mark.long
def test_a_contender_trains_for_real() -> None:
    """A new process trains one symbol for an epoch and prints time and loss."""
    done = subprocess.run(
        [
            sys.executable,
            SCRIPT,
            "--child",
            "overnight",
            "--symbols",
            "1",
            "--epochs",
            "1",
        ],
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout)
    assert (told["contender"], told["symbols"], told["epochs"]) == ("overnight", 1, 1)
    assert told["seconds"] > 0
    assert 0 < told["validation_losses"][0] < 0.1


def test_the_speed_is_compared_with_keras(report: dict[str, Any]) -> None:
    """The ratio is the median of the rounds' ratios of symbols per minute."""
    assert report["speedup_vs_sequential_keras"] == pytest.approx((6 + 8) / 2)
    assert report["engines"]["overnight"]["symbols_per_minute"] == pytest.approx(12)
    assert report["engines"]["keras"]["seconds_per_epoch"] == pytest.approx(3.5)


def test_losses_stand_beside_the_times(report: dict[str, Any]) -> None:
    """A worse fit shows in the ratio of the losses."""
    assert report["validation_loss_vs_keras"] == pytest.approx(0.010 / 0.011)


def test_the_time_is_compared_with_the_floor(report: dict[str, Any]) -> None:
    """The report has the engine's time as a multiple of the floor."""
    assert report["times_the_floor"] == pytest.approx(0.5 / 0.2)


def test_the_table_has_every_ratio(script: Any, report: dict[str, Any]) -> None:  # noqa: ANN401
    """The table names both contenders, the floor and the speed-up."""
    table = script._format_table(report)
    for word in ("keras", "overnight", "floor", "speedup_vs_sequential_keras: 7.00"):
        assert word in table
