"""The network of SPEC 4: two LSTM layers that predict the change of the close.

Keras layers only, so that any backend runs it and a `.keras` file loads in safe mode.
"""

from typing import TYPE_CHECKING

from config.parameters import TrainingParameters
from features.indicators import FEATURES
from features.windows import CLOSE_COLUMN

if TYPE_CHECKING:
    import keras

CHANGE = "change"
"""Name of the layer that predicts the change of the scaled close."""


def build_network(parameters: TrainingParameters) -> "keras.Model":
    """Return the untrained network.

    Inputs (windows, sequence_length, 8), output (windows, 1), both scaled. The dense
    unit starts at zero and its output is added to the window's last close: before
    training, the network predicts that tomorrow equals today.
    """
    import keras  # noqa: PLC0415  loads the backend, seconds

    layers = keras.layers
    first, second = parameters.lstm_units
    inputs = keras.Input((parameters.sequence_length, len(FEATURES)), name="windows")
    hidden = layers.LSTM(first, return_sequences=True)(inputs)
    hidden = layers.Dropout(parameters.dropout)(hidden)
    hidden = layers.LSTM(second)(hidden)
    hidden = layers.Dropout(parameters.dropout)(hidden)
    change = layers.Dense(1, kernel_initializer="zeros", name=CHANGE)(hidden)
    last_close = inputs[:, -1, CLOSE_COLUMN : CLOSE_COLUMN + 1]
    return keras.Model(inputs, layers.Add(name="close")([last_close, change]))
