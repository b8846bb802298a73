"""Windows and their scaler: split in time, fitted on training rows, no leak."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import BadPrices, TooShort
from features.indicators import FEATURES, MACD, RSI
from features.windows import (
    CLOSE_COLUMN,
    Floats,
    Scaler,
    WindowSplit,
    feature_rows,
    split_windows,
)

LENGTH = 30


def walk(rows: int) -> Floats:
    """Return `rows` seeded rows of eight moving features."""
    steps = np.random.default_rng(rows).normal(0, 1, (rows, len(FEATURES)))
    return 50 + np.cumsum(steps, axis=0)


def slow_windows(rows: Floats, scaler: Scaler) -> list[tuple[Floats, float]]:
    """Return each window's scaled rows and the scaled close after it, by a loop."""
    low, high = np.array(scaler.minimum), np.array(scaler.maximum)
    scaled = (rows - low) / (high - low)
    return [
        (scaled[first : first + LENGTH], scaled[first + LENGTH, CLOSE_COLUMN])
        for first in range(len(rows) - LENGTH)
    ]


def joined(split: WindowSplit, name: str) -> Floats:
    """Return the attribute `name` of the three parts, one after the other."""
    parts = (split.training, split.stopping, split.calibration)
    return np.concatenate([getattr(part, name) for part in parts])


def test_windows_equal_a_slow_loop() -> None:
    """Inputs and targets are those of a plain loop, in time order, none lost."""
    rows = walk(130)
    split = split_windows(rows, LENGTH, 0.2)
    expected = slow_windows(rows, split.scaler)
    np.testing.assert_allclose(joined(split, "inputs"), [pair[0] for pair in expected])
    np.testing.assert_allclose(joined(split, "targets"), [pair[1] for pair in expected])


def test_closes_beside_the_windows_are_prices() -> None:
    """`last_closes` ends each window and `next_closes` follows it, unscaled."""
    rows = walk(130)
    split = split_windows(rows, LENGTH, 0.2)
    closes = rows[:, CLOSE_COLUMN]
    assert joined(split, "last_closes").tolist() == closes[LENGTH - 1 : -1].tolist()
    assert joined(split, "next_closes").tolist() == closes[LENGTH:].tolist()


@pytest.mark.parametrize(
    ("rows", "share", "sizes"),
    [
        (130, 0.2, (80, 10, 10)),
        (130, 0.1, (90, 5, 5)),
        (130, 0.3, (70, 15, 15)),
        (135, 0.2, (84, 10, 11)),
        (50, 0.2, (16, 2, 2)),
        (500, 0.25, (352, 59, 59)),
    ],
)
def test_the_parts_have_the_asked_sizes(
    rows: int, share: float, sizes: tuple[int, int, int]
) -> None:
    """Validation takes its share of the windows, half to stop by, half to calibrate."""
    split = split_windows(walk(rows), LENGTH, share)
    parts = (split.training, split.stopping, split.calibration)
    assert tuple(len(part) for part in parts) == sizes


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(75, 220), length=st.integers(30, 60), share=st.floats(0.1, 0.3))
def test_the_parts_partition_the_windows(rows: int, length: int, share: float) -> None:
    """Every window is in one part, or the history is refused as too short."""
    try:
        split = split_windows(walk(rows), length, share)
    except TooShort:
        assert round((rows - length) * share) < 4
        return
    assert len(joined(split, "targets")) == rows - length
    assert joined(split, "inputs").shape == (rows - length, length, len(FEATURES))
    assert min(len(split.training), len(split.stopping), len(split.calibration)) >= 1


def test_the_scaler_knows_training_rows_only() -> None:
    """Other rows after the last training target leave the scaler as it is."""
    rows = walk(130)
    split = split_windows(rows, LENGTH, 0.2)
    altered = rows.copy()
    altered[len(split.training) + LENGTH :] *= 1000
    again = split_windows(altered, LENGTH, 0.2)
    assert again.scaler == split.scaler
    assert again.training.inputs.tobytes() == split.training.inputs.tobytes()
    assert again.training.targets.tobytes() == split.training.targets.tobytes()


def test_the_scaler_uses_every_training_row() -> None:
    """The last training target still counts for the scaler's maximum."""
    rows = walk(130)
    training = len(split_windows(rows, LENGTH, 0.2).training)
    rows[training + LENGTH - 1, CLOSE_COLUMN] = 10_000
    split = split_windows(rows, LENGTH, 0.2)
    assert split.scaler.maximum[CLOSE_COLUMN] == 10_000
    assert split.training.targets[-1] == 1


def test_no_training_target_lies_in_the_validation_span() -> None:
    """The first validation target is the session after the last training target."""
    rows = walk(130)
    rows[:, CLOSE_COLUMN] = np.arange(130)
    split = split_windows(rows, LENGTH, 0.2)
    assert split.training.next_closes[-1] + 1 == split.stopping.next_closes[0]
    assert split.stopping.next_closes[-1] + 1 == split.calibration.next_closes[0]
    assert split.training.inputs[..., CLOSE_COLUMN].max() < split.training.targets[-1]


def test_training_rows_are_scaled_to_zero_and_one() -> None:
    """Over the training windows each feature's scaled values span no more than 0-1."""
    split = split_windows(walk(200), LENGTH, 0.2)
    assert split.training.inputs.min() == 0
    assert split.training.inputs.max() == 1


@pytest.mark.parametrize("constant", range(len(FEATURES)))
def test_a_constant_feature_is_divided_by_one(constant: int) -> None:
    """A feature that never moved is only shifted: 0 everywhere, nothing undefined."""
    rows = walk(130)
    rows[:, constant] = 7.25
    split = split_windows(rows, LENGTH, 0.2)
    assert (joined(split, "inputs")[..., constant] == 0).all()
    assert np.isfinite(joined(split, "inputs")).all()
    assert split.scaler.scale(rows + 2)[0, constant] == 2


@settings(max_examples=25, deadline=None)
@given(low=st.floats(0.01, 1000), width=st.floats(0.01, 1000), close=st.floats(0, 5000))
def test_a_change_is_taken_back_to_prices(
    low: float, width: float, close: float
) -> None:
    """The change from 100 to a close, scaled, is the change in price; none is none."""
    scaler = Scaler(tuple([low] * 8), tuple([low + width] * 8))
    before, after = scaler.scale(np.full((2, 8), [[100.0], [close]]))[:, CLOSE_COLUMN]
    change = scaler.price_change(np.array([after - before, 0.0]))
    assert change == pytest.approx([close - 100, 0.0], rel=1e-9, abs=1e-6)
    assert change[1] == 0


def test_scaling_leaves_its_argument() -> None:
    """Scaling and splitting leave the rows as they were."""
    rows = walk(130)
    before = rows.copy()
    split_windows(rows, LENGTH, 0.2).scaler.scale(rows)
    assert rows.tobytes() == before.tobytes()


@pytest.mark.parametrize(("rows", "length"), [(20, 30), (30, 30), (47, 30), (75, 60)])
def test_too_few_rows_are_refused_with_their_number(rows: int, length: int) -> None:
    """Too few rows for the windows: the message names both numbers and a way out."""
    expected = f"too_short: .* {length} sessions .* than {rows} .* longer `period`"
    with pytest.raises(TooShort, match=expected):
        split_windows(walk(rows), length, 0.2)


def test_feature_rows_start_after_the_warm_up(indicators: pd.DataFrame) -> None:
    """MACD is the last feature to be defined, at row 26; from there all are kept."""
    rows = feature_rows(indicators)
    assert rows.shape == (len(indicators) - 25, len(FEATURES))
    assert rows.tolist() == indicators[FEATURES].iloc[25:].to_numpy().tolist()


@pytest.mark.parametrize("hole", [30, 100, 218])
def test_feature_rows_start_after_the_last_hole(
    indicators: pd.DataFrame, hole: int
) -> None:
    """A row that lacks a feature cuts off all before it: no window skips a session."""
    holed = indicators.copy()
    holed.iloc[hole, holed.columns.get_loc(RSI)] = np.nan
    rows = feature_rows(holed)
    assert len(rows) == len(indicators) - hole - 1
    assert rows[0].tolist() == indicators[FEATURES].iloc[hole + 1].tolist()


def test_feature_rows_without_a_hole_are_all_kept(indicators: pd.DataFrame) -> None:
    """Where no row lacks a feature, none is dropped."""
    assert len(feature_rows(indicators.iloc[60:])) == len(indicators) - 60


def test_a_last_row_without_a_feature_is_refused(indicators: pd.DataFrame) -> None:
    """A last session that lacks features is an error that names them."""
    holed = indicators.copy()
    holed.loc[holed.index[-1], [RSI, MACD]] = np.nan
    with pytest.raises(BadPrices, match=r"bad_prices: .* no value of rsi, macd"):
        feature_rows(holed)
