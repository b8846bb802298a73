"""The network in JAX: Keras' numbers, and the gradient of plain differentiation."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from config.parameters import TrainingParameters
from features.windows import CLOSE_COLUMN, Floats
from modelling.jax_lstm import Array, Weights, lstm, predict, predict_in_training
from modelling.network import build_network
from modelling.training import predict_scaled

if TYPE_CHECKING:
    import keras

LAYER = (5, 3, 4)
"""Sessions, features and units of the small layer that gradients are tried on."""


@pytest.fixture(scope="module")
def lively(tiny: TrainingParameters) -> "keras.Model":
    """Return a network with random weights everywhere, the dense unit included."""
    network = build_network(tiny)
    generator = np.random.default_rng(5)
    parts = [generator.normal(0, 0.4, part.shape) for part in network.get_weights()]
    network.set_weights(parts)
    return network


@pytest.fixture(scope="module")
def windows() -> Floats:
    """Return nine windows of 30 sessions by 8 features."""
    return np.random.default_rng(6).uniform(0, 1, (9, 30, 8))


@pytest.fixture(scope="module")
def weights(lively: "keras.Model") -> Weights:
    """Return the lively network's weights as JAX has them."""
    return tuple(jnp.asarray(part) for part in lively.get_weights())


def random_layer(seed: int) -> tuple[Array, ...]:
    """Return inputs (sessions, windows, features) and the three weights of a layer."""
    sessions, features, units = LAYER
    shapes = [
        (sessions, 2, features),
        (features, 4 * units),
        (units, 4 * units),
        (4 * units,),
    ]
    generator = np.random.default_rng(seed)
    return tuple(jnp.asarray(generator.normal(0, 1, shape)) for shape in shapes)


def plain_lstm(
    inputs: Array, kernel: Array, recurrent: Array, bias: Array
) -> jax.Array:
    """Return a layer's outputs by the textbook, a session at a time."""
    units = recurrent.shape[0]
    output = cell = jnp.zeros((inputs.shape[1], units))
    outputs = []
    for given in inputs:
        sums = given @ kernel + output @ recurrent + bias
        entry, forget, exit_ = (
            1 / (1 + jnp.exp(-sums[:, gate * units : (gate + 1) * units]))
            for gate in (0, 1, 3)
        )
        cell = forget * cell + entry * jnp.tanh(sums[:, 2 * units : 3 * units])
        output = exit_ * jnp.tanh(cell)
        outputs.append(output)
    return jnp.stack(outputs)


def test_the_network_is_keras(
    lively: "keras.Model", weights: Weights, windows: Floats
) -> None:
    """On the same weights and windows JAX says what Keras says."""
    ours = predict(weights, jnp.asarray(windows))
    assert np.asarray(ours) == pytest.approx(predict_scaled(lively, windows), abs=1e-5)


def test_a_layer_is_the_textbook_s() -> None:
    """Gates, cell and output follow the published formulas, session by session."""
    given = random_layer(1)
    assert np.asarray(lstm(*given)) == pytest.approx(
        np.asarray(plain_lstm(*given)), abs=1e-5
    )


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_gradient_is_that_of_plain_differentiation(seed: int) -> None:
    """Inputs, kernels and bias: each gradient is JAX's own through the textbook."""
    given = random_layer(seed)
    weight = jnp.asarray(np.random.default_rng(seed).normal(0, 1, (LAYER[0], 2, 4)))
    ours, plain = (
        jax.grad(lambda *parts: (layer(*parts) * weight).sum(), argnums=(0, 1, 2, 3))(  # noqa: B023
            *given
        )
        for layer in (lstm, plain_lstm)
    )
    for mine, reference in zip(ours, plain, strict=True):
        assert np.asarray(mine) == pytest.approx(np.asarray(reference), abs=2e-5)


def test_no_dropout_is_no_change(weights: Weights, windows: Floats) -> None:
    """With a dropout of 0 training sees what a forecast sees."""
    inputs = jnp.asarray(windows)
    all_kept = (jnp.ones((), bool), jnp.ones((), bool))
    thinned = predict_in_training(weights, inputs, all_kept, 0.0)
    assert np.asarray(thinned) == pytest.approx(np.asarray(predict(weights, inputs)))


def test_dropout_keeps_the_mean() -> None:
    """Half the last layer's units are left out, the rest doubled: the mean stays."""
    units = 4000
    zeros = [np.zeros(shape) for shape in ((8, 4), (1, 4), (4,), (1, 4 * units))]
    weights = [*zeros, np.zeros((units, 4 * units)), np.zeros(4 * units)]
    weights[5][: 4 * units] = 1.0  # Every unit has the same output.
    weights += [np.full((units, 1), 1 / units), np.zeros(1)]
    given = tuple(jnp.asarray(part, jnp.float32) for part in weights)
    inputs = jnp.zeros((1, 3, 8))
    whole = float(predict(given, inputs)[0])
    half = jnp.asarray(np.random.default_rng(3).random((1, units)) < 0.5)
    kept = (jnp.ones((), bool), half)
    thinned = float(predict_in_training(given, inputs, kept, 0.5)[0])
    assert thinned != whole
    assert thinned == pytest.approx(whole, rel=0.1)


def test_zero_weights_answer_the_last_close(windows: Floats) -> None:
    """Without weights the answer is the window's last close."""
    shapes = [(8, 8), (2, 8), (8,), (2, 4), (1, 4), (4,), (1, 1), (1,)]
    weights = tuple(jnp.zeros(shape) for shape in shapes)
    answer = np.asarray(predict(weights, jnp.asarray(windows)))
    assert answer == pytest.approx(windows[:, -1, CLOSE_COLUMN])
