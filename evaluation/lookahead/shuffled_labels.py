"""Histories whose moves have random signs: who is right more than half the time cheats.

With a fair coin for each move nothing known before it tells its direction, so the hits
of an honest forecaster are binomial with one half, whatever it has learned.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from evaluation.lookahead.leaks import LeakCheck
from features.indicators import MINIMUM_ROWS, indicator_frame
from features.votes import technical, trend
from features.windows import Floats, Windows, WindowSplit, feature_rows, split_windows
from market_data.prices import CLOSE, HIGH, LOW, OPEN

WIDTH = 3.29
"""Standard deviations of the interval: an honest one leaves it once in 1,000 times."""

SMALLEST_MOVE = 1e-6
"""A move of 0 has no sign; it becomes this."""

RIDGE_PENALTY = 1e-3
LENGTH, SHARE = 30, 0.3
"""Sessions a window and share of validation, where the test splits a history."""

Split = Callable[[Floats, int, float], WindowSplit]


def shuffle_moves(prices: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the prices with a random sign to each move of the close.

    Open, high and low keep their distance to the close, volume stays.
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
    """Return whether the votes are right half the time on shuffled histories."""
    tables = [indicator_frame(prices) for prices in histories]
    return [
        half_check(f"shuffled labels, {name}", *_vote_hits(tables, vote))
        for name, vote in (("trend", trend), ("technical", technical))
    ]


def window_label_check(
    histories: Iterable[pd.DataFrame], split: Split = split_windows
) -> LeakCheck:
    """Return whether what windows hold predicts shuffled labels: it must not.

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
    """Return whether `hits` of `trials` are one half within the interval."""
    accuracy, wide = hits / trials, WIDTH * 0.5 / math.sqrt(trials)
    return LeakCheck(
        stage=stage,
        passed=abs(accuracy - 0.5) <= wide,
        detail=(
            f"{accuracy:.1%} right of {trials}, "
            f"must be {0.5 - wide:.1%} to {0.5 + wide:.1%}"
        ),
    )


def _vote_hits(
    tables: Iterable[pd.DataFrame], vote: Callable[[pd.DataFrame], object]
) -> tuple[int, int]:
    hits = trials = 0
    for table in tables:
        closes = table[CLOSE].to_numpy()
        for rows in range(MINIMUM_ROWS, len(table)):
            said = getattr(
                vote(table.iloc[rows - MINIMUM_ROWS : rows]), "direction", None
            )
            if said:
                trials += 1
                hits += (said > 0) == (closes[rows] > closes[rows - 1])
    return hits, trials


def _ridge_hits(parts: WindowSplit) -> Floats:
    from sklearn.linear_model import Ridge  # noqa: PLC0415  a second to import

    model = Ridge(alpha=RIDGE_PENALTY)
    model.fit(_numbers(parts.training), _changes(parts.training))
    right = [
        (model.predict(_numbers(part)) > 0) == (part.next_closes > part.last_closes)
        for part in (parts.stopping, parts.calibration)
    ]
    hits: Floats = np.concatenate(right).astype(np.float64)
    return hits


def _numbers(windows: Windows) -> Floats:
    return np.reshape(windows.inputs, (len(windows), -1))


def _changes(windows: Windows) -> Floats:
    return np.asarray(windows.next_closes / windows.last_closes - 1)
