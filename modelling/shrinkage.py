"""How far predicted changes are borne out by those that came: plain arithmetic."""

import numpy as np

from features.windows import Floats


def shrinkage_factor(predicted: Floats, actual: Floats) -> float:
    """Return the share, 0 to 1, of the predicted changes to believe.

    Both of shape (windows,), in one unit, no NaN. 1 where they are borne out beyond
    doubt, 0 where their worth is not above its own error.

    Notes
    -----
    The worth is the slope b of actual on predicted changes through the origin, with its
    standard error s; the factor is min(b, 1) (1 - s^2 / b^2), never below 0: Breiman's
    non-negative garrote (1995) of a single regressor, with the penalty s^2. A network
    that knows nothing of tomorrow still predicts something, and each such change adds
    its square to the error of "tomorrow equals today".
    """
    size = float(predicted @ predicted)
    if size == 0:
        return 0.0
    slope = float(predicted @ actual) / size
    error = float(np.mean(np.square(actual - slope * predicted))) / size
    if slope <= 0 or slope**2 <= error:
        return 0.0
    return min(slope, 1.0) * (1 - error / slope**2)
