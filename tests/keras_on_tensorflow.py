"""A process of its own: Keras on TensorFlow serves a model file, and trains it further.

`python keras_on_tensorflow.py FOLDER` reads `model.keras` and `given.npz` (rows,
inputs) there, and writes `answers.npz`. What it trains, JAX trains in the test.
"""

import os
import sys
from pathlib import Path

import numpy as np

from config.parameters import training_parameters
from features.windows import split_windows

ONE_BATCH = training_parameters(
    epochs=5,
    sequence_length=30,
    validation_split=0.3,
    dropout=0.0,
    batch_size=64,
    learning_rate=0.01,
    lstm_units=(4, 3),
    early_stopping_patience=0,
)
"""No dropout and one batch per epoch, so that the training is deterministic."""


def main(folder: Path) -> None:
    """Write what TensorFlow predicts, and losses and weights of its training."""
    import keras  # noqa: PLC0415  the backend is chosen first

    from modelling.keras_fit import fit  # noqa: PLC0415

    given = np.load(folder / "given.npz")
    network = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    answers = np.asarray(network(given["inputs"].astype("f"), training=False))[:, 0]
    split = split_windows(given["rows"], 30, ONE_BATCH.validation_split)
    losses: list[tuple[float, float]] = []
    fit(network, split, ONE_BATCH, lambda _, *told: losses.append(told))
    weights = {f"weight{at}": part for at, part in enumerate(network.get_weights())}
    np.savez(folder / "answers.npz", answers=answers, losses=losses, **weights)


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "tensorflow"
    main(Path(sys.argv[1]))
