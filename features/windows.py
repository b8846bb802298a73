"""The network's inputs and targets: scaled windows of indicator rows, in time order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from config.errors import BadPrices, TooShort
from features.indicators import FEATURES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

CLOSE_COLUMN = 0
"""Index of the close in `FEATURES`; the target is the next value of this column."""


@dataclass(frozen=True)
class Scaler:
    """Scales each feature to 0-1 by its minimum and maximum over the training rows.

    A feature that is constant there is divided by 1.
    """

    minimum: tuple[float, ...]
    maximum: tuple[float, ...]

    @classmethod
    def fit(cls, rows: Floats) -> Scaler:
        """Return the scaler of `rows`, shape (sessions, features), no NaN."""
        return cls(tuple(rows.min(axis=0).tolist()), tuple(rows.max(axis=0).tolist()))

    def scale(self, rows: Floats) -> Floats:
        """Return `rows` (..., features) scaled; values outside 0-1 are not clipped."""
        return np.asarray((rows - np.asarray(self.minimum)) / self._range())

    def price_change(self, scaled: Floats) -> Floats:
        """Return the price changes of changes of the scaled close, of any shape."""
        return np.asarray(scaled * self._range()[CLOSE_COLUMN])

    def _range(self) -> Floats:
        width = np.subtract(self.maximum, self.minimum)
        return np.where(width > 0, width, 1.0)


@dataclass(frozen=True)
class Windows:
    """Windows of scaled features, and the scaled close after each window.

    `inputs` (windows, sequence_length, 8) and `targets` (windows,) are scaled;
    `last_closes` and `next_closes` (windows,) are prices.
    """

    inputs: Floats
    targets: Floats
    last_closes: Floats
    next_closes: Floats

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.targets)

    def part(self, first: int, last: int) -> Windows:
        """Return the windows from `first` up to, not including, `last`."""
        return Windows(
            *(getattr(self, field.name)[first:last] for field in fields(self))
        )


@dataclass(frozen=True)
class WindowSplit:
    """Windows for training, for early stopping and for calibration, in time order."""

    training: Windows
    stopping: Windows
    calibration: Windows
    scaler: Scaler


def feature_rows(indicators: pd.DataFrame) -> Floats:
    """Return the eight features of the rows after the last incomplete row.

    Shape (sessions, 8), without NaN: windows must not skip sessions.

    Raises
    ------
    BadPrices
        If the last row lacks a feature.
    """
    table = indicators[FEATURES]
    undefined = ~np.isfinite(table.to_numpy()).all(axis=1)
    if undefined[-1]:
        names = ", ".join(table.columns[table.iloc[-1].isna()])
        raise BadPrices(
            f"the last session has no value of {names}, as after a price that never "
            "moved",
            "check the prices of the symbol",
        )
    start = int(len(undefined) - undefined[::-1].argmax()) if undefined.any() else 0
    return table.iloc[start:].to_numpy(dtype=np.float64)


def split_windows(
    rows: Floats, sequence_length: int, validation_split: float
) -> WindowSplit:
    """Return the windows of `rows`, split in time, scaled by the training rows.

    The training rows end with the last training target, so neither the scaler nor a
    training window holds a price of the validation span. The inputs of the validation
    windows begin before that span.

    Raises
    ------
    TooShort
        If a part would have no window, or calibration fewer than two.
    """
    count = len(rows) - sequence_length
    validation = round(count * validation_split)
    training = count - validation
    if training < 1 or validation < 4:
        raise TooShort(
            f"training on windows of {sequence_length} sessions needs more rows than "
            f"{len(rows)} with all features",
            "choose a longer `period` or a shorter `sequence_length`",
        )
    scaler = Scaler.fit(rows[: training + sequence_length])
    windows = scaled_windows(rows, scaler, sequence_length)
    middle = training + validation // 2
    return WindowSplit(
        windows.part(0, training),
        windows.part(training, middle),
        windows.part(middle, count),
        scaler,
    )


def scaled_windows(rows: Floats, scaler: Scaler, sequence_length: int) -> Windows:
    """Return all windows of `rows`, shape (sessions, 8), scaled by `scaler`."""
    scaled = scaler.scale(rows)
    views = np.lib.stride_tricks.sliding_window_view(scaled, sequence_length, axis=0)
    closes = rows[:, CLOSE_COLUMN]
    return Windows(
        inputs=np.ascontiguousarray(views[:-1].transpose(0, 2, 1)),
        targets=scaled[sequence_length:, CLOSE_COLUMN],
        last_closes=closes[sequence_length - 1 : -1],
        next_closes=closes[sequence_length:],
    )
