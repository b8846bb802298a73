"""The network of SPEC 4 in Keras: builds it before a training and writes it after.

Keras' own layers only, so that a `.keras` file loads in safe mode on any backend. Only
a training process calls these functions: each imports Keras, which takes seconds.
"""

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from config.parameters import TrainingParameters
from features.indicators import FEATURES
from features.windows import CLOSE_COLUMN
from modelling.network import Network

if TYPE_CHECKING:
    import keras


_writing = Lock()


@lru_cache(maxsize=1)
def start_network(parameters: TrainingParameters) -> Network:
    """Return the network before its first step; the same seed gives the same one.

    All models of a night start from it, and Keras takes 60 ms to build it. Its weights
    can't be changed.
    """
    import keras  # noqa: PLC0415

    keras.utils.set_random_seed(parameters.seed)
    network = Network(tuple(build_network(parameters).get_weights()))
    for weight in network.weights:
        weight.flags.writeable = False
    return network


def write_network(network: Network, parameters: TrainingParameters, path: Path) -> None:
    """Write the network to the `.keras` file `path`."""
    with _writing:
        model = _model_to_write(parameters)
        model.set_weights(network.weights)
        model.save(path)


@lru_cache(maxsize=1)
def _model_to_write(parameters: TrainingParameters) -> "keras.Model":
    """Return a network whose weights each `write_network` replaces."""
    return build_network(parameters)


def build_network(parameters: TrainingParameters) -> "keras.Model":
    """Return the untrained network, its weights drawn from Keras' own generator.

    Inputs (windows, sequence_length, 8), output (windows, 1), both scaled. The dense
    unit starts at zero and its output is added to the window's last close: untrained,
    the network says that tomorrow equals today.
    """
    import keras  # noqa: PLC0415

    layers = keras.layers
    first, second = parameters.lstm_units
    inputs = keras.Input((parameters.sequence_length, len(FEATURES)), name="windows")
    hidden = layers.LSTM(first, return_sequences=True)(inputs)
    hidden = layers.Dropout(parameters.dropout)(hidden)
    hidden = layers.LSTM(second)(hidden)
    hidden = layers.Dropout(parameters.dropout)(hidden)
    change = layers.Dense(1, kernel_initializer="zeros", name="change")(hidden)
    last_close = inputs[:, -1, CLOSE_COLUMN : CLOSE_COLUMN + 1]
    return keras.Model(inputs, layers.Add(name="close")([last_close, change]))
