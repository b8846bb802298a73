"""Early stopping: which epoch's weights are kept, and when a training ends."""

import math
from typing import NamedTuple

from config.parameters import TrainingParameters


class EpochCounts(NamedTuple):
    """The number of epochs that a training ran, and the epoch of the kept weights.

    Epochs are counted from 1; 0 stands for the weights before the first epoch.
    """

    run: int
    best: int

    def used_up(self, patience: int) -> bool:
        """Return whether the patience of early stopping has run out; 0 never does."""
        return self.run - self.best >= patience > 0


class EarlyStopping:
    """One training from epoch to epoch, as Keras' `EarlyStopping` follows it."""

    def __init__(self, parameters: TrainingParameters) -> None:
        """Begin before the first epoch."""
        self.epochs = EpochCounts(0, 0)
        self.ended = False
        self._limit = parameters.epochs
        self._patience = parameters.early_stopping_patience
        self._best_loss = math.inf

    def is_best(self, loss: float, validation_loss: float) -> bool:
        """Return whether the weights after one more epoch are those to keep.

        A training loss that is not finite ends the training, and its weights are kept.
        """
        epoch = self.epochs.run + 1
        diverged = not math.isfinite(loss)
        better = validation_loss < self._best_loss or not self._patience or diverged
        if better:
            self._best_loss = validation_loss
        self.epochs = EpochCounts(epoch, epoch if better else self.epochs.best)
        self.ended = (
            diverged or epoch == self._limit or self.epochs.used_up(self._patience)
        )
        return better
