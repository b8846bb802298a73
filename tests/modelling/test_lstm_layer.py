"""The layer in TensorFlow: textbook outputs, and the gradient of plain code."""

import importlib
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from config.parameters import TrainingParameters
from features.windows import Floats
from modelling.network import Network

Tensor = Any
"""TensorFlow's: it is imported when a test runs, not when tests are collected."""

LAYER = (5, 3, 4)
"""Sessions, features and units of the small layer whose gradients are compared."""


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    """Return `modelling.lstm_layer`."""
    return importlib.import_module("modelling.lstm_layer")


@pytest.fixture(scope="module")
def tf(layers: ModuleType) -> ModuleType:
    """Return TensorFlow."""
    found: ModuleType = layers.tf
    return found


@pytest.fixture(scope="module")
def weights(tf: ModuleType, random_network: Network) -> tuple[Tensor, ...]:
    """Return the random network's weights as TensorFlow has them."""
    return tuple(tf.constant(part) for part in random_network.weights)


@pytest.fixture(scope="module")
def windows() -> Floats:
    """Return nine windows of 30 sessions by 8 features."""
    return np.random.default_rng(6).uniform(0, 1, (9, 30, 8)).astype(np.float32)


def random_layer(tf: ModuleType, seed: int) -> list[Tensor]:
    """Return inputs (sessions, windows, features) and the three weights of a layer."""
    sessions, features, units = LAYER
    shapes = [
        (sessions, 2, features),
        (features, 4 * units),
        (units, 4 * units),
        (4 * units,),
    ]
    generator = np.random.default_rng(seed)
    return [tf.constant(generator.normal(0, 1, shape), tf.float32) for shape in shapes]


def plain_lstm(
    tf: ModuleType,
    inputs: Tensor,
    kernel: Tensor,
    recurrent: Tensor,
    bias: Tensor,
) -> Tensor:
    """Return a layer's outputs as the textbook computes them, session by session."""
    output = cell = tf.zeros((inputs.shape[1], recurrent.shape[0]))
    outputs = []
    for given in inputs:
        sums = tf.matmul(given, kernel) + tf.matmul(output, recurrent) + bias
        entry, forget, candidate, exit_ = tf.split(sums, 4, axis=1)
        cell = tf.sigmoid(forget) * cell + tf.sigmoid(entry) * tf.tanh(candidate)
        output = tf.sigmoid(exit_) * tf.tanh(cell)
        outputs.append(output)
    return tf.stack(outputs)


def test_the_network_is_that_of_numpy(
    layers: ModuleType,
    random_network: Network,
    weights: tuple[Tensor, ...],
    windows: Floats,
) -> None:
    """With the same weights TensorFlow predicts what `Network` predicts."""
    ours = layers.predict(weights, layers.tf.constant(windows)).numpy()
    assert ours == pytest.approx(random_network.predict_closes(windows), abs=1e-6)


def test_a_layer_is_the_textbook_s(layers: ModuleType) -> None:
    """Gates, cell and output follow the published formulas."""
    given = random_layer(layers.tf, 1)
    textbook = plain_lstm(layers.tf, *given).numpy()
    assert layers.lstm(*given).numpy() == pytest.approx(textbook, abs=1e-5)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_gradient_is_that_of_plain_differentiation(
    layers: ModuleType,
    tf: ModuleType,
    seed: int,
) -> None:
    """For inputs, kernels and bias it equals TensorFlow's own of the textbook code."""
    given = random_layer(tf, seed)
    weight = tf.constant(
        np.random.default_rng(seed).normal(0, 1, (LAYER[0], 2, LAYER[2])), tf.float32
    )
    found = []
    for layer in (layers.lstm, partial(plain_lstm, tf)):
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = tf.reduce_sum(layer(*given) * weight)
        found.append(tape.gradient(total, given))
    for mine, reference in zip(*found, strict=True):
        assert mine.numpy() == pytest.approx(reference.numpy(), abs=2e-5)


def test_no_dropout_is_no_change(
    layers: ModuleType,
    tf: ModuleType,
    weights: tuple[Tensor, ...],
    windows: Floats,
    tiny: TrainingParameters,
) -> None:
    """With a dropout of 0, training and forecast predict the same."""
    first, second = tiny.lstm_units
    kept = (tf.ones((30, 9, first), bool), tf.ones((9, second), bool))
    trained = layers.predict_in_training(weights, tf.constant(windows), kept, 0.0)
    assert trained.numpy() == pytest.approx(
        layers.predict(weights, tf.constant(windows)).numpy()
    )


def test_dropout_keeps_the_mean(
    layers: ModuleType,
    tf: ModuleType,
    weights: tuple[Tensor, ...],
    windows: Floats,
    tiny: TrainingParameters,
) -> None:
    """Half the units dropped and the rest doubled: on average the outputs stay."""
    second = tiny.lstm_units[1]
    kept = (
        tf.ones((30, 9, tiny.lstm_units[0]), bool),
        tf.constant(np.random.default_rng(3).random((9, second)) < 0.5),
    )
    given = tf.constant(windows)
    plain, full = layers.predict(weights, given), tf.ones_like(kept[1])
    doubled = layers.predict_in_training(weights, given, (kept[0], full), 0.5)
    dropped = layers.predict_in_training(weights, given, kept, 0.5)
    other = layers.predict_in_training(weights, given, (kept[0], ~kept[1]), 0.5)
    # The dense unit is linear: the two halves add up to all units, doubled.
    bias = weights[7]
    last = given[:, -1, 0]
    changes = [part - last - bias for part in (dropped, other, doubled)]
    # The first layer's kept outputs are doubled as well in each of the three.
    assert (changes[0] + changes[1]).numpy() == pytest.approx(
        changes[2].numpy(), abs=1e-5
    )
    assert not np.allclose(dropped, plain)
