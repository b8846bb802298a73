"""The network of SPEC 4: two LSTM layers that predict the change of the close.

Computed here by NumPy from its weights alone, so that a forecast loads neither Keras
nor TensorFlow. `keras_network.py` builds the same network for a training.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.windows import CLOSE_COLUMN, Floats

type Weights = tuple[NDArray[np.float32], ...]
"""Kernel (features, 4 units), recurrent kernel (units, 4 units) and bias (4 units,) of
both LSTM layers, then kernel (units, 1) and bias (1,) of the dense unit. The gates have
Keras' order: input, forget, candidate, output."""


@dataclass(frozen=True)
class Network:
    """A network's weights, in the order of Keras' `get_weights`."""

    weights: Weights

    @property
    def units(self) -> tuple[int, int]:
        """Return the units of the two LSTM layers."""
        return len(self.weights[1]), len(self.weights[4])

    def predict_changes(self, inputs: Floats) -> Floats:
        """Return how far the next scaled closes (windows,) are from the last ones.

        `inputs` are scaled windows (windows, sessions, 8), no NaN. Computed in single
        precision, as Keras does.
        """
        by_session = np.swapaxes(inputs.astype(np.float32), 0, 1)
        hidden = _lstm(_lstm(by_session, *self.weights[0:3]), *self.weights[3:6])
        kernel, bias = self.weights[6:8]
        return np.asarray((hidden[-1] @ kernel + bias)[:, 0], np.float64)

    def predict_closes(self, inputs: Floats) -> Floats:
        """Return the next scaled closes (windows,); `inputs` as `predict_changes`."""
        return inputs[:, -1, CLOSE_COLUMN] + self.predict_changes(inputs)

    def scale_changes(self, factor: float) -> "Network":
        """Return the network whose predicted changes are `factor` times as large."""
        dense = tuple((factor * part).astype(np.float32) for part in self.weights[6:])
        return replace(self, weights=(*self.weights[:6], *dense))


def _lstm(
    inputs: NDArray[np.float32],
    kernel: NDArray[np.float32],
    recurrent: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return a layer's outputs (sessions, windows, units); see `lstm_layer.lstm`."""
    units = len(recurrent)
    output = cell = np.zeros((inputs.shape[1], units), np.float32)
    outputs = np.empty((*inputs.shape[:2], units), np.float32)
    sums = inputs @ kernel + bias
    # `np.split` takes a third of a forecast's time.
    entry, forget, candidate, exit_ = (
        slice(units * gate, units * (gate + 1)) for gate in range(4)
    )
    for session, given in enumerate(sums):
        gates = given + output @ recurrent
        cell = _sigmoid(gates[:, forget]) * cell + _sigmoid(gates[:, entry]) * np.tanh(
            gates[:, candidate]
        )
        output = _sigmoid(gates[:, exit_]) * np.tanh(cell)
        outputs[session] = output
    return outputs


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logistic function; written with tanh, it does not overflow."""
    half = np.float32(0.5)
    return np.asarray(half * np.tanh(half * values) + half)
