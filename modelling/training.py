"""Trains a network on one symbol's features and measures it.

Runs in a process of its own. The same rows, parameters and seed give the same weights
on one machine. This module uses neither files nor Prefect.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

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
from modelling.early_stopping import EpochCounts
from modelling.grading import (
    Calibration,
    calibrate,
    loss_ratio,
    loss_ratio_vs_persistence,
)
from modelling.network import Network
from modelling.shrinkage import shrinkage_factor


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
    without dropout, over all training and all validation windows. `epochs` are those
    run and the one whose weights are kept. `shrinkage_factor`
    is the factor by which the dense unit was multiplied after training.
    `persistence_loss_ratio` is validation loss / training loss of "tomorrow equals
    today" on the same windows.
    """

    network: Network
    scaler: Scaler
    loss: float
    validation_loss: float
    epochs: EpochCounts
    training_windows: int
    validation_windows: int
    shrinkage_factor: float
    persistence_loss_ratio: float
    calibration: Calibration

    @property
    def loss_ratio(self) -> float:
        """Return validation loss / training loss."""
        return loss_ratio(self.loss, self.validation_loss)

    @property
    def compared_ratio(self) -> float:
        """Return the loss ratio relative to that of persistence."""
        return loss_ratio_vs_persistence(self.loss_ratio, self.persistence_loss_ratio)


def train(
    rows: Floats,
    parameters: TrainingParameters,
    on_epoch: Callable[[EpochDone], None] = lambda _: None,
    trained: Network | None = None,
) -> TrainedModel:
    """Return the network trained on `rows` (sessions, 8), no NaN.

    Early stopping restores the weights with the lowest loss on the first half of the
    validation windows. The predicted changes are then multiplied by the factor that
    fits that half best. The second half calibrates. With `early_stopping_patience` 0
    the first half is not used. A network that is passed as `trained` is only shrunk
    and measured.

    Raises
    ------
    TooShort
        If `rows` are fewer than the windows need.
    TrainingFailed
        If a loss is not finite.
    """
    split = split_windows(rows, parameters.sequence_length, parameters.validation_split)
    network, epochs = trained, EpochCounts(0, 0)
    if network is None:
        network, epochs = _fit(split, parameters, on_epoch)
    factor = 1.0
    if parameters.early_stopping_patience > 0:
        factor = _best_factor(network, split.stopping)
    return _measure(network.scale_changes(factor), split, epochs, factor)


def _fit(
    split: WindowSplit,
    parameters: TrainingParameters,
    on_epoch: Callable[[EpochDone], None],
) -> tuple[Network, EpochCounts]:
    """Return the trained network, the epochs run and the best epoch."""
    # These modules import TensorFlow and Keras, which takes seconds.
    from modelling.fit import fit  # noqa: PLC0415
    from modelling.keras_network import start_network  # noqa: PLC0415

    def on_losses(epoch: int, loss: float, validation_loss: float) -> None:
        on_epoch(EpochDone(epoch, parameters.epochs, loss, validation_loss))

    start = start_network(parameters)
    weights, epochs = fit(start.weights, split, parameters, on_losses)
    return Network(weights), epochs


def _best_factor(network: Network, stopping: Windows) -> float:
    """Return the factor that fits the predicted changes best on `stopping`."""
    predicted = network.predict_changes(stopping.inputs)
    actual = stopping.targets - stopping.inputs[:, -1, CLOSE_COLUMN]
    return shrinkage_factor(predicted, actual)


def _measure(
    network: Network, split: WindowSplit, epochs: EpochCounts, factor: float
) -> TrainedModel:
    stopping = network.predict_closes(split.stopping.inputs)
    calibration = network.predict_closes(split.calibration.inputs)
    loss = _squared_error(network.predict_closes(split.training.inputs), split.training)
    validation_loss = _squared_error(
        np.concatenate([stopping, calibration]), split.stopping, split.calibration
    )
    if not np.isfinite([loss, validation_loss]).all():
        raise TrainingFailed(
            f"the training diverged: loss {loss}, validation loss {validation_loss}",
            "lower `learning_rate`",
        )
    parts = split.calibration
    changes = split.scaler.price_change(network.predict_changes(parts.inputs))
    predicted = changes / parts.last_closes
    return TrainedModel(
        network=network,
        scaler=split.scaler,
        loss=loss,
        validation_loss=validation_loss,
        epochs=epochs,
        training_windows=len(split.training),
        validation_windows=len(split.stopping) + len(parts),
        shrinkage_factor=factor,
        persistence_loss_ratio=loss_ratio(
            _persistence_loss(split.training),
            _persistence_loss(split.stopping, split.calibration),
        ),
        calibration=calibrate(predicted, parts.next_closes / parts.last_closes - 1),
    )


def _persistence_loss(*parts: Windows) -> float:
    last = np.concatenate([part.inputs[:, -1, CLOSE_COLUMN] for part in parts])
    return _squared_error(last, *parts)


def _squared_error(predicted: Floats, *parts: Windows) -> float:
    targets = np.concatenate([part.targets for part in parts])
    return float(np.mean(np.square(predicted - targets)))
