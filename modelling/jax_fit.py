"""Training by JAX: Adam on the mean squared error, a whole epoch in one call.

Imported by the process that trains, and only there: it loads JAX. A compiled epoch
serves every symbol, for windows are padded up to a common number and weigh nothing.
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
from modelling.jax_lstm import Array, Kept, Weights, predicted, predicted_in_training

PADDED_TO = 64
"""Windows are padded to a multiple: stocks of like history then share a compilation."""

FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-7
"""Adam's, as in Keras: both engines take the same steps."""

CHANCES = 2**16
"""Dropout's share is drawn in steps of one of these: two bytes each, not four."""

FLOAT = jnp.float32

if TYPE_CHECKING:
    import keras


class Sample(NamedTuple):
    """Windows padded to a common number; `real` is 1 for a window, 0 for padding."""

    inputs: Array
    targets: Array
    real: Array


class Chance(NamedTuple):
    """What chance decides about a pass, batch by batch.

    `order` (batches, windows) are the windows' places, each once, then zeros that fill
    up; `kept` are the units that stay, `Kept` of each batch. Drawn by NumPy: JAX takes
    a tenth of an epoch for it, and a second to compile it.
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
    """Train in place, with early stopping to the best weights; return the passes run.

    `on_losses` is told of each epoch, from 1, with the losses of training and stopping
    windows. A loss that is no number ends the training, and its weights stay.
    """
    training, stopping = padded(split.training), padded(split.stopping)
    rates = (parameters.dropout, parameters.learning_rate)
    generator = np.random.default_rng(parameters.seed)
    chance = partial(drawn, generator, len(split.training), parameters)
    state, course = started(network.get_weights()), Course(parameters)
    best = state.weights
    while not course.ended:
        state, losses = one_epoch(state, training, stopping, chance(), rates)
        loss, validation_loss = map(float, losses)
        if course.improved_by(loss, validation_loss):
            best = state.weights
        on_losses(course.epochs, loss, validation_loss)
    network.set_weights([np.asarray(part) for part in best])
    return course.epochs


class Course:
    """One training from epoch to epoch: which weights are kept, and when it ends."""

    def __init__(self, parameters: TrainingParameters) -> None:
        """Begin before the first epoch."""
        self.epochs = 0
        self.ended = False
        self._limit = parameters.epochs
        self._patience = parameters.early_stopping_patience
        self._best_loss, self._best_epoch = math.inf, 0

    def improved_by(self, loss: float, validation_loss: float) -> bool:
        """Return whether the weights after one more epoch are those to keep.

        A training loss that is no number ends the training, and its weights stay.
        """
        self.epochs += 1
        lost = not math.isfinite(loss)
        better = validation_loss < self._best_loss or not self._patience or lost
        if better:
            self._best_loss, self._best_epoch = validation_loss, self.epochs
        waited = self.epochs - self._best_epoch
        self.ended = lost or self.epochs == self._limit or waited >= self._patience > 0
        return better


def padded(windows: Windows) -> Sample:
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


def started(start: list[NDArray[np.float32]]) -> State:
    """Return a training before its first step, from the weights of `start`."""
    weights = tuple(jnp.asarray(part) for part in start)
    nothing = tuple(map(jnp.zeros_like, weights))
    return State(weights, nothing, nothing, jnp.zeros((), int))


def drawn(
    generator: np.random.Generator, count: int, parameters: TrainingParameters
) -> Chance:
    """Return the chance of one pass over `count` windows, padded."""
    sessions, size = parameters.sequence_length, parameters.batch_size
    batches = math.ceil((count + padding(count)) / size)
    order = np.zeros(batches * size, int)
    order[:count] = generator.permutation(count)

    def kept(*shape: int) -> NDArray[np.bool_]:
        chances = generator.integers(0, CHANCES, (batches, *shape), np.uint16)
        return chances >= parameters.dropout * CHANCES

    first, second = parameters.lstm_units
    return Chance(
        order.reshape(batches, size), (kept(sessions, size, first), kept(size, second))
    )


@jax.jit
def one_epoch(
    state: State,
    training: Sample,
    stopping: Sample,
    chance: Chance,
    rates: tuple[float, float],
) -> tuple[State, tuple[Array, Array]]:
    """Return the state after one pass, and the losses of training and stopping.

    `rates` are dropout and learning rate. The training loss is the mean over the pass,
    while the weights moved; as Keras'.
    """
    count = training.real.sum()
    size = chance.order.shape[1]

    def step(batch: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
        before, total = carry
        mine = jax.tree.map(lambda part: jnp.asarray(part)[batch], chance)
        chosen = jax.tree.map(lambda part: part[mine.order], training)
        inside = batch * size + jnp.arange(size) < count
        chosen = chosen._replace(real=inside.astype(FLOAT))
        after, loss = _step(before, chosen, mine.kept, rates)
        return after, total + loss * chosen.real.sum()

    batches = jnp.ceil(count / size).astype(int)
    moved, total = jax.lax.fori_loop(0, batches, step, (state, jnp.zeros(())))
    seen = predicted(moved.weights, stopping.inputs)
    return moved, (total / count, _loss(seen, stopping))


def _step(
    state: State, batch: Sample, kept: Kept, rates: tuple[float, float]
) -> tuple[State, Array]:
    """Return the state after one step of Adam, and the loss before it."""
    dropout, learning_rate = rates

    def loss_of(weights: Weights) -> Array:
        seen = predicted_in_training(weights, batch.inputs, kept, dropout)
        return _loss(seen, batch)

    loss, gradient = jax.value_and_grad(loss_of)(state.weights)
    return _moved(state, gradient, learning_rate), loss


def _moved(state: State, gradient: Weights, learning_rate: float) -> State:
    """Return the state after Adam's step (Kingma and Ba 2015, end of section 2)."""
    steps = state.steps + 1
    mean = _decayed(FIRST_DECAY, state.mean, gradient)
    square = _decayed(SECOND_DECAY, state.square, tuple(map(jnp.square, gradient)))
    rate = learning_rate * jnp.sqrt(1 - SECOND_DECAY**steps) / (1 - FIRST_DECAY**steps)
    parts = zip(state.weights, mean, square, strict=True)
    weights = tuple(
        weight - rate * first / (jnp.sqrt(second) + EPSILON)
        for weight, first, second in parts
    )
    return State(weights, mean, square, steps)


def _decayed(decay: float, moment: Weights, news: Weights) -> Weights:
    return tuple(
        decay * old + (1 - decay) * new for old, new in zip(moment, news, strict=True)
    )


def _loss(seen: Array, sample: Sample) -> Array:
    """Return the mean squared error over the real windows."""
    errors = jnp.square(seen - sample.targets)
    return (errors * sample.real).sum() / sample.real.sum()
