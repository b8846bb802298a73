"""The network of SPEC 4 in JAX: what Keras computes, with a gradient that is cheaper.

Differentiating a loop step by step adds up the weights' gradients in each of its steps;
here, as in cuDNN, they are one product over all sessions. Weights come and go in the
order of Keras' `get_weights`. No Keras here.
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
"""Which outputs stay, each on its own: of the first layer (sessions, windows, units),
and of the second's last session (windows, units)."""

RememberedEvents = tuple[Array, ...]


def predicted(weights: Weights, inputs: Array) -> Array:
    """Return the scaled next closes (windows,) for `inputs` (windows, sessions, 8)."""
    return _closes(weights, inputs, lambda hidden, _: hidden)


def predicted_in_training(
    weights: Weights, inputs: Array, kept: Kept, dropout: float
) -> Array:
    """Return what `predicted` does, without the units that are not `kept`.

    As Keras' layer: the others are scaled up, to keep the mean, by the share `dropout`
    that is left out.
    """

    def thinned(hidden: Array, layer: int) -> Array:
        return jnp.where(kept[layer], hidden / (1 - dropout), 0)

    return _closes(weights, inputs, thinned)


def _closes(weights: Weights, inputs: Array, between: Any) -> Array:  # noqa: ANN401
    """Return the last close plus the change; `between` is what follows a layer."""
    hidden = between(lstm(jnp.swapaxes(inputs, 0, 1), *weights[0:3]), 0)
    hidden = between(lstm(hidden, *weights[3:6])[-1], 1)
    kernel, bias = weights[6:8]
    changes: Array = (hidden @ kernel + bias)[:, 0]
    return inputs[:, -1, CLOSE_COLUMN] + changes


@jax.custom_vjp
def lstm(inputs: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Return the layer's outputs (sessions, windows, units).

    `inputs` (sessions, windows, features). Hochreiter and Schmidhuber 1997, with the
    forget gate of Gers et al. 2000: Keras' LSTM, unrolled over time.
    """
    return _forward(inputs, kernel, recurrent, bias)[0]


def _forward(
    inputs: Array, kernel: Array, recurrent: Array, bias: Array
) -> tuple[Array, RememberedEvents]:
    """Return the outputs, and what the way back needs."""
    units = recurrent.shape[0]
    # A sigmoid is a tanh of half the size, moved up: one call serves all four gates.
    size, shift = 1 - 0.5 * _is_sigmoid(units), 0.5 * _is_sigmoid(units)

    def step(carry: tuple[Array, Array], given: Array) -> Any:  # noqa: ANN401
        output, cell = carry
        sums = given @ kernel + output @ recurrent + bias
        gates = size * jnp.tanh(size * sums) + shift
        entry, forget, candidate, exit_ = jnp.split(gates, 4, axis=1)
        cell = forget * cell + entry * candidate
        output = exit_ * jnp.tanh(cell)
        return (output, cell), (output, cell, gates)

    start = jnp.zeros((inputs.shape[1], units), inputs.dtype)
    # A product of all inputs ahead of the loop is slower: it goes through memory twice.
    _, (outputs, cells, gates) = jax.lax.scan(step, (start, start), inputs)
    return outputs, (inputs, kernel, recurrent, outputs, cells, gates)


def _is_sigmoid(units: int) -> Array:
    """Return 1 for a gate between 0 and 1, 0 for the candidate, which is a tanh."""
    return jnp.repeat(jnp.array([1.0, 1.0, 0.0, 1.0], jnp.float32), units)


def _backward(
    remembered: RememberedEvents, gradient: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the gradients of inputs, kernel, recurrent kernel and bias."""
    inputs, kernel, recurrent, outputs, cells, gates = remembered
    sums = _gradient_of_sums(recurrent, _before(cells), cells, gates, gradient)
    return (
        sums @ kernel.T,
        jnp.einsum("twi,two->io", inputs, sums),
        jnp.einsum("twi,two->io", _before(outputs), sums),
        sums.sum(axis=(0, 1)),
    )


def _gradient_of_sums(
    recurrent: Array, before: Array, cells: Array, gates: Array, gradient: Array
) -> Array:
    """Return the gradient of what goes into the gates, last session first."""
    back, sigmoid = recurrent.T, _is_sigmoid(recurrent.shape[0])

    def step(carry: tuple[Array, Array], given: Any) -> Any:  # noqa: ANN401
        of_output, of_cell = carry
        from_above, cell_before, cell, four = given
        entry, forget, candidate, exit_ = jnp.split(four, 4, axis=1)
        of_output = of_output + from_above
        lively = jnp.tanh(cell)
        of_cell = of_cell + of_output * exit_ * (1 - lively**2)
        of_gates = jnp.concatenate(
            [
                of_cell * candidate,
                of_cell * cell_before,
                of_cell * entry,
                of_output * lively,
            ],
            axis=1,
        )
        # The slope of a sigmoid y is y - y^2, that of a tanh 1 - y^2.
        of_sums = of_gates * (sigmoid * four + (1 - sigmoid) - four**2)
        return (of_sums @ back, of_cell * forget), of_sums

    start = jnp.zeros_like(cells[0])
    given = (gradient, before, cells, gates)
    sums: Array
    _, sums = jax.lax.scan(step, (start, start), given, reverse=True)
    return sums


def _before(states: Array) -> Array:
    """Return each session's state before it; the first starts from zero."""
    return jnp.concatenate([jnp.zeros_like(states[:1]), states[:-1]])


lstm.defvjp(_forward, _backward)
