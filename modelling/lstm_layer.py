"""The network of SPEC 4 in TensorFlow, with a cheaper gradient than Keras' layers have.

Automatic differentiation of the loop over sessions adds the weights' gradients up in
each session. Here they are one product over all sessions, as in cuDNN. Weights have the
order of Keras' `get_weights`. Importing this module imports TensorFlow.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from features.windows import CLOSE_COLUMN

type Weights = tuple[tf.Tensor, ...]
"""Kernel (features, 4 units), recurrent kernel (units, 4 units) and bias (4 units,) of
both LSTM layers, then kernel and bias of the dense unit. The gates have Keras' order:
input, forget, candidate, output."""

type Kept = tuple[tf.Tensor, tf.Tensor]
"""Which outputs dropout keeps: those of the first layer (sessions, windows, units) and
those of the second layer's last session (windows, units)."""

type Gates = Sequence[tf.Tensor]
"""Input gate, forget gate, candidate and output gate."""

type Gradients = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


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


def lstm(
    inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor
) -> tf.Tensor:
    """Return the layer's outputs (sessions, windows, units).

    `inputs` are (sessions, windows, features). Source: Hochreiter and Schmidhuber 1997,
    with the forget gate of Gers et al. 2000; the same numbers as Keras' LSTM.
    """
    # The bias is the kernel's row for an input of 1: its gradient is part of a product.
    ones = tf.ones((*inputs.shape[:2], 1))
    rows = tf.concat([kernel, bias[tf.newaxis]], axis=0)
    return _layer(tf.concat([inputs, ones], axis=2), rows, recurrent)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _layer(
    inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], Gradients]]:
    """Return the outputs of a layer without bias, and their gradient's function."""
    outputs, cells, gates = _run_forward(inputs, kernel, recurrent)

    def gradients(gradient: tf.Tensor) -> Gradients:
        sums = _gradient_of_sums(recurrent, cells, gates, gradient)
        flat = _flatten(sums)
        return (
            tf.reshape(tf.matmul(flat, kernel, transpose_b=True), tf.shape(inputs)),
            tf.matmul(_flatten(inputs), flat, transpose_a=True),
            tf.matmul(_flatten(_shift(outputs)), flat, transpose_a=True),
        )

    return outputs, gradients


def _run_forward(
    inputs: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]]:
    """Return outputs, cells and the four gates of all sessions."""
    sessions, windows, _ = inputs.shape
    units = recurrent.shape[0]
    stores = _stores(sessions, *6 * [(windows, units)])

    def step(
        session: tf.Tensor, output: tf.Tensor, cell: tf.Tensor, *stores: tf.TensorArray
    ) -> tuple[object, ...]:
        sums = tf.matmul(inputs[session], kernel) + tf.matmul(output, recurrent)
        entry, forget, candidate, exit_ = gates = _gates(sums)
        cell = forget * cell[0] + entry * candidate
        output = exit_ * tf.tanh(cell)
        written = zip(stores, (output, cell, *gates), strict=True)
        return (
            session + 1,
            output,
            cell[tf.newaxis],  # Not the operands' shape, for the reason in `_gates`.
            *(store.write(session, value) for store, value in written),
        )

    start = tf.zeros((windows, units))
    found = tf.while_loop(
        lambda session, *_: session < sessions,
        step,
        (0, start, start[tf.newaxis], *stores),
        maximum_iterations=sessions,
    )
    outputs, cells, *gates = (store.stack() for store in found[3:])
    return outputs, cells, gates


def _gates(sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return input gate, forget gate, candidate and output gate, (windows, units) each.

    One `tanh` of all `sums` takes longer: XLA writes a result of the same shape over
    its operand, and such a loop runs one number at a time instead of eight.
    """
    entry, forget, candidate, exit_ = tf.split(sums, 4, axis=1)
    return _sigmoid(entry), _sigmoid(forget), tf.tanh(candidate), _sigmoid(exit_)


def _sigmoid(sums: tf.Tensor) -> tf.Tensor:
    return 0.5 * tf.tanh(0.5 * sums) + 0.5


def _gradient_of_sums(
    recurrent: tf.Tensor, cells: tf.Tensor, gates: Gates, gradient: tf.Tensor
) -> tf.Tensor:
    """Return the gradient of the gates' sums, computed from the last session back."""
    sessions, windows, units = cells.shape
    before = _shift(cells)
    # Transposed once: a product with `transpose_b` would do it in each session.
    transposed = tf.transpose(recurrent)
    (store,) = _stores(sessions, (windows, 4 * units))

    def step(
        session: tf.Tensor, of_output: tf.Tensor, of_cell: tf.Tensor, store: object
    ) -> tuple[object, ...]:
        entry, forget, candidate, exit_ = (gate[session] for gate in gates)
        of_output = of_output + gradient[session]
        active = tf.tanh(cells[session])
        of_cell = of_cell + of_output * exit_ * (1 - active * active)
        # The derivative of a sigmoid y is y - y^2, that of a tanh y is 1 - y^2.
        of_sums = tf.concat(
            [
                of_cell * candidate * (entry - entry * entry),
                of_cell * before[session] * (forget - forget * forget),
                of_cell * entry * (1 - candidate * candidate),
                of_output * active * (exit_ - exit_ * exit_),
            ],
            axis=1,
        )
        written = store.write(session, of_sums)  # type: ignore[attr-defined]
        return session - 1, tf.matmul(of_sums, transposed), of_cell * forget, written

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


def _shift(states: tf.Tensor) -> tf.Tensor:
    """Return the state before each session; before the first it is zero."""
    return tf.concat([tf.zeros_like(states[:1]), states[:-1]], axis=0)


def _flatten(values: tf.Tensor) -> tf.Tensor:
    """Return (sessions, windows, n) as (sessions * windows, n)."""
    return tf.reshape(values, (-1, values.shape[2]))
