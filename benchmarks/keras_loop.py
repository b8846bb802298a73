"""Keras' own training loop: the baseline of the benchmark."""

from collections.abc import Callable

import keras

from config.parameters import TrainingParameters
from features.windows import WindowSplit


def fit(
    network: keras.Model,
    split: WindowSplit,
    parameters: TrainingParameters,
    on_losses: Callable[[int, float, float], None],
) -> int:
    """Train in place, with early stopping to the best weights; return the epochs run.

    `on_losses` gets each epoch's number, from 1, with the losses on the training and
    the stopping windows. A loss that is not finite ends the training.
    """
    optimizer = keras.optimizers.Adam(parameters.learning_rate)
    network.compile(optimizer=optimizer, loss="mean_squared_error")
    history = network.fit(
        split.training.inputs,
        split.training.targets,
        validation_data=(split.stopping.inputs, split.stopping.targets),
        epochs=parameters.epochs,
        batch_size=parameters.batch_size,
        callbacks=_callbacks(parameters.early_stopping_patience, on_losses),
        verbose=0,
    )
    return len(history.history["loss"])


def _callbacks(
    patience: int, on_losses: Callable[[int, float, float], None]
) -> list[keras.callbacks.Callback]:
    def report(epoch: int, logs: dict[str, float]) -> None:
        on_losses(epoch + 1, logs["loss"], logs["val_loss"])

    stopping = keras.callbacks.EarlyStopping(
        patience=patience, restore_best_weights=True
    )
    return [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(on_epoch_end=report),
        *([stopping] if patience else []),
    ]
