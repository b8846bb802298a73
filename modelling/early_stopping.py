"""Early stopping: which epoch's weights are kept, and when a training ends."""

import math

from config.parameters import TrainingParameters


class EarlyStopping:
    """One training from epoch to epoch, as Keras' `EarlyStopping` follows it."""

    def __init__(self, parameters: TrainingParameters) -> None:
        """Begin before the first epoch."""
        self.epochs = 0
        self.ended = False
        self._limit = parameters.epochs
        self._patience = parameters.early_stopping_patience
        self._best_loss, self._best_epoch = math.inf, 0

    def is_best(self, loss: float, validation_loss: float) -> bool:
        """Return whether the weights after one more epoch are those to keep.

        A training loss that is not finite ends the training, and its weights are kept.
        """
        self.epochs += 1
        diverged = not math.isfinite(loss)
        better = validation_loss < self._best_loss or not self._patience or diverged
        if better:
            self._best_loss, self._best_epoch = validation_loss, self.epochs
        waited = self.epochs - self._best_epoch
        self.ended = (
            diverged or self.epochs == self._limit or waited >= self._patience > 0
        )
        return better
