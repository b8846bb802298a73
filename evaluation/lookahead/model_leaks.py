"""Networks: neither weights nor early stopping may depend on later sessions.

The checks run in a training process and call the function that trains a night's models.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from config.parameters import TrainingParameters
from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.shuffled_labels import LENGTH, SHARE, half_check
from features.indicators import FEATURES, indicator_frame
from features.windows import CLOSE_COLUMN, Floats, feature_rows, split_windows
from modelling.network import Network
from modelling.training import TrainedModel, train
from workers.process_pool import OnEpoch

TINY = TrainingParameters(
    epochs=2,
    sequence_length=LENGTH,
    validation_split=SHARE,
    lstm_units=(4, 3),
    early_stopping_patience=0,
)
"""A network that trains in seconds; a leak does not depend on its size.

Without early stopping no forecast is shrunk. A network shrunk to "no change" would hide
a leak.
"""

WITH_EARLY_STOPPING = TINY.model_copy(update={"early_stopping_patience": 1})

DRIFT = 1.01
"""Ratio of each row of an altered future to the row before."""

RISE = 1.002
"""Ratio of each price to the price before, in a history of rising windows only."""

RISING_SESSIONS = 150

Train = Callable[..., TrainedModel]
"""Called like `train`."""


def model_checks(
    histories: Sequence[pd.DataFrame], _on_epoch: OnEpoch = lambda _: None
) -> list[LeakCheck]:
    """Run the checks that need networks.

    The first history is real; the moves of the others have random signs.
    """
    real, *shuffled = histories
    rows = feature_rows(indicator_frame(real))
    return [
        *training_checks(rows),
        *judgement_checks(rows),
        label_check(shuffled),
    ]


def training_checks(rows: Floats, train: Train = train) -> list[LeakCheck]:
    """Check that the trained weights do not depend on later sessions.

    Without early stopping the weights may not depend on the validation span. With it
    neither weights nor losses may depend on the calibration span.
    """
    split = split_windows(rows, LENGTH, SHARE)
    calibration = len(split.calibration)
    span = len(split.stopping) + calibration
    (rising, _), (falling, _) = (
        _train_to_bits(train, other, TINY) for other in _alter_future(rows, span)
    )
    stopped, stopped_falling = (
        _train_to_bits(train, other, WITH_EARLY_STOPPING)
        for other in _alter_future(rows, calibration)
    )
    return [
        LeakCheck.from_comparison(
            "training", "validation span", same=rising == falling
        ),
        LeakCheck.from_comparison(
            "early stopping", "calibration span", same=stopped == stopped_falling
        ),
    ]


def judgement_checks(rows: Floats, evaluate: Train = train) -> list[LeakCheck]:
    """Check that shrinkage and calibration use their own windows only.

    A network that always predicts a rise keeps its forecast if prices rise in the
    stopping span. The residuals of a network that predicts no change must be the
    returns of the calibration span.
    """
    rising = np.outer(RISE ** np.arange(RISING_SESSIONS), np.ones(rows.shape[1]))
    calibration = len(split_windows(rising, LENGTH, SHARE).calibration)
    falling = rising.copy()
    falling[-calibration:] = falling[-calibration - 1] ** 2 / falling[-calibration:]
    before_rise, before_fall = (
        evaluate(
            history, WITH_EARLY_STOPPING, trained=_constant_forecast(1.0)
        ).shrinkage_factor
        for history in (rising, falling)
    )
    count = len(split_windows(rows, LENGTH, SHARE).calibration)
    closes = rows[-count - 1 :, CLOSE_COLUMN]
    unchanged = evaluate(rows, TINY, trained=_constant_forecast(0.0))
    residuals = unchanged.calibration.residuals
    returns = closes[1:] / closes[:-1] - 1
    return [
        LeakCheck(
            stage="shrinkage",
            passed=before_rise == before_fall and before_rise > 0,
            detail=f"the shrinkage factor is {before_rise} if prices rise in the "
            f"calibration span, {before_fall} if they fall",
        ),
        LeakCheck(
            stage="calibration",
            passed=len(residuals) == count
            and np.allclose(residuals, returns, atol=1e-12),
            detail=f"residuals must be the returns of the last {count} sessions",
        ),
    ]


def label_check(histories: Sequence[pd.DataFrame]) -> LeakCheck:
    """Check that networks are right half the time on shuffled histories."""
    hits = trials = 0
    for prices in histories:
        record = train(feature_rows(indicator_frame(prices)), TINY).calibration
        if record.directional_accuracy is not None:
            count = len(record.residuals)
            hits += round(record.directional_accuracy * count)
            trials += count
    return half_check("shuffled labels, lstm", hits, trials)


def _constant_forecast(change: float) -> Network:
    """Return a network that always predicts this scaled change."""
    first, second = TINY.lstm_units
    shapes = (
        *((len(FEATURES), 4 * first), (first, 4 * first), (4 * first,)),
        *((first, 4 * second), (second, 4 * second), (4 * second,)),
        (second, 1),
    )
    zeros = (np.zeros(shape, np.float32) for shape in shapes)
    return Network((*zeros, np.array([change], np.float32)))


def _train_to_bits(
    train: Train, rows: Floats, parameters: TrainingParameters
) -> tuple[list[bytes], list[float]]:
    """Return the bits of the trained weights, and the validation loss of each epoch."""
    losses: list[float] = []
    model = train(rows, parameters, lambda done: losses.append(done.validation_loss))
    return [weight.tobytes() for weight in model.network.weights], losses


def _alter_future(rows: Floats, count: int) -> list[Floats]:
    """Return the rows with the last `count` rising, and with them falling.

    A network predicts more of a rise, or of a fall, with each epoch. So the best epoch
    differs between the two if early stopping uses these rows.
    """
    steps = np.arange(1, count + 1)[:, np.newaxis]
    ends = [rows[-count - 1] * DRIFT ** (sign * steps) for sign in (1, -1)]
    return [np.concatenate([rows[:-count], end]) for end in ends]
