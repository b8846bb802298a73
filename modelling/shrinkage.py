"""The share of the predicted changes that later windows confirm."""

import numpy as np

from features.windows import Floats

PENALTY = 4
"""How many squared standard errors the squared slope must exceed."""


def shrinkage_factor(predicted: Floats, actual: Floats) -> float:
    """Return the factor, 0 to 1, by which predicted changes are multiplied.

    Both inputs have the shape (windows,), the same unit, and no NaN. The factor is 0 if
    the slope below is not larger than twice its standard error.

    Notes
    -----
    Let b be the slope of actual on predicted changes through the origin, and s its
    standard error. The factor is min(b, 1) (1 - 4 s^2 / b^2), at least 0: Breiman's
    non-negative garrote (1995) of one regressor, with the penalty 4 s^2. Without it, a
    network without skill would add noise to "tomorrow equals today". The penalty s^2
    would be right for a network that was fixed before these windows; this one is the
    best of all epochs on them, so b is too large.
    """
    size = float(predicted @ predicted)
    if size == 0:
        return 0.0
    slope = float(predicted @ actual) / size
    error = float(np.mean(np.square(actual - slope * predicted))) / size
    if slope <= 0 or slope**2 <= PENALTY * error:
        return 0.0
    return min(slope, 1.0) * (1 - PENALTY * error / slope**2)
