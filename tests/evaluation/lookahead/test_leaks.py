"""The leak checks: they pass on our code and fail on a leak.

`test_planted_leaks.py` has more leaks.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from kept_indicators import indicators_of

from config.parameters import TrainingParameters
from evaluation.lookahead.leaks import (
    LeakCheck,
    feature_checks,
    feature_row_check,
    vote_checks,
    window_checks,
)
from evaluation.lookahead.model_leaks import judgement_checks, training_checks
from evaluation.lookahead.shuffled_labels import (
    half_check,
    shuffle_moves,
    vote_label_checks,
    window_label_check,
)
from features.indicators import FEATURES, INDICATORS, RSI, SMA_20
from features.windows import (
    CLOSE_COLUMN,
    Floats,
    WindowSplit,
    feature_rows,
    split_windows,
)
from market_data.prices import CLOSE, HIGH, VOLUME
from modelling.training import TrainedModel
from workers.process_pool import OnEpoch

Walk = Callable[[int, int], pd.DataFrame]


@pytest.fixture(scope="module")
def prices(walk: Walk) -> pd.DataFrame:
    """Return 400 sessions of a random walk."""
    return walk(400, 5)


@pytest.fixture(scope="module")
def rows(prices: pd.DataFrame) -> Floats:
    """Return their feature rows."""
    return feature_rows(indicators_of(prices))


def failed(checks: list[LeakCheck]) -> list[str]:
    """Return the stages whose check failed."""
    return [check.stage for check in checks if not check.passed]


def test_our_features_votes_and_windows_have_no_leak(
    prices: pd.DataFrame, rows: Floats
) -> None:
    """All checks pass, and each column has its own."""
    columns = feature_checks(prices, indicators_of)
    named = {check.stage.removeprefix("feature ") for check in columns}
    assert named == {*FEATURES, *INDICATORS}
    votes = vote_checks(prices, indicators_of)
    inputs = feature_row_check(prices, compute_indicators=indicators_of)
    windows = window_checks(rows, 30, 0.2)
    assert failed([*columns, *votes, inputs, *windows]) == []


def test_a_leak_is_named_with_session_and_both_values(prices: pd.DataFrame) -> None:
    """The detail holds the value with and without later sessions."""

    def leaky(part: pd.DataFrame) -> pd.DataFrame:
        table = indicators_of(part)
        return table.assign(**{RSI: table[RSI].shift(-1)})

    (found,) = [x for x in feature_checks(prices, leaky) if not x.passed]
    assert found.stage == "feature rsi"
    assert "with later sessions, nan without" in found.detail


def test_a_column_filled_with_later_values_is_found(prices: pd.DataFrame) -> None:
    """A cut history fills its first rows alike, so only an altered one differs."""

    def filled(part: pd.DataFrame) -> pd.DataFrame:
        table = indicators_of(part)
        return table.assign(**{SMA_20: table[SMA_20].bfill()})

    assert failed(feature_checks(prices, filled)) == ["feature sma_20"]


def test_a_leak_on_rare_days_is_found(prices: pd.DataFrame) -> None:
    """One session in eleven has a cut, so a leak on volatile days is found at one."""

    def leaky(part: pd.DataFrame) -> pd.DataFrame:
        table = indicators_of(part)
        rare = table[CLOSE].pct_change().abs() > table[CLOSE].pct_change().abs().mean()
        return table.assign(**{RSI: table[RSI].mask(rare, table[RSI].shift(-1))})

    assert failed(feature_checks(prices, leaky)) == ["feature rsi"]


@pytest.mark.parametrize(
    "leak",
    [
        lambda table: table.bfill(),
        lambda table: table.assign(**{VOLUME: table[VOLUME].shift(-1).ffill()}),
        lambda table: table / table.mean(),
    ],
    ids=["filled with later values", "tomorrow's volume", "the history's mean"],
)
def test_feature_rows_with_later_values_are_found(
    prices: pd.DataFrame, leak: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """Rows can have a leak even if the indicators have none."""
    found = feature_row_check(
        prices, lambda table: feature_rows(leak(table)), indicators_of
    )
    assert not found.passed


def train_on_wrong_targets(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with targets two sessions ahead."""
    split = split_windows(rows, length, share)
    training = replace(split.training, targets=np.roll(split.training.targets, -1))
    return replace(split, training=training)


def stop_by_calibration(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows, with those that calibrate used for early stopping too."""
    split = split_windows(rows, length, share)
    return replace(split, stopping=split.calibration)


@pytest.mark.parametrize(
    ("split", "stage"),
    [
        (train_on_wrong_targets, "next closes"),
        (stop_by_calibration, "stopping windows"),
    ],
)
def test_a_wrong_split_is_found(
    rows: Floats, split: Callable[[Floats, int, float], WindowSplit], stage: str
) -> None:
    """Each part of the split has its own check."""
    assert stage in failed(window_checks(rows, 30, 0.2, split))


def test_shuffled_labels_keep_all_but_the_signs(prices: pd.DataFrame) -> None:
    """Sizes of moves, the distance of high to close, and volume stay."""
    other = shuffle_moves(prices, 1)
    moves, new = (each[CLOSE].pct_change().abs().iloc[1:] for each in (prices, other))
    np.testing.assert_allclose(new, moves, rtol=1e-9)
    np.testing.assert_allclose(other[HIGH] / other[CLOSE], prices[HIGH] / prices[CLOSE])
    assert not np.allclose(other[CLOSE], prices[CLOSE])


def test_components_without_a_leak_are_right_half_the_time(walk: Walk) -> None:
    """On shuffled histories votes and windows predict no direction."""
    histories = [shuffle_moves(walk(400, seed), seed) for seed in range(3)]
    assert failed([*vote_label_checks(histories), window_label_check(histories)]) == []


@pytest.mark.parametrize(
    ("hits", "passed"), [(500, True), (450, True), (447, False), (553, False)]
)
def test_half_is_half_within_its_interval(hits: int, *, passed: bool) -> None:
    """3.29 standard deviations of 1,000 fair coins are 52."""
    assert half_check("any", hits, 1000).passed == passed


def test_a_training_on_later_rows_is_found(rows: Floats) -> None:
    """A training that also learns from the last rows fails both checks.

    `overnight check-leaks` checks ours.
    """
    from modelling.training import train  # noqa: PLC0415  loads the backend

    found = training_checks(
        rows[:140],
        lambda part, *rest: train(np.concatenate([part[-40:], part]), *rest),
    )
    assert failed(found) == ["training", "early stopping"]


def test_a_training_that_stops_by_the_wrong_windows_is_found(rows: Floats) -> None:
    """Early stopping by the calibration span fails, although no weight is fitted."""
    from modelling.training import train  # noqa: PLC0415  loads the backend

    def wrong(
        rows: Floats, parameters: TrainingParameters, on_epoch: OnEpoch
    ) -> TrainedModel:
        loss = float(rows[-1, CLOSE_COLUMN])
        return train(
            rows,
            parameters,
            lambda done: on_epoch(replace(done, validation_loss=loss)),
        )

    assert failed(training_checks(rows[:140], wrong)) == ["early stopping"]


def test_shrinkage_and_calibration_on_other_windows_are_found(rows: Floats) -> None:
    """Other rows than their own fail the checks of shrinkage and residuals."""
    from modelling.training import train  # noqa: PLC0415  loads the backend

    assert failed(judgement_checks(rows)) == []
    found = judgement_checks(
        rows, lambda part, how, trained: train(part[:-5], how, trained=trained)
    )
    assert "calibration" in failed(found)
    found = judgement_checks(
        rows, lambda part, how, trained: train(part[::-1], how, trained=trained)
    )
    assert failed(found) == ["shrinkage", "calibration"]
