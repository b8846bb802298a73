"""Recognizes weekly and monthly bars by the distance of their dates."""

import numpy as np
import pandas as pd

WEEK, MONTH = 5, 25
"""Median days between two rows from which they are weekly or monthly bars."""


SAVE_DAILY = 'save daily bars (yfinance: interval="1d")'


def describe_cadence(days: pd.Index) -> str:
    """Return "; they look like weekly bars", or monthly ones; "" for daily bars."""
    steps = np.diff(pd.DatetimeIndex(days.unique()).sort_values().to_numpy())
    apart = np.median(steps) / np.timedelta64(1, "D") if len(steps) else 1.0
    if apart < WEEK:
        return ""
    kind = "monthly" if apart >= MONTH else "weekly"
    return f"; they look like {kind} bars"
