"""Shrinkage: a predicted change counts as far as it was borne out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelling.shrinkage import shrinkage_factor

changes = st.floats(-1, 1).map(lambda change: round(change, 6))
both = st.lists(st.tuples(changes, changes), min_size=1)


@pytest.mark.parametrize(
    ("actual", "factor"),
    [
        # The slope is 2, its squared error 1/4: 1 x (1 - 4 x 0.25 / 4).
        ([3, -1, 1, -3], 0.75),
        # The slope is 3/4, its squared error 3/64: 3/4 x (1 - 4 x 3/64 / (9/16)).
        ([1, -1, 1, 0], 0.5),
        # The slope is 1/2, its squared error 1/16: just twice the error.
        ([1, 0, 1, 0], 0),
        ([1, -1, 1, -1], 1),
        ([-1, 1, -1, 1], 0),
        # The slope is 1/2, its squared error 11/16.
        ([3, 1, 1, 1], 0),
        ([0, 0, 0, 0], 0),
    ],
)
def test_a_change_counts_as_far_as_it_was_borne_out(
    actual: list[float], factor: float
) -> None:
    """Worked by hand for the changes +1, -1, +1, -1."""
    predicted = np.array([1.0, -1.0, 1.0, -1.0])
    assert shrinkage_factor(predicted, np.array(actual, float)) == factor


def test_no_change_has_no_worth() -> None:
    """Where none is ever predicted there is nothing to believe."""
    assert shrinkage_factor(np.zeros(3), np.ones(3)) == 0


@given(pairs=both)
def test_shrinking_never_does_worse_than_no_change(
    pairs: list[tuple[float, float]],
) -> None:
    """On the windows that it is taken from, the error is at most persistence's."""
    predicted, actual = np.array(pairs).T
    factor = shrinkage_factor(predicted, actual)
    assert 0 <= factor <= 1
    error = np.mean((actual - factor * predicted) ** 2)
    assert error <= np.mean(actual**2) + 1e-12


def test_what_knows_nothing_is_believed_little() -> None:
    """Of changes drawn beside the truth most count nothing, the rest hardly."""
    generator = np.random.default_rng(5)
    drawn = generator.normal(size=(400, 2, 44))
    factors = [shrinkage_factor(predicted, actual) for predicted, actual in drawn]
    assert np.median(factors) == 0
    assert np.mean(factors) < 0.02


def test_a_number_that_is_none_stays_none() -> None:
    """A network whose weights were lost is not mended into one without a change."""
    assert np.isnan(shrinkage_factor(np.array([np.nan, 1.0]), np.ones(2)))
