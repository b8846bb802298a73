"""Training in TensorFlow: the steps of Keras' own loop, each window once per epoch."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from config.parameters import TrainingParameters, training_parameters
from features.windows import Floats, WindowSplit, split_windows
from modelling.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable

WITHOUT_DROPOUT = training_parameters(
    epochs=5,
    sequence_length=30,
    dropout=0.0,
    learning_rate=0.01,
    lstm_units=(4, 3),
    early_stopping_patience=0,
)
"""Only the order of the windows is random; its shapes are those of `tiny`.

What XLA has compiled for one test serves the others.
"""

type Losses = list[tuple[float, float]]


def collect(losses: Losses) -> "Callable[[int, float, float], None]":
    """Return a listener that keeps the losses of each epoch."""
    return lambda _, *found: losses.append(found)


def fit_ours(
    split: WindowSplit, parameters: TrainingParameters, start: Network | None = None
) -> tuple[Network, Losses]:
    """Return the network trained by our step, and its losses."""
    from modelling.fit import fit  # noqa: PLC0415  imports TensorFlow
    from modelling.keras_network import start_network  # noqa: PLC0415

    losses: Losses = []
    start = start or start_network(parameters)
    weights, _ = fit(start.weights, split, parameters, collect(losses))
    return Network(weights), losses


def fit_keras(
    split: WindowSplit, parameters: TrainingParameters, start: Network
) -> tuple[Network, Losses]:
    """Return the network trained by Keras' own loop, with windows in our order."""
    import keras  # noqa: PLC0415

    from modelling.fit import draw_epoch  # noqa: PLC0415  imports TensorFlow
    from modelling.keras_network import build_network  # noqa: PLC0415

    part, last = split.training, split.stopping
    generator, losses = np.random.default_rng(parameters.seed), list[Any]()
    model = build_network(parameters)
    model.set_weights(start.weights)
    model.compile(keras.optimizers.Adam(parameters.learning_rate), "mean_squared_error")
    for _ in range(parameters.epochs):
        drawn = draw_epoch(generator, len(part), parameters).order.ravel()[: len(part)]
        found = model.fit(
            *(part.inputs[drawn], part.targets[drawn], parameters.batch_size),
            validation_data=(last.inputs, last.targets),
            shuffle=False,
            verbose=0,
        ).history
        losses.append((found["loss"][0], found["val_loss"][0]))
    return Network(tuple(model.get_weights())), losses


@pytest.fixture(scope="module")
def both(
    backend: ModuleType,  # noqa: ARG001  imported as a training process does
    rows: Floats,
) -> tuple[tuple[Network, Losses], tuple[Network, Losses]]:
    """Return our training and Keras' own of the same start, with their losses."""
    from modelling.keras_network import start_network  # noqa: PLC0415

    split, start = split_windows(rows, 30, 0.2), start_network(WITHOUT_DROPOUT)
    given = (split, WITHOUT_DROPOUT, start)
    return fit_ours(*given), fit_keras(*given)


def test_the_losses_are_those_of_keras(both: tuple[Any, Any]) -> None:
    """Epoch by epoch both report the same losses, to rounding, despite the padding."""
    (_, ours), (_, theirs) = both
    assert len(ours) == WITHOUT_DROPOUT.epochs
    assert np.array(ours) == pytest.approx(np.array(theirs), rel=1e-5)


def test_the_weights_are_those_of_keras(both: tuple[Any, Any]) -> None:
    """After five epochs both have the same weights, to rounding, unlike the start."""
    from modelling.keras_network import start_network  # noqa: PLC0415

    (ours, _), (theirs, _) = both
    start = start_network(WITHOUT_DROPOUT)
    for mine, other, before in zip(
        ours.weights, theirs.weights, start.weights, strict=True
    ):
        assert mine == pytest.approx(other, abs=1e-5)
        assert np.any(np.abs(mine - before) > 1e-3)


def test_a_pattern_is_learned(rows: Floats, tiny: TrainingParameters) -> None:
    """If tomorrow equals yesterday, training beats "tomorrow equals today" by far."""
    wave = rows.copy()
    wave[:, 0] = 50 + np.resize([0.0, 5.0, 10.0, 5.0], len(rows))
    changes = {"epochs": 40, "dropout": 0.0, "learning_rate": 0.02}
    parameters = tiny.model_copy(update=changes | {"early_stopping_patience": 0})
    _, losses = fit_ours(split_windows(wave, 30, 0.2), parameters)
    assert losses[-1][1] < losses[0][1] / 5


@pytest.mark.parametrize("batch_size", [16, 33, 64])
def test_every_window_is_used_once_per_epoch(
    rows: Floats, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With steps of almost nothing, the epoch's loss is that of the start, over all.

    The epoch is not compiled here, which takes seconds for each size.
    """
    from modelling import fit as module  # noqa: PLC0415  imports TensorFlow

    monkeypatch.setattr(module, "compiled_epoch", lambda: module.one_epoch)
    split = split_windows(rows[:95], 5, 0.2)
    parameters = WITHOUT_DROPOUT.model_copy(
        update={
            "epochs": 1,
            "sequence_length": 5,
            "batch_size": batch_size,
            "learning_rate": 1e-12,
        }
    )
    _, losses = fit_ours(split, parameters)
    part = split.training
    start = np.mean((part.inputs[:, -1, 0] - part.targets) ** 2)
    assert losses[0][0] == pytest.approx(start, rel=1e-5)


def test_early_stopping_keeps_the_best_weights(
    rows: Floats, tiny: TrainingParameters
) -> None:
    """The kept weights have the lowest loss on the windows that stop the training."""
    changes = {"epochs": 12, "learning_rate": 0.5, "early_stopping_patience": 2}
    split = split_windows(rows, 30, 0.2)
    network, losses = fit_ours(split, tiny.model_copy(update=changes))
    part = split.stopping
    loss = np.mean((network.predict_closes(part.inputs) - part.targets) ** 2)
    assert loss == pytest.approx(min(found for _, found in losses), rel=1e-4)


@pytest.mark.parametrize("dropout", [0.0, 0.2, 0.5])
def test_dropout_leaves_out_its_share(rows: Floats, dropout: float) -> None:
    """Each epoch drops that share of units, never the same ones; no window twice."""
    from modelling.fit import draw_epoch  # noqa: PLC0415  imports TensorFlow

    parameters = TrainingParameters(dropout=dropout)
    count = len(split_windows(rows, 60, 0.2).training)
    generator = np.random.default_rng(3)
    first, later = (draw_epoch(generator, count, parameters) for _ in range(2))
    for kept, kept_later in zip(first.kept, later.kept, strict=True):
        assert kept.mean() == pytest.approx(1 - dropout, abs=0.02)
        assert np.array_equal(kept, kept_later) == (dropout == 0)
    assert sorted(first.order.ravel()[:count]) == list(range(count))


def test_the_function_runs_uncompiled(rows: Floats, tiny: TrainingParameters) -> None:
    """Without XLA the same function gives the same losses, to rounding."""
    import tensorflow as tf  # noqa: PLC0415

    from modelling import fit as module  # noqa: PLC0415
    from modelling.keras_network import start_network  # noqa: PLC0415

    split, start = split_windows(rows, 30, 0.2), start_network(tiny)
    given = (
        module.initial_state(start.weights),
        module.pad(split.training),
        module.pad(split.stopping),
        module.draw_epoch(np.random.default_rng(1), len(split.training), tiny),
        tf.constant([tiny.dropout, tiny.learning_rate]),
    )
    plain_epoch = tf.function(module.one_epoch, jit_compile=False, autograph=False)
    compiled, plain = (
        epoch(*given)[1] for epoch in (module.compiled_epoch(), plain_epoch)
    )
    assert [*map(float, compiled)] == pytest.approx([*map(float, plain)], rel=1e-4)
