"""The network of SPEC 4 in JAX, with a cheaper gradient than plain differentiation.

Automatic differentiation of the loop over sessions adds the weights' gradients up in
each session. Here they are one product over all sessions, as in cuDNN. Weights have the
order of Keras' `get_weights`. This module does not import Keras.
"""

from typing import Any

import jax
import jax.numpy as jnp

from features.windows import CLOSE_COLUMN

Array = jax.Array
Weights = tuple[Array, ...]
"""Kernel (features, 4 units), recurrent kernel (units, 4 units) and bias (4 units,) of
both LSTM layers, then kernel and bias of the dense unit; gates in Keras' order: input,
forget, candidate, output."""

Kept = tuple[Array, Array]
"""Which outputs dropout keeps: those of the first layer (sessions, windows, units) and
those of the second layer's last session (windows, units)."""

Residuals = tuple[Array, ...]


def predict(weights: Weights, inputs: Array) -> Array:
    """Return the scaled next closes (windows,) for `inputs` (windows, sessions, 8)."""
    return _closes(weights, inputs, lambda hidden, _: hidden)


def predict_in_training(
    weights: Weights, inputs: Array, kept: Kept, dropout: float
) -> Array:
    """Return what `predict` returns if only the `kept` outputs are used.

    They are divided by 1 - `dropout`, which keeps the mean, as in Keras' layer.
    """

    def drop(hidden: Array, layer: int) -> Array:
        return jnp.where(kept[layer], hidden / (1 - dropout), 0)

    return _closes(weights, inputs, drop)


def _closes(weights: Weights, inputs: Array, after_layer: Any) -> Array:  # noqa: ANN401
    """Return the last close plus the predicted change; `after_layer` is the dropout."""
    hidden = after_layer(lstm(jnp.swapaxes(inputs, 0, 1), *weights[0:3]), 0)
    hidden = after_layer(lstm(hidden, *weights[3:6])[-1], 1)
    kernel, bias = weights[6:8]
    changes: Array = (hidden @ kernel + bias)[:, 0]
    return inputs[:, -1, CLOSE_COLUMN] + changes


@jax.custom_vjp
def lstm(inputs: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Return the layer's outputs (sessions, windows, units).

    `inputs` (sessions, windows, features). Hochreiter and Schmidhuber 1997, with the
    forget gate of Gers et al. 2000; the same numbers as Keras' LSTM.
    """
    return _forward(inputs, kernel, recurrent, bias)[0]


def _forward(
    inputs: Array, kernel: Array, recurrent: Array, bias: Array
) -> tuple[Array, Residuals]:
    """Return the outputs, and the values that the gradient needs."""
    units = recurrent.shape[0]
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one call serves all four gates.
    size, shift = 1 - 0.5 * _sigmoid_gates(units), 0.5 * _sigmoid_gates(units)

    def step(carry: tuple[Array, Array], given: Array) -> Any:  # noqa: ANN401
        output, cell = carry
        sums = given @ kernel + output @ recurrent + bias
        gates = size * jnp.tanh(size * sums) + shift
        entry, forget, candidate, exit_ = jnp.split(gates, 4, axis=1)
        cell = forget * cell + entry * candidate
        output = exit_ * jnp.tanh(cell)
        return (output, cell), (output, cell, gates)

    start = jnp.zeros((inputs.shape[1], units), inputs.dtype)
    # One product of all inputs before the loop is slower: it reads memory twice.
    _, (outputs, cells, gates) = jax.lax.scan(step, (start, start), inputs)
    return outputs, (inputs, kernel, recurrent, outputs, cells, gates)


def _sigmoid_gates(units: int) -> Array:
    """Return 1 for each column of a sigmoid gate, 0 for the candidate, a tanh."""
    return jnp.repeat(jnp.array([1.0, 1.0, 0.0, 1.0], jnp.float32), units)


def _backward(
    residuals: Residuals, gradient: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the gradients of inputs, kernel, recurrent kernel and bias."""
    inputs, kernel, recurrent, outputs, cells, gates = residuals
    sums = _gradient_of_sums(recurrent, _shift(cells), cells, gates, gradient)
    return (
        sums @ kernel.T,
        jnp.einsum("twi,two->io", inputs, sums),
        jnp.einsum("twi,two->io", _shift(outputs), sums),
        sums.sum(axis=(0, 1)),
    )


def _gradient_of_sums(
    recurrent: Array, before: Array, cells: Array, gates: Array, gradient: Array
) -> Array:
    """Return the gradient of the gates' inputs, computed from the last session back."""
    back, sigmoid = recurrent.T, _sigmoid_gates(recurrent.shape[0])

    def step(carry: tuple[Array, Array], given: Any) -> Any:  # noqa: ANN401
        of_output, of_cell = carry
        from_above, cell_before, cell, four = given
        entry, forget, candidate, exit_ = jnp.split(four, 4, axis=1)
        of_output = of_output + from_above
        active = jnp.tanh(cell)
        of_cell = of_cell + of_output * exit_ * (1 - active**2)
        of_gates = jnp.concatenate(
            [
                of_cell * candidate,
                of_cell * cell_before,
                of_cell * entry,
                of_output * active,
            ],
            axis=1,
        )
        # The derivative of a sigmoid y is y - y^2, that of a tanh y is 1 - y^2.
        of_sums = of_gates * (sigmoid * four + (1 - sigmoid) - four**2)
        return (of_sums @ back, of_cell * forget), of_sums

    start = jnp.zeros_like(cells[0])
    given = (gradient, before, cells, gates)
    sums: Array
    _, sums = jax.lax.scan(step, (start, start), given, reverse=True)
    return sums


def _shift(states: Array) -> Array:
    """Return the state before each session; before the first it is zero."""
    return jnp.concatenate([jnp.zeros_like(states[:1]), states[:-1]])


lstm.defvjp(_forward, _backward)
