"""Trains a network on one symbol's features and measures it.

Runs in a process of its own. The same rows, parameters and seed give the same weights
on one machine. This module uses neither files nor Prefect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from config.errors import TrainingFailed
from config.parameters import TrainingParameters
from features.windows import (
    CLOSE_COLUMN,
    Floats,
    Scaler,
    Windows,
    WindowSplit,
    split_windows,
)
from modelling.grading import Calibration, calibrate
from modelling.network import CHANGE, build_network
from modelling.shrinkage import shrinkage_factor

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class EpochDone:
    """A finished epoch: its number, the epochs planned, and the scaled losses."""

    epoch: int
    epochs: int
    loss: float
    validation_loss: float


@dataclass(frozen=True)
class TrainedModel:
    """A network with the values needed to use it and to grade it.

    `loss` and `validation_loss` are scaled mean squared errors of the kept weights,
    without dropout, over all training and all validation windows. `shrinkage_factor`
    is the factor by which the dense unit was multiplied after training.
    """

    network: "keras.Model"
    scaler: Scaler
    loss: float
    validation_loss: float
    epochs_run: int
    training_windows: int
    validation_windows: int
    shrinkage_factor: float
    calibration: Calibration


def train(
    rows: Floats,
    parameters: TrainingParameters,
    on_epoch: Callable[[EpochDone], None] = lambda _: None,
    weights: Sequence[NDArray[np.float32]] | None = None,
) -> TrainedModel:
    """Return the network trained on `rows` (sessions, 8), no NaN.

    Early stopping restores the weights with the lowest loss on the first half of the
    validation windows. The predicted changes are then multiplied by the factor that
    fits that half best. The second half calibrates. With `early_stopping_patience` 0
    the first half is not used. If `weights` are given, in the order of Keras'
    `get_weights`, they are not trained, only shrunk and measured.

    Raises
    ------
    TooShort
        If `rows` are fewer than the windows need.
    TrainingFailed
        If a loss is not finite.
    """
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    network = build_seeded_network(parameters)
    if weights is None:
        epochs_run = _fit(network, split, parameters, on_epoch)
    else:
        network.set_weights(list(weights))
        epochs_run = 0
    patient = parameters.early_stopping_patience > 0
    factor = _shrink(network, split.stopping) if patient else 1.0
    return _measure(network, split, epochs_run, factor)


def build_seeded_network(parameters: TrainingParameters) -> "keras.Model":
    """Return the network before its first step, the same for the same seed."""
    import keras  # noqa: PLC0415  loads the backend, seconds

    keras.utils.set_random_seed(parameters.seed)
    return build_network(parameters)


def _fit(
    network: "keras.Model",
    split: WindowSplit,
    parameters: TrainingParameters,
    on_epoch: Callable[[EpochDone], None],
) -> int:
    """Train in place; return the epochs run.

    Keras' NumPy backend cannot train, so JAX trains if it is loaded. On any other
    backend Keras trains itself.
    """
    import keras  # noqa: PLC0415

    def on_losses(epoch: int, loss: float, validation_loss: float) -> None:
        on_epoch(EpochDone(epoch, parameters.epochs, loss, validation_loss))

    if keras.backend.backend() == "numpy":
        from modelling.jax_fit import fit  # noqa: PLC0415  loads JAX
    else:
        from modelling.keras_fit import fit  # noqa: PLC0415
    return fit(network, split, parameters, on_losses)


def _shrink(network: "keras.Model", stopping: Windows) -> float:
    """Multiply the predicted changes by the best factor on `stopping`; return it."""
    predicted = predict_changes(network, stopping.inputs)
    actual = stopping.targets - stopping.inputs[:, -1, CLOSE_COLUMN]
    factor = shrinkage_factor(predicted, actual)
    dense = network.get_layer(CHANGE)
    dense.set_weights([factor * part for part in dense.get_weights()])
    return factor


def _measure(
    network: "keras.Model", split: WindowSplit, epochs_run: int, factor: float
) -> TrainedModel:
    stopping = _predict(network, split.stopping)
    calibration = _predict(network, split.calibration)
    loss = _squared_error(_predict(network, split.training), split.training)
    validation_loss = _squared_error(
        np.concatenate([stopping, calibration]), split.stopping, split.calibration
    )
    if not np.isfinite([loss, validation_loss]).all():
        raise TrainingFailed(
            f"the training diverged: loss {loss}, validation loss {validation_loss}",
            "lower `learning_rate`",
        )
    parts = split.calibration
    changes = split.scaler.price_change(predict_changes(network, parts.inputs))
    predicted = changes / parts.last_closes
    return TrainedModel(
        network=network,
        scaler=split.scaler,
        loss=loss,
        validation_loss=validation_loss,
        epochs_run=epochs_run,
        training_windows=len(split.training),
        validation_windows=len(split.stopping) + len(parts),
        shrinkage_factor=factor,
        calibration=calibrate(predicted, parts.next_closes / parts.last_closes - 1),
    )


def predict_scaled(network: "keras.Model", inputs: Floats) -> Floats:
    """Return the scaled next closes (windows,) for `inputs` (windows, sessions, 8).

    A window gives the same answer in any batch only up to rounding, so a forecast
    always computes its window alone.
    """
    import keras  # noqa: PLC0415

    # NumPy warns of the overflow in a sigmoid far below zero, where 0 is right.
    with np.errstate(over="ignore"):
        answer = network(inputs.astype(np.float32), training=False)
    return np.asarray(keras.ops.convert_to_numpy(answer), dtype=np.float64)[:, 0]


def predict_changes(network: "keras.Model", inputs: Floats) -> Floats:
    """Return how far the next scaled closes (windows,) are from the windows' last ones.

    Exactly 0 if the network predicts no change: the last close is subtracted in the
    single precision in which the network added it.
    """
    last = inputs[:, -1, CLOSE_COLUMN].astype(np.float32)
    return predict_scaled(network, inputs) - last


def _predict(network: "keras.Model", windows: Windows) -> Floats:
    return predict_scaled(network, windows.inputs)


def _squared_error(predicted: Floats, *parts: Windows) -> float:
    targets = np.concatenate([part.targets for part in parts])
    return float(np.mean(np.square(predicted - targets)))
