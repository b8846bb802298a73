"""The leak checks: quiet on honest code, loud on every leak that is planted."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from config.parameters import TrainingParameters
from evaluation.lookahead.leaks import (
    LeakCheck,
    feature_checks,
    feature_row_check,
    vote_checks,
    window_checks,
)
from evaluation.lookahead.model_leaks import judgement_checks, training_checks
from evaluation.lookahead.planted import check_planted_leaks
from evaluation.lookahead.shuffled_labels import (
    half_check,
    shuffle_moves,
    vote_label_checks,
    window_label_check,
)
from features.indicators import FEATURES, INDICATORS, RSI, SMA_20, indicator_frame
from features.windows import (
    CLOSE_COLUMN,
    Floats,
    WindowSplit,
    feature_rows,
    split_windows,
)
from market_data.prices import CLOSE, HIGH, VOLUME
from modelling.training import TrainedModel

Walk = Callable[[int, int], pd.DataFrame]


@pytest.fixture(scope="module")
def prices(walk: Walk) -> pd.DataFrame:
    """Return 400 sessions of a random walk."""
    return walk(400, 5)


@pytest.fixture(scope="module")
def rows(prices: pd.DataFrame) -> Floats:
    """Return their feature rows."""
    return feature_rows(indicator_frame(prices))


def failed(checks: list[LeakCheck]) -> list[str]:
    """Return the stages that did not pass."""
    return [one.stage for one in checks if not one.passed]


def test_our_features_votes_and_windows_are_honest(
    prices: pd.DataFrame, rows: Floats
) -> None:
    """No check finds anything, and every column has one."""
    columns = feature_checks(prices)
    named = {one.stage.removeprefix("feature ") for one in columns}
    assert named == {*FEATURES, *INDICATORS}
    checks = [*columns, *vote_checks(prices), feature_row_check(prices)]
    assert failed([*checks, *window_checks(rows, 30, 0.2)]) == []


def test_a_leak_is_named_with_session_and_both_values(prices: pd.DataFrame) -> None:
    """The sentence says what the column is with the future known, and without."""

    def leaky(part: pd.DataFrame) -> pd.DataFrame:
        table = indicator_frame(part)
        return table.assign(**{RSI: table[RSI].shift(-1)})

    (found,) = [one for one in feature_checks(prices, leaky) if not one.passed]
    assert found.stage == "feature rsi"
    assert "with later sessions known, nan without" in found.detail


def test_a_column_filled_from_behind_is_found(prices: pd.DataFrame) -> None:
    """No cut shows it: what fills the first sessions is there in every cut."""

    def filled(part: pd.DataFrame) -> pd.DataFrame:
        table = indicator_frame(part)
        return table.assign(**{SMA_20: table[SMA_20].bfill()})

    assert failed(feature_checks(prices, filled)) == ["feature sma_20"]


def test_a_leak_on_rare_days_is_found(prices: pd.DataFrame) -> None:
    """One session in eleven is cut, and what peeks at the day after is told there."""

    def leaky(part: pd.DataFrame) -> pd.DataFrame:
        table = indicator_frame(part)
        rare = table[CLOSE].pct_change().abs() > table[CLOSE].pct_change().abs().mean()
        return table.assign(**{RSI: table[RSI].mask(rare, table[RSI].shift(-1))})

    assert failed(feature_checks(prices, leaky)) == ["feature rsi"]


@pytest.mark.parametrize(
    "peek",
    [
        lambda table: table.bfill(),
        lambda table: table.assign(**{VOLUME: table[VOLUME].shift(-1).ffill()}),
        lambda table: table / table.mean(),
    ],
    ids=["filled from behind", "tomorrow's volume", "the whole history's mean"],
)
def test_feature_rows_that_peek_are_found(
    prices: pd.DataFrame, peek: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """Honest indicators do not make honest rows."""
    assert not feature_row_check(prices, lambda table: feature_rows(peek(table))).passed


def test_every_planted_leak_is_found(prices: pd.DataFrame) -> None:
    """The test of the test."""
    found = check_planted_leaks(prices, seed=4)
    assert len(found) == 8
    assert failed(found) == []


def wrong_target(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split as we do, with targets two sessions ahead."""
    split = split_windows(rows, length, share)
    training = replace(split.training, targets=np.roll(split.training.targets, -1))
    return replace(split, training=training)


def blurred_spans(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split as we do, but stop by the windows that calibrate."""
    split = split_windows(rows, length, share)
    return replace(split, stopping=split.calibration)


@pytest.mark.parametrize(
    ("split", "stage"),
    [(wrong_target, "training targets"), (blurred_spans, "calibration span")],
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


def test_honest_voices_are_right_half_the_time(walk: Walk) -> None:
    """On shuffled histories nobody knows better than a coin."""
    histories = [shuffle_moves(walk(400, seed), seed) for seed in range(3)]
    assert failed([*vote_label_checks(histories), window_label_check(histories)]) == []


@pytest.mark.parametrize(
    ("hits", "passed"), [(500, True), (450, True), (447, False), (553, False)]
)
def test_half_is_half_within_its_interval(hits: int, *, passed: bool) -> None:
    """3.29 standard deviations of 1,000 fair coins are 52."""
    assert half_check("any", hits, 1000).passed == passed


def test_a_training_that_peeks_is_found(rows: Floats) -> None:
    """One that also learns from the last rows is caught; ours is by the command."""
    from modelling.training import train  # noqa: PLC0415  loads the backend

    found = training_checks(
        rows[:120],
        lambda part, how, told: train(np.concatenate([part[-40:], part]), how, told),
    )
    assert failed(found) == ["training", "early stopping"]


def test_a_training_that_stops_by_the_wrong_windows_is_found(rows: Floats) -> None:
    """It learns nothing of them, and yet they choose its weights."""
    from modelling.training import EpochDone, train  # noqa: PLC0415  loads the backend

    def wrong(
        part: Floats, how: TrainingParameters, told: Callable[[EpochDone], None]
    ) -> TrainedModel:
        last = float(part[-1, CLOSE_COLUMN])
        return train(part, how, lambda done: told(replace(done, validation_loss=last)))

    assert failed(training_checks(rows[:120], wrong)) == ["early stopping"]


def test_judges_that_look_elsewhere_are_found(rows: Floats) -> None:
    """Shrinkage by, and errors of, other windows than their own."""
    from modelling.training import train  # noqa: PLC0415  loads the backend

    assert failed(judgement_checks(rows)) == []
    found = judgement_checks(
        rows, lambda part, how, weights: train(part[:-5], how, trained=weights)
    )
    assert "calibration" in failed(found)
    found = judgement_checks(
        rows, lambda part, how, weights: train(part[::-1], how, weights=weights)
    )
    assert failed(found) == ["shrinkage", "calibration"]
