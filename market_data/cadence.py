"""What distance rows of prices have: daily, weekly or monthly bars."""

import numpy as np
import pandas as pd

WEEK, MONTH = 5, 25
"""Days between two rows, in the median, from which they are no daily bars."""


def looks_like(days: pd.Index) -> str:
    """Return what else than daily bars the rows look like and what to do, or nothing.

    The text continues a sentence: `; they look like weekly bars, save daily ones (...)`
    """
    steps = np.diff(pd.DatetimeIndex(days.unique()).sort_values().to_numpy())
    apart = np.median(steps) / np.timedelta64(1, "D") if len(steps) else 1.0
    if apart < WEEK:
        return ""
    kind = "monthly" if apart >= MONTH else "weekly"
    return f'; they look like {kind} bars, save daily ones (yfinance: interval="1d")'
