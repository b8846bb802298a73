"""Training in TensorFlow: Adam on the mean squared error, one call per epoch.

Takes the same steps as Keras' own `fit`. Importing this module imports TensorFlow, so
only a training process does. Windows are padded up to a common number and padding has
no weight: one compiled epoch serves all symbols with histories of similar length.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from config.parameters import TrainingParameters
from features.windows import Windows, WindowSplit
from modelling.early_stopping import EarlyStopping, EpochCounts
from modelling.lstm_layer import Kept, Weights, predict, predict_in_training

PADDED_TO = 64
"""The number of windows is padded to a multiple of this."""

FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-7
"""Adam's constants, as in Keras."""

DROPOUT_STEPS = 2**16
"""Dropout's share is rounded to this many steps: two random bytes, not four."""


class Sample(NamedTuple):
    """Windows padded to a common number; `real` is 1 for a window, 0 for padding."""

    inputs: tf.Tensor
    targets: tf.Tensor
    real: tf.Tensor


class Draw(NamedTuple):
    """The random choices of one epoch, batch by batch.

    `order` (batches, windows) holds each window's place once, then zeros as padding.
    `kept` are the outputs that dropout keeps, as `Kept` of each batch. NumPy draws
    them: TensorFlow would compile a generator, and take part of each epoch for it.
    """

    order: NDArray[np.int32]
    kept: tuple[NDArray[np.bool_], NDArray[np.bool_]]


class State(NamedTuple):
    """A training between two steps; `mean` and `square` are Adam's two moments."""

    weights: Weights
    mean: Weights
    square: Weights
    steps: tf.Tensor


type Losses = tuple[tf.Tensor, tf.Tensor]


def fit(
    start: Sequence[NDArray[np.float32]],
    split: WindowSplit,
    parameters: TrainingParameters,
    on_losses: Callable[[int, float, float], None],
) -> tuple[tuple[NDArray[np.float32], ...], EpochCounts]:
    """Return the best weights found from `start`, the epochs run and the best epoch.

    `on_losses` gets each epoch's number, from 1, with the losses on the training and
    the stopping windows. A training loss that is not finite ends the training, and its
    weights are returned.
    """
    training, stopping = pad(split.training), pad(split.stopping)
    generator = np.random.default_rng(parameters.seed)
    draw = partial(draw_epoch, generator, len(split.training), parameters)
    rates = tf.constant([parameters.dropout, parameters.learning_rate])
    run_epoch = compiled_epoch()
    state, stop = initial_state(start), EarlyStopping(parameters)
    best = state.weights
    while not stop.ended:
        state, losses = run_epoch(state, training, stopping, draw(), rates)
        loss, validation_loss = map(float, losses)
        if stop.is_best(loss, validation_loss):
            best = state.weights
        on_losses(stop.epochs.run, loss, validation_loss)
    return tuple(part.numpy() for part in best), stop.epochs


def pad(windows: Windows) -> Sample:
    """Return the windows with padding behind them."""
    missing = padding(len(windows))
    return Sample(
        _floats(np.pad(windows.inputs, ((0, missing), (0, 0), (0, 0)))),
        _floats(np.pad(windows.targets, (0, missing))),
        _floats(np.pad(np.ones(len(windows)), (0, missing))),
    )


def padding(count: int) -> int:
    """Return how many windows are missing from a common number."""
    return -count % PADDED_TO


def initial_state(start: Sequence[NDArray[np.float32]]) -> State:
    """Return a training before its first step."""
    weights = tuple(map(_floats, start))
    zeros = tuple(map(tf.zeros_like, weights))
    return State(weights, zeros, zeros, tf.constant(0.0))


def draw_epoch(
    generator: np.random.Generator, count: int, parameters: TrainingParameters
) -> Draw:
    """Return the random choices of one epoch over `count` windows, padded."""
    sessions, size = parameters.sequence_length, parameters.batch_size
    batches = math.ceil((count + padding(count)) / size)
    order = np.zeros(batches * size, np.int32)
    order[:count] = generator.permutation(count)

    def keep(*shape: int) -> NDArray[np.bool_]:
        drawn = generator.integers(0, DROPOUT_STEPS, (batches, *shape), np.uint16)
        return drawn >= parameters.dropout * DROPOUT_STEPS

    first, second = parameters.lstm_units
    return Draw(
        order.reshape(batches, size), (keep(sessions, size, first), keep(size, second))
    )


@cache
def has_xla() -> bool:
    """Return whether this TensorFlow can compile with XLA: it compiles one sum."""
    try:
        tf.function(lambda: tf.constant(1.0) + 1, jit_compile=True, autograph=False)()
    except (tf.errors.OpError, RuntimeError, ValueError):
        return False
    return True


@cache
def compiled_epoch() -> Callable[
    [State, Sample, Sample, Draw, tf.Tensor], tuple[State, Losses]
]:
    """Return `one_epoch` as one TensorFlow function, compiled by XLA if it is there."""
    # Autograph is not needed, and leaves files in the temporary folder.
    epoch: Callable[..., tuple[State, Losses]] = tf.function(
        one_epoch, jit_compile=has_xla(), autograph=False
    )
    return epoch


def one_epoch(
    state: State, training: Sample, stopping: Sample, draw: Draw, rates: tf.Tensor
) -> tuple[State, Losses]:
    """Return the state after one pass, and the losses on training and stopping windows.

    `rates` are dropout and learning rate. The training loss is the mean over the pass,
    while the weights change, as in Keras.
    """
    count = tf.reduce_sum(training.real)
    most, size = draw.order.shape

    def step(batch: tf.Tensor, total: tf.Tensor, state: State) -> tuple[object, ...]:
        places = tf.gather(draw.order, batch)
        inside = tf.cast(batch * size + tf.range(size), tf.float32) < count
        chosen = Sample(
            tf.gather(training.inputs, places),
            tf.gather(training.targets, places),
            tf.cast(inside, tf.float32),
        )
        kept = (tf.gather(draw.kept[0], batch), tf.gather(draw.kept[1], batch))
        state, loss = _take_step(state, chosen, kept, rates)
        return batch + 1, total + loss * tf.reduce_sum(chosen.real), state

    batches = tf.cast(tf.math.ceil(count / size), tf.int32)
    _, total, state = tf.while_loop(
        lambda batch, *_: batch < batches,
        step,
        (0, 0.0, state),
        maximum_iterations=most,
    )
    predicted = predict(state.weights, stopping.inputs)
    return state, (total / count, _loss(predicted, stopping))


def _take_step(
    state: State, batch: Sample, kept: Kept, rates: tf.Tensor
) -> tuple[State, tf.Tensor]:
    """Return the state after one step of Adam, and the loss before it."""
    with tf.GradientTape() as tape:
        tape.watch(state.weights)
        predicted = predict_in_training(state.weights, batch.inputs, kept, rates[0])
        loss = _loss(predicted, batch)
    return _move(state, tape.gradient(loss, state.weights), rates[1]), loss


def _move(state: State, gradient: Weights, learning_rate: tf.Tensor) -> State:
    """Return the state after Adam's step (Kingma and Ba 2015, end of section 2)."""
    steps = state.steps + 1
    mean = _decay(FIRST_DECAY, state.mean, gradient)
    square = _decay(SECOND_DECAY, state.square, tuple(map(tf.square, gradient)))
    rate = learning_rate * tf.sqrt(1 - SECOND_DECAY**steps) / (1 - FIRST_DECAY**steps)
    weights = tuple(
        weight - rate * first / (tf.sqrt(second) + EPSILON)
        for weight, first, second in zip(state.weights, mean, square, strict=True)
    )
    return State(weights, mean, square, steps)


def _decay(decay: float, moment: Weights, new: Weights) -> Weights:
    pairs = zip(moment, new, strict=True)
    return tuple(decay * old + (1 - decay) * part for old, part in pairs)


def _loss(predicted: tf.Tensor, sample: Sample) -> tf.Tensor:
    """Return the mean squared error over the real windows."""
    errors = tf.square(predicted - sample.targets)
    return tf.reduce_sum(errors * sample.real) / tf.reduce_sum(sample.real)


def _floats(values: NDArray[np.float64] | NDArray[np.float32]) -> tf.Tensor:
    return tf.constant(values, tf.float32)
