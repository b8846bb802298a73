"""Training of many symbols at once: each ends as it would have ended alone."""

from dataclasses import dataclass

import numpy as np
import pytest

from config.parameters import TrainingParameters
from features.windows import Floats, WindowSplit, split_windows
from modelling.jax_batch import Trained, fit_together, shapes
from modelling.jax_fit import fit
from modelling.network import build_network
from modelling.training import untrained

PLACES = 5
UNEQUAL = (140, 139, 133, 126)
"""Sessions of the histories: 6 or 5 steps an epoch, of windows padded to 128."""

STOPS_EARLY = TrainingParameters(
    epochs=7,
    sequence_length=30,
    lstm_units=(4, 3),
    learning_rate=0.05,
    early_stopping_patience=1,
    batch_size=16,
)


@dataclass(frozen=True)
class Alone:
    """A training by itself: weights, epochs, and the losses of each."""

    weights: list[Floats]
    epochs: int
    losses: list[tuple[float, float]]


def alone(split: WindowSplit, parameters: TrainingParameters) -> Alone:
    """Return what `fit` makes of one symbol."""
    network, losses = untrained(parameters), []
    epochs = fit(network, split, parameters, lambda _, *told: losses.append(told))
    return Alone(network.get_weights(), epochs, losses)


def together(
    splits: list[WindowSplit], parameters: TrainingParameters = STOPS_EARLY
) -> tuple[list[Trained], list[tuple[int, float, float]]]:
    """Return what a batch of five places makes of the symbols, and what it told."""
    told: list[tuple[int, float, float]] = []
    start = untrained(parameters).get_weights()

    def on_losses(*losses: float) -> None:
        told.append(losses)

    return fit_together(start, splits, parameters, PLACES, on_losses), told


@pytest.fixture(scope="module")
def splits(rows: Floats) -> list[WindowSplit]:
    """Return four histories of one shape and of unequal numbers of windows."""
    found = [split_windows(rows[-count:], 30, 0.2) for count in UNEQUAL]
    assert len({shapes(split) for split in found}) == 1
    steps = {-(-len(split.training) // STOPS_EARLY.batch_size) for split in found}
    assert len(steps) > 1
    return found


@pytest.fixture(scope="module")
def singles(splits: list[WindowSplit]) -> list[Alone]:
    """Return the four trained one by one."""
    return [alone(split, STOPS_EARLY) for split in splits]


@pytest.fixture(scope="module")
def batch(
    splits: list[WindowSplit],
) -> tuple[list[Trained], list[tuple[int, float, float]]]:
    """Return the four trained together."""
    return together(splits)


def test_each_symbol_has_the_weights_it_would_have_alone(
    batch: tuple[list[Trained], object], singles: list[Alone]
) -> None:
    """Histories, steps an epoch and ends differ; weights agree to rounding."""
    for mine, own in zip(batch[0], singles, strict=True):
        for part, expected in zip(mine.weights, own.weights, strict=True):
            assert part == pytest.approx(expected, abs=1e-5)
            assert part.dtype == np.float32


def test_each_symbol_stops_by_itself(
    batch: tuple[list[Trained], list[tuple[int, float, float]]], singles: list[Alone]
) -> None:
    """Epochs are those of the symbol alone, and the batch ends with the last."""
    found, told = batch
    assert [one.epochs for one in found] == [one.epochs for one in singles]
    assert len({one.epochs for one in found}) > 1
    assert [epoch for epoch, *_ in told] == list(
        range(1, max(one.epochs for one in singles) + 1)
    )


def test_what_is_told_are_the_medians(
    batch: tuple[object, list[tuple[int, float, float]]], singles: list[Alone]
) -> None:
    """While all train, the losses told are in the middle of theirs."""
    shortest = min(one.epochs for one in singles)
    losses = np.array([one.losses[:shortest] for one in singles])
    told = np.array([losses for _, *losses in batch[1][:shortest]])
    assert told == pytest.approx(np.median(losses, axis=0), rel=1e-4)


def test_neighbours_change_nothing(
    batch: tuple[list[Trained], object], splits: list[WindowSplit]
) -> None:
    """Alone in the batch, in another place, its weights are the same bit by bit."""
    (last,), _ = together(splits[-1:])
    for part, among in zip(last.weights, batch[0][-1].weights, strict=True):
        assert part.tobytes() == among.tobytes()


def test_a_symbol_that_diverges_ends_alone(
    batch: tuple[list[Trained], object], splits: list[WindowSplit], rows: Floats
) -> None:
    """A loss that is no number ends that symbol at once, and no other."""
    broken = rows.copy()
    broken[3, 1] = np.nan
    lost = split_windows(broken, 30, 0.2)
    (one, other), told = together([lost, splits[1]])
    assert one.epochs == 1
    assert np.isnan(one.weights[0]).any()
    assert other.epochs == batch[0][1].epochs > 1
    assert other.weights[0].tobytes() == batch[0][1].weights[0].tobytes()
    assert np.isfinite(told).all()


def test_without_patience_all_run_to_the_end(splits: list[WindowSplit]) -> None:
    """Early stopping that is off keeps the last weights of every symbol."""
    parameters = STOPS_EARLY.model_copy(
        update={"epochs": 3, "early_stopping_patience": 0, "dropout": 0.5}
    )
    found, _ = together(splits[:2], parameters)
    for mine, split in zip(found, splits, strict=False):
        own = alone(split, parameters)
        assert mine.epochs == own.epochs == 3
        for part, expected in zip(mine.weights, own.weights, strict=True):
            assert part == pytest.approx(expected, abs=1e-5)


def test_training_moves_every_symbol_elsewhere(
    batch: tuple[list[Trained], object],
) -> None:
    """All leave the common start, each in its own direction."""
    start = build_network(STOPS_EARLY).get_weights()
    first = [one.weights[0] for one in batch[0]]
    for at, one in enumerate(first):
        assert np.abs(one - start[0]).max() > 1e-3
        assert all(np.any(one != other) for other in first[at + 1 :])
