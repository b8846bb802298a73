"""Leaks put in on purpose: a check that misses one is no check."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from evaluation.lookahead.leaks import (
    LeakCheck,
    feature_checks,
    vote_checks,
    window_checks,
)
from evaluation.lookahead.shuffled_labels import (
    LENGTH,
    SHARE,
    shuffle_moves,
    window_label_check,
)
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


def check_planted_leaks(prices: pd.DataFrame, seed: int) -> list[LeakCheck]:
    """Return whether each planted leak is found, and by which check."""
    rows = feature_rows(indicator_frame(prices))
    told = window_label_check([shuffle_moves(prices, seed)], _target_in_inputs)
    return [
        _found("tomorrow's rsi", feature_checks(prices, _tomorrows_rsi)),
        _found("a centred average", feature_checks(prices, _centred_average)),
        _found("the whole history's mean", feature_checks(prices, _whole_mean)),
        _found("tomorrow's signal line", vote_checks(prices, _tomorrows_signal)),
        _found(
            "a scaler of all rows",
            window_checks(rows, LENGTH, SHARE, _scaler_of_all_rows),
        ),
        _found(
            "a training target too far",
            window_checks(rows, LENGTH, SHARE, _one_window_too_many),
        ),
        _found(
            "the target among the inputs",
            window_checks(rows, LENGTH, SHARE, _target_in_inputs),
        ),
        _found("the target among shuffled labels' inputs", [told]),
    ]


def _found(leak: str, checks: Iterable[LeakCheck]) -> LeakCheck:
    caught = [one.stage for one in checks if not one.passed]
    detail = f"found by: {', '.join(caught)}" if caught else "not found by any check"
    return LeakCheck(stage=f"planted: {leak}", passed=bool(caught), detail=detail)


def _tomorrows_rsi(prices: pd.DataFrame) -> pd.DataFrame:
    table = indicator_frame(prices)
    return table.assign(**{RSI: table[RSI].shift(-1)})


def _centred_average(prices: pd.DataFrame) -> pd.DataFrame:
    centred = prices[CLOSE].rolling(20, center=True).mean()
    return indicator_frame(prices).assign(**{SMA_20: centred})


def _whole_mean(prices: pd.DataFrame) -> pd.DataFrame:
    table = indicator_frame(prices)
    usual = table[VOLATILITY_20D].mean()
    return table.assign(**{VOLATILITY_20D: table[VOLATILITY_20D] / usual})


def _tomorrows_signal(prices: pd.DataFrame) -> pd.DataFrame:
    table = indicator_frame(prices)
    return table.assign(**{MACD_SIGNAL: table[MACD_SIGNAL].shift(-3)})


def _scaler_of_all_rows(rows: Floats, length: int, share: float) -> WindowSplit:
    right = split_windows(rows, length, share)
    return WindowSplit(
        right.training, right.stopping, right.calibration, Scaler.fit(rows)
    )


def _one_window_too_many(rows: Floats, length: int, share: float) -> WindowSplit:
    right = split_windows(rows, length, share)
    training = _joined(right.training, right.stopping.part(0, 1))
    return WindowSplit(training, right.stopping, right.calibration, right.scaler)


def _target_in_inputs(rows: Floats, length: int, share: float) -> WindowSplit:
    right = split_windows(rows, length, share)
    return WindowSplit(
        _with_target(right.training),
        _with_target(right.stopping),
        _with_target(right.calibration),
        right.scaler,
    )


def _with_target(windows: Windows) -> Windows:
    inputs = windows.inputs.copy()
    inputs[:, 0, -1] = windows.targets
    return Windows(inputs, windows.targets, windows.last_closes, windows.next_closes)


def _joined(one: Windows, other: Windows) -> Windows:
    return Windows(
        *(
            np.concatenate([getattr(one, name), getattr(other, name)])
            for name in ("inputs", "targets", "last_closes", "next_closes")
        )
    )
