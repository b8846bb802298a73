"""Training by JAX: the steps that Keras on TensorFlow takes; files that it serves."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_on_tensorflow
import numpy as np
import pytest
from keras_on_tensorflow import ONE_BATCH

from config.parameters import TrainingParameters
from features.windows import Floats, WindowSplit, split_windows
from modelling.jax_fit import PADDED_TO, draw_epoch, fit
from modelling.network import build_network
from modelling.training import predict_scaled


@dataclass(frozen=True)
class Ours:
    """A training by JAX: start, end and the losses told."""

    rows: Floats
    answers: Floats
    losses: list[tuple[float, float]]
    weights: list[Any]


@pytest.fixture(scope="module")
def short(rows: Floats) -> Floats:
    """Return so few rows that an epoch is one batch."""
    return rows[:110]


@pytest.fixture(scope="module")
def ours(
    short: Floats, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ours, Mapping[str, Any]]:
    """Return a training by JAX, and what TensorFlow makes of the same start."""
    folder = tmp_path_factory.mktemp("served")
    network = build_network(ONE_BATCH)
    inputs = np.random.default_rng(8).uniform(0, 1, (5, 30, 8))
    answers = predict_scaled(network, inputs)
    network.save(folder / "model.keras")
    np.savez(folder / "given.npz", rows=short, inputs=inputs)
    subprocess.run(
        [sys.executable, keras_on_tensorflow.__file__, folder],
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        check=True,
        capture_output=True,
    )
    losses: list[tuple[float, float]] = []
    fit(network, split_windows(short, 30, 0.3), ONE_BATCH, collected(losses))
    mine = Ours(short, answers, losses, network.get_weights())
    return mine, np.load(folder / "answers.npz")


def collected(losses: list[tuple[float, float]]) -> Any:  # noqa: ANN401
    """Return a listener that keeps the losses of each epoch."""
    return lambda _, *told: losses.append(told)


def trained(
    split: WindowSplit, parameters: TrainingParameters
) -> tuple[list[Any], list[tuple[float, float]]]:
    """Return the weights and losses of a training by JAX."""
    network = build_network(parameters)
    losses: list[tuple[float, float]] = []
    fit(network, split, parameters, collected(losses))
    return network.get_weights(), losses


def test_tensorflow_serves_the_file(ours: tuple[Ours, Mapping[str, Any]]) -> None:
    """A plain `.keras` file of ours says the same under Keras on TensorFlow."""
    mine, theirs = ours
    assert theirs["answers"] == pytest.approx(mine.answers, abs=1e-6)


def test_the_steps_are_keras(ours: tuple[Ours, Mapping[str, Any]]) -> None:
    """Both engines tell the same losses, epoch by epoch, whatever the padding."""
    mine, theirs = ours
    assert len(split_windows(mine.rows, 30, 0.3).training) < PADDED_TO
    assert len(mine.losses) == ONE_BATCH.epochs
    assert theirs["losses"] == pytest.approx(np.array(mine.losses), rel=1e-3)


def test_the_weights_are_keras(ours: tuple[Ours, Mapping[str, Any]]) -> None:
    """After five epochs both engines have the same weights, and not those before."""
    mine, theirs = ours
    start = build_network(ONE_BATCH).get_weights()
    for at, part in enumerate(mine.weights):
        assert part == pytest.approx(theirs[f"weight{at}"], abs=2e-4)
        assert np.any(np.abs(part - start[at]) > 1e-3)


def test_a_pattern_is_learned(rows: Floats) -> None:
    """Where tomorrow is yesterday, training beats "tomorrow equals today" by far."""
    wave = rows.copy()
    wave[:, 0] = 50 + np.resize([0.0, 5.0, 10.0, 5.0], len(rows))
    parameters = ONE_BATCH.model_copy(
        update={"epochs": 60, "batch_size": 16, "lstm_units": (16, 8)}
    )
    _, losses = trained(split_windows(wave, 30, 0.2), parameters)
    first, last = losses[0][1], losses[-1][1]
    assert last < first / 5


@pytest.mark.parametrize("batch_size", [16, 33, 64])
def test_every_window_is_seen_once_an_epoch(rows: Floats, batch_size: int) -> None:
    """With steps of nothing, the epoch's loss is that of the start, over all."""
    split = split_windows(rows, 30, 0.2)
    parameters = ONE_BATCH.model_copy(
        update={"epochs": 1, "batch_size": batch_size, "learning_rate": 1e-12}
    )
    _, losses = trained(split, parameters)
    part = split.training
    start = np.mean((part.inputs[:, -1, 0] - part.targets) ** 2)
    assert losses[0][0] == pytest.approx(start, rel=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.2, 0.5])
def test_dropout_leaves_out_its_share(rows: Floats, dropout: float) -> None:
    """Of every pass a share of units, not the same twice, and no window twice."""
    parameters = TrainingParameters(dropout=dropout)
    count = len(split_windows(rows, 60, 0.2).training)
    generator = np.random.default_rng(3)
    one, other = (draw_epoch(generator, count, parameters) for _ in range(2))
    for kept, kept_later in zip(one.kept, other.kept, strict=True):
        assert kept.mean() == pytest.approx(1 - dropout, abs=0.02)
        assert np.array_equal(kept, kept_later) == (dropout == 0)
    places = one.order.ravel()[:count]
    assert sorted(places) == list(range(count))
