"""Networks: what they learn and stop by must not come from later sessions.

Runs in a training process, with the function that trains a night's models.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from config.parameters import TrainingParameters
from evaluation.lookahead.leaks import LeakCheck
from evaluation.lookahead.shuffled_labels import LENGTH, SHARE, half_check
from features.indicators import FEATURES, indicator_frame
from features.windows import CLOSE_COLUMN, Floats, feature_rows, split_windows
from modelling.network import Network
from modelling.training import EpochDone, TrainedModel, train

TINY = TrainingParameters(
    epochs=2,
    sequence_length=LENGTH,
    validation_split=SHARE,
    lstm_units=(4, 3),
    early_stopping_patience=0,
)
"""A network that trains in seconds; what it may know does not depend on its size.

Without early stopping nothing is shrunk: one that predicts no change shows no leak.
"""

DRIFT = 1.01
"""What each row of an altered future is of the last one."""

PATIENT = TINY.model_copy(update={"early_stopping_patience": 1})

RISE = 1.002
"""What each price is of the last one, in a history of which all windows are rises."""

RISING_SESSIONS = 150

OnEpoch = Callable[[EpochDone], None]
Train = Callable[[Floats, TrainingParameters, OnEpoch], TrainedModel]

Judge = Callable[[Floats, TrainingParameters, Network], TrainedModel]
"""From rows and weights that are there already to the model judged."""


@dataclass(frozen=True)
class ModelQuestion:
    """A real history, and histories whose moves have random signs."""

    prices: pd.DataFrame
    shuffled: tuple[pd.DataFrame, ...]


def model_checks(
    question: ModelQuestion, _on_epoch: Callable[[EpochDone], None] = lambda _: None
) -> list[LeakCheck]:
    """Return the checks that need networks."""
    return [
        *training_checks(feature_rows(indicator_frame(question.prices))),
        *judgement_checks(feature_rows(indicator_frame(question.prices))),
        label_check(question.shuffled),
    ]


def training_checks(rows: Floats, train: Train = train) -> list[LeakCheck]:
    """Return whether weights depend on sessions that they must not know.

    Without early stopping on nothing of the validation span; with it on the part to
    stop by alone, and neither do the losses that it goes by.
    """
    split = split_windows(rows, LENGTH, SHARE)
    calibration = len(split.calibration)
    span = len(split.stopping) + calibration
    whole, other = (_learned(train, each, TINY)[0] for each in _futures(rows, span))
    up, down = (_learned(train, each, PATIENT) for each in _futures(rows, calibration))
    return [
        _bits_check(
            "training",
            "weights are the same bits whatever the validation span holds",
            same=whole == other,
        ),
        _bits_check(
            "early stopping",
            "weights and losses are the same bits whatever the calibration span holds",
            same=up == down,
        ),
    ]


def _judged(
    rows: Floats, parameters: TrainingParameters, network: Network
) -> TrainedModel:
    return train(rows, parameters, trained=network)


def judgement_checks(rows: Floats, judge: Judge = _judged) -> list[LeakCheck]:
    """Return whether shrinkage and the record keep to the windows that are theirs.

    A network that always predicts a rise is believed where prices rise; one that never
    predicts a change errs by the calibration span's own returns.
    """
    rising = np.outer(RISE ** np.arange(RISING_SESSIONS), np.ones(rows.shape[1]))
    calibration = len(split_windows(rising, LENGTH, SHARE).calibration)
    falling = rising.copy()
    falling[-calibration:] = falling[-calibration - 1] ** 2 / falling[-calibration:]
    told, other = (
        judge(each, PATIENT, _saying(1.0)).shrinkage_factor
        for each in (rising, falling)
    )
    closes = rows[
        -len(split_windows(rows, LENGTH, SHARE).calibration) - 1 :, CLOSE_COLUMN
    ]
    residuals = judge(rows, TINY, _saying(0.0)).calibration.residuals
    came = closes[1:] / closes[:-1] - 1
    honest = len(residuals) == len(came) and np.allclose(residuals, came, atol=1e-12)
    return [
        LeakCheck(
            stage="shrinkage",
            passed=told == other and told > 0,
            detail=f"a rise is worth {told} before rises, {other} before falls",
        ),
        LeakCheck(
            stage="calibration",
            passed=honest,
            detail=f"{len(came)} errors must be those of the last {len(came)} sessions",
        ),
    ]


def _saying(change: float) -> Network:
    """Return the weights of a network that always predicts this scaled change."""
    first, second = TINY.lstm_units
    shapes = (
        *((len(FEATURES), 4 * first), (first, 4 * first), (4 * first,)),
        *((first, 4 * second), (second, 4 * second), (4 * second,)),
        (second, 1),
    )
    zeros = (np.zeros(shape, np.float32) for shape in shapes)
    return Network((*zeros, np.array([change], np.float32)))


def label_check(histories: tuple[pd.DataFrame, ...]) -> LeakCheck:
    """Return whether networks are right half the time on shuffled histories."""
    hits = trials = 0
    for prices in histories:
        record = train(feature_rows(indicator_frame(prices)), TINY).calibration
        if record.directional_accuracy is not None:
            count = len(record.residuals)
            hits += round(record.directional_accuracy * count)
            trials += count
    return half_check("shuffled labels, lstm", hits, trials)


def _bits_check(stage: str, good: str, *, same: bool) -> LeakCheck:
    bad = f"they differ; {good.replace('are', 'must be', 1)}"
    return LeakCheck(stage=stage, passed=same, detail=good if same else bad)


def _learned(
    train: Train, rows: Floats, parameters: TrainingParameters
) -> tuple[list[bytes], list[float]]:
    """Return the weights' bits, and what early stopping was told epoch by epoch."""
    told: list[float] = []
    model = train(rows, parameters, lambda done: told.append(done.validation_loss))
    weights = model.network.weights
    return [np.asarray(weight).tobytes() for weight in weights], told


def _futures(rows: Floats, count: int) -> list[Floats]:
    """Return the rows with the last `count` rising, and falling.

    A network learns to say one of them more with each epoch, so that the best epoch
    differs for who looks.
    """
    steps = np.arange(1, count + 1)[:, np.newaxis]
    ends = [rows[-count - 1] * DRIFT ** (sign * steps) for sign in (1, -1)]
    return [np.concatenate([rows[:-count], end]) for end in ends]
