"""Histories whose moves have random signs, so that no direction can be predicted.

The hits of a forecaster without a leak are then binomial with p = 0.5.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from evaluation.baselines import next_returns
from evaluation.lookahead.leaks import VOTES, LeakCheck, SplitWindows
from features.component import Component
from features.indicators import MINIMUM_ROWS, indicator_frame
from features.windows import Floats, Windows, WindowSplit, feature_rows, split_windows
from market_data.prices import CLOSE, HIGH, LOW, OPEN

WIDTH = 3.29
"""Half width of the interval in standard deviations: 1 false alarm in 1,000."""

SMALLEST_MOVE = 1e-6
"""Replaces a move of 0, which has no sign."""

RIDGE_PENALTY = 1e-3
LENGTH, SHARE = 30, 0.3
"""Sessions per window and share of validation windows in these checks."""


def shuffle_moves(prices: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the prices with a random sign for each move of the close.

    Open, high and low keep their ratio to the close; volume stays.
    """
    generator = np.random.default_rng(seed)
    moves = prices[CLOSE].pct_change().fillna(0.0).to_numpy(copy=True)
    moves[moves == 0] = SMALLEST_MOVE
    signs = generator.choice([-1.0, 1.0], len(moves))
    closes = float(prices[CLOSE].iloc[0]) * np.cumprod(1 + signs * moves)
    ratio = pd.Series(closes, prices.index) / prices[CLOSE]
    columns = {name: prices[name] * ratio for name in (OPEN, HIGH, LOW, CLOSE)}
    return prices.assign(**columns)


def vote_label_checks(histories: Iterable[pd.DataFrame]) -> list[LeakCheck]:
    """Check that votes are right half the time on shuffled histories."""
    tables = [indicator_frame(prices) for prices in histories]
    return [
        half_check(f"shuffled labels, {name}", *_count_vote_hits(tables, vote))
        for name, vote in VOTES.items()
    ]


def window_label_check(
    histories: Iterable[pd.DataFrame], split: SplitWindows = split_windows
) -> LeakCheck:
    """Check that the windows' inputs do not predict shuffled labels.

    A ridge regression on all numbers of a window finds at once what a network needs
    many epochs for.
    """
    hits = trials = 0
    for prices in histories:
        parts = split(feature_rows(indicator_frame(prices)), LENGTH, SHARE)
        right = _ridge_hits(parts)
        hits, trials = hits + int(right.sum()), trials + len(right)
    return half_check("shuffled labels, windows", hits, trials)


def half_check(stage: str, hits: int, trials: int) -> LeakCheck:
    """Check that `hits` of `trials` are one half within the interval."""
    accuracy, half_width = hits / trials, WIDTH * 0.5 / math.sqrt(trials)
    return LeakCheck(
        stage=stage,
        passed=abs(accuracy - 0.5) <= half_width,
        detail=(
            f"{accuracy:.1%} of {trials} directions are right, allowed are "
            f"{0.5 - half_width:.1%} to {0.5 + half_width:.1%}"
        ),
    )


def _count_vote_hits(
    tables: Iterable[pd.DataFrame], vote: Callable[[pd.DataFrame], Component]
) -> tuple[int, int]:
    """Return how often the vote's direction was right, and how many it gave."""
    hits = trials = 0
    for table in tables:
        closes = table[CLOSE].to_numpy()
        for rows in range(MINIMUM_ROWS, len(table)):
            direction = vote(table.iloc[rows - MINIMUM_ROWS : rows]).direction
            if direction:
                trials += 1
                hits += (direction > 0) == (closes[rows] > closes[rows - 1])
    return hits, trials


def _ridge_hits(parts: WindowSplit) -> Floats:
    """Return 1 per validation window whose direction is predicted right, else 0."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415  a second to import

    model = Ridge(alpha=RIDGE_PENALTY)
    model.fit(_flatten_inputs(parts.training), next_returns(parts.training))
    right = [
        (model.predict(_flatten_inputs(part)) > 0)
        == (part.next_closes > part.last_closes)
        for part in (parts.stopping, parts.calibration)
    ]
    hits: Floats = np.concatenate(right).astype(np.float64)
    return hits


def _flatten_inputs(windows: Windows) -> Floats:
    return np.reshape(windows.inputs, (len(windows), -1))
