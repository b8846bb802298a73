"""The training benchmark: every contender trains the same, and ratios are ratios."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "training.py"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """Return the figures of one symbol and one epoch, as JSON has them."""
    options = ["--symbols", "1", "--epochs", "1", "--more", "--json"]
    done = subprocess.run(
        [sys.executable, SCRIPT, *options],
        env={"PATH": "", "PYTHONPATH": str(SCRIPT.parents[1])},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_speed_is_told_against_keras(report: dict[str, Any]) -> None:
    """The ratio is that of the symbols a minute of the same run."""
    engines = report["engines"]
    ratio = (
        engines["jax"]["symbols_per_minute"] / engines["keras"]["symbols_per_minute"]
    )
    assert report["speedup_vs_sequential_keras"] == pytest.approx(ratio)


def test_losses_stand_beside_the_times(report: dict[str, Any]) -> None:
    """After one epoch from persistence all engines have a like validation loss."""
    losses = [one["median_validation_loss"] for one in report["engines"].values()]
    assert max(losses) < 2 * min(losses)
    assert report["validation_loss_vs_keras"] == pytest.approx(
        report["engines"]["jax"]["median_validation_loss"]
        / report["engines"]["keras"]["median_validation_loss"]
    )


def test_the_floor_is_below_all(report: dict[str, Any]) -> None:
    """No engine is faster than the products that it has to compute."""
    floor = report["floor_seconds_per_epoch"]
    assert floor > 0
    for one in report["engines"].values():
        assert one["seconds_per_epoch"] > floor
