"""The network of SPEC 4 in TensorFlow, with a cheaper gradient than Keras' layers have.

Automatic differentiation of the loop over sessions adds the weights' gradients up in
each session. Here they are one product over all sessions, as in cuDNN. Weights have the
order of Keras' `get_weights`. Importing this module imports TensorFlow.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from features.windows import CLOSE_COLUMN

type Weights = tuple[tf.Tensor, ...]
"""Kernel (features, 4 units), recurrent kernel (units, 4 units) and bias (4 units,) of
both LSTM layers, then kernel and bias of the dense unit. The gates have Keras' order:
input, forget, candidate, output."""

type Kept = tuple[tf.Tensor, tf.Tensor]
"""Which outputs dropout keeps: those of the first layer (sessions, windows, units) and
those of the second layer's last session (windows, units)."""

type Gradients = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]


def predict(weights: Weights, inputs: tf.Tensor) -> tf.Tensor:
    """Return the scaled next closes (windows,) for `inputs` (windows, sessions, 8)."""
    return _closes(weights, inputs, lambda hidden, _: hidden)


def predict_in_training(
    weights: Weights, inputs: tf.Tensor, kept: Kept, dropout: tf.Tensor
) -> tf.Tensor:
    """Return what `predict` returns if only the `kept` outputs are used.

    They are divided by 1 - `dropout`, which keeps the mean, as in Keras' layer.
    """

    def drop(hidden: tf.Tensor, layer: int) -> tf.Tensor:
        return tf.where(kept[layer], hidden / (1 - dropout), 0.0)

    return _closes(weights, inputs, drop)


def _closes(
    weights: Weights,
    inputs: tf.Tensor,
    after_layer: Callable[[tf.Tensor, int], tf.Tensor],
) -> tf.Tensor:
    """Return the last close plus the predicted change; `after_layer` is the dropout."""
    by_session = tf.transpose(inputs, (1, 0, 2))
    hidden = after_layer(lstm(by_session, *weights[0:3]), 0)
    hidden = after_layer(lstm(hidden, *weights[3:6])[-1], 1)
    kernel, bias = weights[6:8]
    return inputs[:, -1, CLOSE_COLUMN] + (tf.matmul(hidden, kernel) + bias)[:, 0]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm(
    inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradients]]:
    """Return the layer's outputs (sessions, windows, units).

    `inputs` are (sessions, windows, features). Source: Hochreiter and Schmidhuber 1997,
    with the forget gate of Gers et al. 2000; the same numbers as Keras' LSTM.
    """
    outputs, cells, gates = _run_forward(inputs, kernel, recurrent, bias)

    def gradients(gradient: tf.Tensor) -> Gradients:
        sums = _gradient_of_sums(recurrent, cells, gates, gradient)
        flat = _flatten(sums)
        return (
            tf.reshape(tf.matmul(flat, kernel, transpose_b=True), tf.shape(inputs)),
            tf.matmul(_flatten(inputs), flat, transpose_a=True),
            tf.matmul(_flatten(_shift(outputs)), flat, transpose_a=True),
            tf.reduce_sum(flat, axis=0),
        )

    return outputs, gradients


def _run_forward(
    inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return outputs, cells and gates of all sessions."""
    sessions, windows, _ = inputs.shape
    units = recurrent.shape[0]
    # sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one call serves all four gates.
    size, shift = 1 - 0.5 * _sigmoid_gates(units), 0.5 * _sigmoid_gates(units)
    stores = _stores(sessions, (windows, units), (windows, units), (windows, 4 * units))

    def step(
        session: tf.Tensor, output: tf.Tensor, cell: tf.Tensor, *stores: tf.TensorArray
    ) -> tuple[object, ...]:
        sums = tf.matmul(inputs[session], kernel) + tf.matmul(output, recurrent) + bias
        gates = size * tf.tanh(size * sums) + shift
        entry, forget, candidate, exit_ = tf.split(gates, 4, axis=1)
        cell = forget * cell + entry * candidate
        output = exit_ * tf.tanh(cell)
        written = zip(stores, (output, cell, gates), strict=True)
        return (
            session + 1,
            output,
            cell,
            *(store.write(session, value) for store, value in written),
        )

    start = tf.zeros((windows, units))
    found = tf.while_loop(
        lambda session, *_: session < sessions,
        step,
        (0, start, start, *stores),
        maximum_iterations=sessions,
    )
    outputs, cells, gates = (store.stack() for store in found[3:])
    return outputs, cells, gates


def _gradient_of_sums(
    recurrent: tf.Tensor, cells: tf.Tensor, gates: tf.Tensor, gradient: tf.Tensor
) -> tf.Tensor:
    """Return the gradient of the gates' inputs, computed from the last session back."""
    sessions, windows, units = cells.shape
    sigmoid, before = _sigmoid_gates(units), _shift(cells)
    (store,) = _stores(sessions, (windows, 4 * units))

    def step(
        session: tf.Tensor, of_output: tf.Tensor, of_cell: tf.Tensor, store: object
    ) -> tuple[object, ...]:
        entry, forget, candidate, exit_ = tf.split(gates[session], 4, axis=1)
        of_output = of_output + gradient[session]
        active = tf.tanh(cells[session])
        of_cell = of_cell + of_output * exit_ * (1 - active * active)
        of_gates = tf.concat(
            [
                of_cell * candidate,
                of_cell * before[session],
                of_cell * entry,
                of_output * active,
            ],
            axis=1,
        )
        # The derivative of a sigmoid y is y - y^2, that of a tanh y is 1 - y^2.
        value = gates[session]
        of_sums = of_gates * (sigmoid * value + (1 - sigmoid) - value * value)
        of_output = tf.matmul(of_sums, recurrent, transpose_b=True)
        written = store.write(session, of_sums)  # type: ignore[attr-defined]
        return session - 1, of_output, of_cell * forget, written

    start = tf.zeros((windows, units))
    *_, store = tf.while_loop(
        lambda session, *_: session >= 0,
        step,
        (sessions - 1, start, start, store),
        maximum_iterations=sessions,
    )
    return store.stack()


def _stores(sessions: int, *shapes: tuple[int, int]) -> list[tf.TensorArray]:
    """Return an array of one matrix per session for each shape."""
    return [tf.TensorArray(tf.float32, sessions, element_shape=part) for part in shapes]


def _sigmoid_gates(units: int) -> tf.Tensor:
    """Return 1 for each column of a sigmoid gate, 0 for the candidate, a tanh."""
    return tf.constant(np.repeat(np.array([1, 1, 0, 1], np.float32), units))


def _shift(states: tf.Tensor) -> tf.Tensor:
    """Return the state before each session; before the first it is zero."""
    return tf.concat([tf.zeros_like(states[:1]), states[:-1]], axis=0)


def _flatten(values: tf.Tensor) -> tf.Tensor:
    """Return (sessions, windows, n) as (sessions * windows, n)."""
    return tf.reshape(values, (-1, values.shape[2]))
