"""Leaks that are planted on purpose: a check must find each of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.lookahead.leaks import feature_checks, vote_checks, window_checks
from evaluation.lookahead.shuffled_labels import shuffle_moves, window_label_check
from features.indicators import (
    MACD_SIGNAL,
    RSI,
    SMA_20,
    VOLATILITY_20D,
    indicator_frame,
)
from features.windows import (
    Floats,
    Scaler,
    Windows,
    WindowSplit,
    feature_rows,
    split_windows,
)
from market_data.prices import CLOSE

Walk = Callable[[int, int], pd.DataFrame]
Split = Callable[[Floats, int, float], WindowSplit]


@pytest.fixture(scope="module")
def prices(walk: Walk) -> pd.DataFrame:
    """Return 400 sessions of a random walk."""
    return walk(400, 5)


def shift_rsi(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with the RSI of the next session."""
    table = indicator_frame(prices)
    return table.assign(**{RSI: table[RSI].shift(-1)})


def centre_average(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with an average of sessions before and after."""
    centred = prices[CLOSE].rolling(20, center=True).mean()
    return indicator_frame(prices).assign(**{SMA_20: centred})


def divide_by_mean(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with a volatility relative to the whole history's mean."""
    table = indicator_frame(prices)
    volatility = table[VOLATILITY_20D]
    return table.assign(**{VOLATILITY_20D: volatility / volatility.mean()})


def shift_signal_line(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the indicators with the MACD's signal line of three sessions later."""
    table = indicator_frame(prices)
    return table.assign(**{MACD_SIGNAL: table[MACD_SIGNAL].shift(-3)})


def scale_by_all_rows(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with a scaler that is fitted on the validation span too."""
    return replace(split_windows(rows, length, share), scaler=Scaler.fit(rows))


def train_one_window_more(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with the first validation window among the training ones."""
    split = split_windows(rows, length, share)
    parts = split.training, split.stopping.part(0, 1)
    joined = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("inputs", "targets", "last_closes", "next_closes")
    )
    return replace(split, training=Windows(*joined))


def put_target_in_inputs(rows: Floats, length: int, share: float) -> WindowSplit:
    """Split the windows with each window's target among its inputs."""

    def leak(windows: Windows) -> Windows:
        inputs = windows.inputs.copy()
        inputs[:, 0, -1] = windows.targets
        return replace(windows, inputs=inputs)

    split = split_windows(rows, length, share)
    parts = (split.training, split.stopping, split.calibration)
    return WindowSplit(*map(leak, parts), split.scaler)


@pytest.mark.parametrize(
    ("compute", "stage"),
    [
        (shift_rsi, "feature rsi"),
        (centre_average, "feature sma_20"),
        (divide_by_mean, "feature volatility_20d"),
    ],
)
def test_a_leak_in_a_feature_is_found(
    prices: pd.DataFrame, compute: Callable[[pd.DataFrame], pd.DataFrame], stage: str
) -> None:
    """The check of that column fails, and no other."""
    checks = feature_checks(prices, compute)
    assert [check.stage for check in checks if not check.passed] == [stage]


def test_a_leak_in_a_vote_is_found(prices: pd.DataFrame) -> None:
    """A vote that uses a later signal line fails."""
    checks = vote_checks(prices, shift_signal_line)
    assert [check.stage for check in checks if not check.passed] == ["vote technical"]


@pytest.mark.parametrize(
    ("split", "stages"),
    [
        (scale_by_all_rows, {"scaler"}),
        (train_one_window_more, {"training targets"}),
        (put_target_in_inputs, {"window inputs"}),
    ],
)
def test_a_leak_in_the_windows_is_found(
    prices: pd.DataFrame, split: Split, stages: set[str]
) -> None:
    """The checks of the part that holds the leak fail."""
    checks = window_checks(feature_rows(indicator_frame(prices)), 30, 0.3, split)
    assert stages <= {check.stage for check in checks if not check.passed}


def test_a_target_among_the_inputs_predicts_shuffled_labels(
    prices: pd.DataFrame,
) -> None:
    """A regression on such windows is right much more than half the time."""
    shuffled = [shuffle_moves(prices, seed=4)]
    assert not window_label_check(shuffled, put_target_in_inputs).passed
