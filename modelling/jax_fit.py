"""Training in JAX: Adam on the mean squared error, one call per epoch.

Importing this module imports JAX, so only a training process does. Windows are padded
up to a common number and padding has no weight: one compiled epoch serves all symbols
with histories of similar length.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from config.parameters import TrainingParameters
from features.windows import Windows, WindowSplit
from modelling.jax_lstm import Array, Kept, Weights, predict, predict_in_training

PADDED_TO = 64
"""The number of windows is padded to a multiple of this."""

FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants, as in Keras."""

DROPOUT_STEPS = 2**16
"""Dropout's share is rounded to this many steps: two random bytes, not four."""

FLOAT = jnp.float32

if TYPE_CHECKING:
    import keras


class Sample(NamedTuple):
    """Windows padded to a common number; `real` is 1 for a window, 0 for padding."""

    inputs: Array
    targets: Array
    real: Array


class Draw(NamedTuple):
    """The random choices of one epoch, batch by batch.

    `order` (batches, windows) holds each window's place once, then zeros as padding.
    `kept` are the outputs that dropout keeps, as `Kept` of each batch. NumPy draws
    them: JAX would take a tenth of an epoch, and a second to compile.
    """

    order: NDArray[np.intp]
    kept: tuple[NDArray[np.bool_], NDArray[np.bool_]]


class State(NamedTuple):
    """A training between two steps; `mean` and `square` are Adam's two moments."""

    weights: Weights
    mean: Weights
    square: Weights
    steps: Array


def fit(
    network: "keras.Model",
    split: WindowSplit,
    parameters: TrainingParameters,
    on_losses: Callable[[int, float, float], None],
) -> int:
    """Train in place, with early stopping to the best weights; return the epochs run.

    `on_losses` gets each epoch's number, from 1, with the losses on the training and
    the stopping windows. A training loss that is not finite ends the training, and its
    weights are kept.
    """
    training, stopping = pad(split.training), pad(split.stopping)
    rates = (parameters.dropout, parameters.learning_rate)
    generator = np.random.default_rng(parameters.seed)
    draw = partial(draw_epoch, generator, len(split.training), parameters)
    state = initial_state(network.get_weights())
    stop = EarlyStopping(parameters)
    best = state.weights
    while not stop.ended:
        state, losses = one_epoch(state, training, stopping, draw(), rates)
        loss, validation_loss = map(float, losses)
        if stop.is_best(loss, validation_loss):
            best = state.weights
        on_losses(stop.epochs, loss, validation_loss)
    network.set_weights([np.asarray(part) for part in best])
    return stop.epochs


class EarlyStopping:
    """Which epoch's weights are kept, and when a training ends, as in Keras."""

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


def pad(windows: Windows) -> Sample:
    """Return the windows with padding behind them."""
    missing = padding(len(windows))
    return Sample(
        jnp.asarray(np.pad(windows.inputs, ((0, missing), (0, 0), (0, 0))), FLOAT),
        jnp.asarray(np.pad(windows.targets, (0, missing)), FLOAT),
        jnp.asarray(np.pad(np.ones(len(windows)), (0, missing)), FLOAT),
    )


def padding(count: int) -> int:
    """Return how many windows are missing from a common number."""
    return -count % PADDED_TO


def initial_state(start: list[NDArray[np.float32]]) -> State:
    """Return a training before its first step."""
    weights = tuple(jnp.asarray(part) for part in start)
    zeros = tuple(map(jnp.zeros_like, weights))
    return State(weights, zeros, zeros, jnp.zeros((), int))


def draw_epoch(
    generator: np.random.Generator, count: int, parameters: TrainingParameters
) -> Draw:
    """Return the random choices of one epoch over `count` windows, padded."""
    sessions, size = parameters.sequence_length, parameters.batch_size
    batches = math.ceil((count + padding(count)) / size)
    order = np.zeros(batches * size, int)
    order[:count] = generator.permutation(count)

    def keep(*shape: int) -> NDArray[np.bool_]:
        drawn = generator.integers(0, DROPOUT_STEPS, (batches, *shape), np.uint16)
        return drawn >= parameters.dropout * DROPOUT_STEPS

    first, second = parameters.lstm_units
    return Draw(
        order.reshape(batches, size), (keep(sessions, size, first), keep(size, second))
    )


@jax.jit
def one_epoch(
    state: State,
    training: Sample,
    stopping: Sample,
    draw: Draw,
    rates: tuple[float, float],
) -> tuple[State, tuple[Array, Array]]:
    """Return the state after one pass, and the losses on training and stopping windows.

    `rates` are dropout and learning rate. The training loss is the mean over the pass,
    while the weights change, as in Keras.
    """
    count = training.real.sum()
    size = draw.order.shape[1]

    def step(batch: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
        before, total = carry
        own = jax.tree.map(lambda part: jnp.asarray(part)[batch], draw)
        chosen = jax.tree.map(lambda part: part[own.order], training)
        inside = batch * size + jnp.arange(size) < count
        chosen = chosen._replace(real=inside.astype(FLOAT))
        after, loss = _step(before, chosen, own.kept, rates)
        return after, total + loss * chosen.real.sum()

    batches = jnp.ceil(count / size).astype(int)
    moved, total = jax.lax.fori_loop(0, batches, step, (state, jnp.zeros(())))
    seen = predict(moved.weights, stopping.inputs)
    return moved, (total / count, _loss(seen, stopping))


def _step(
    state: State, batch: Sample, kept: Kept, rates: tuple[float, float]
) -> tuple[State, Array]:
    """Return the state after one step of Adam, and the loss before it."""
    dropout, learning_rate = rates

    def loss_of(weights: Weights) -> Array:
        seen = predict_in_training(weights, batch.inputs, kept, dropout)
        return _loss(seen, batch)

    loss, gradient = jax.value_and_grad(loss_of)(state.weights)
    return _move(state, gradient, learning_rate), loss


def _move(state: State, gradient: Weights, learning_rate: float) -> State:
    """Return the state after Adam's step (Kingma and Ba 2015, end of section 2)."""
    steps = state.steps + 1
    mean = _decay(FIRST_DECAY, state.mean, gradient)
    square = _decay(SECOND_DECAY, state.square, tuple(map(jnp.square, gradient)))
    rate = learning_rate * jnp.sqrt(1 - SECOND_DECAY**steps) / (1 - FIRST_DECAY**steps)
    parts = zip(state.weights, mean, square, strict=True)
    weights = tuple(
        weight - rate * first / (jnp.sqrt(second) + EPSILON)
        for weight, first, second in parts
    )
    return State(weights, mean, square, steps)


def _decay(decay: float, moment: Weights, news: Weights) -> Weights:
    return tuple(
        decay * old + (1 - decay) * new for old, new in zip(moment, news, strict=True)
    )


def _loss(seen: Array, sample: Sample) -> Array:
    """Return the mean squared error over the real windows."""
    errors = jnp.square(seen - sample.targets)
    return (errors * sample.real).sum() / sample.real.sum()
