"""Training of many symbols at once: the steps of `jax_fit`, batched over symbols.

One symbol's products are so small that a GPU idles between them; those of a hundred
fill it. Each symbol takes the steps that it would take alone, up to rounding, and stops
by its own rule. Loads JAX.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from config.parameters import TrainingParameters
from features.windows import WindowSplit
from modelling.jax_fit import (
    Chance,
    Course,
    Sample,
    State,
    drawn,
    one_epoch,
    padded,
    padding,
    started,
)
from modelling.jax_lstm import Array, Weights

Start = list[NDArray[np.float32]]

PRECISION = "highest"
"""Of products: a GPU would take TF32's ten bits, and forecasts would be others."""


class Trained(NamedTuple):
    """A symbol's best weights, in Keras' order, and the epochs it ran."""

    weights: tuple[NDArray[np.float32], ...]
    epochs: int


class _Chances:
    """The chance of an epoch for each number of windows, as `fit` alone draws it."""

    def __init__(self, counts: Sequence[int], parameters: TrainingParameters) -> None:
        """Seed a generator for each distinct number; `counts` are the places'."""
        distinct = sorted(set(counts))
        self._parameters = parameters
        self._generators = {
            count: np.random.default_rng(parameters.seed) for count in distinct
        }
        self.which = jnp.asarray([distinct.index(count) for count in counts])

    def drawn(self) -> Chance:
        """Return the next epoch's, stacked by number; `which` says whose is whose."""
        each = [
            drawn(generator, count, self._parameters)
            for count, generator in self._generators.items()
        ]
        stacked: Chance = jax.tree.map(lambda *parts: np.stack(parts), *each)
        return stacked


def shapes(split: WindowSplit) -> tuple[int, int]:
    """Return the padded numbers of windows: symbols trained together share them."""
    counts = len(split.training), len(split.stopping)
    first, second = (count + padding(count) for count in counts)
    return first, second


def fit_together(
    start: Start,
    splits: Sequence[WindowSplit],
    parameters: TrainingParameters,
    places: int,
    on_losses: Callable[[int, float, float], None],
) -> list[Trained]:
    """Return each symbol's training from `start`, as `fit` of `jax_fit` alone gives it.

    The splits are of equal `shapes`. The batch has `places`, one a symbol at least:
    compiled once, it serves batches of any number, and a symbol's neighbours do not
    choose how its products are computed. `on_losses` is told of each epoch, from 1,
    with the losses' medians.
    """
    idle = places - len(splits)
    filled = [*splits, *[splits[-1]] * idle]
    chances = _Chances([len(split.training) for split in filled], parameters)
    samples = (
        _stacked([padded(split.training) for split in filled]),
        _stacked([padded(split.stopping) for split in filled]),
    )
    rates = (parameters.dropout, parameters.learning_rate)
    courses = [Course(parameters) for _ in splits]
    state, chance = _repeated(started(start), places), chances.drawn()
    best = state.weights
    while not all(course.ended for course in courses):
        state, losses = _epoch(state, samples, chance, chances.which, rates)
        chance = chances.drawn()  # While the device computes.
        told = np.asarray(losses)[:, : len(splits)]
        better = [*_improved(courses, told), *[False] * idle]
        best = _kept(np.asarray(better), state.weights, best)
        on_losses(max(course.epochs for course in courses), *_medians(told))
    return _trained(best, courses)


def _stacked(samples: Sequence[Sample]) -> Sample:
    stacked: Sample = jax.tree.map(lambda *parts: jnp.stack(parts), *samples)
    return stacked


def _repeated(state: State, places: int) -> State:
    """Return the same state in each place."""
    repeated: State = jax.tree.map(
        lambda part: jnp.repeat(part[None], places, axis=0), state
    )
    return repeated


@jax.jit
def _epoch(
    state: State,
    samples: tuple[Sample, Sample],
    chances: Chance,
    which: Array,
    rates: tuple[float, float],
) -> tuple[State, Array]:
    """Return the states after one pass, and losses (training and stopping, places).

    `samples` are training and stopping windows; `chances` by `which` are the symbols'.
    A symbol of fewer windows takes fewer steps: batched, the loop goes on while any
    symbol has one, and those that have none stay as they are.
    """
    mine = jax.tree.map(lambda part: jnp.asarray(part)[which], chances)
    together = jax.vmap(one_epoch, in_axes=(0, 0, 0, 0, None))
    with jax.default_matmul_precision(PRECISION):
        moved, losses = together(state, *samples, mine, rates)
    return moved, jnp.stack(losses)


@jax.jit
def _kept(better: NDArray[np.bool_], new: Weights, old: Weights) -> Weights:
    """Return the new weights where they are `better` (places,), else the old."""
    chosen = jax.vmap(jnp.where)
    return tuple(chosen(better, *pair) for pair in zip(new, old, strict=True))


def _improved(courses: Sequence[Course], losses: NDArray[np.float32]) -> list[bool]:
    """Tell each symbol that still trains its losses; say whose weights are to keep."""
    return [
        not course.ended and course.improved_by(float(loss), float(validation_loss))
        for course, loss, validation_loss in zip(courses, *losses, strict=True)
    ]


def _medians(losses: NDArray[np.float32]) -> tuple[float, float]:
    """Return the medians of those symbols whose losses are numbers, if any's are."""
    finite = np.isfinite(losses).all(axis=0)
    first, second = np.median(losses[:, finite] if finite.any() else losses, axis=1)
    return float(first), float(second)


def _trained(best: Weights, courses: Sequence[Course]) -> list[Trained]:
    parts = [np.asarray(part) for part in best]
    return [
        Trained(tuple(part[place] for part in parts), course.epochs)
        for place, course in enumerate(courses)
    ]
