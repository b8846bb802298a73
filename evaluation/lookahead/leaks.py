"""Prefix tests: a value computed at session t may not depend on later sessions.

Each check takes the function that it tests, so a test can pass a function with a leak.
`model_leaks.py` checks networks, `night_leaks.py` whole nights.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel

from features.component import Component
from features.indicators import FEATURES, INDICATORS, MINIMUM_ROWS, indicator_frame
from features.votes import technical, trend
from features.windows import (
    CLOSE_COLUMN,
    Floats,
    WindowSplit,
    feature_rows,
    split_windows,
)
from modelling.distribution import standardise

CUTS = 60
"""Number of places at which a history is cut; a leak on rare days needs many cuts."""

EARLY_CUTS = 6
"""Number of shorter histories whose later rows are altered, not cut off."""

ALTERED = 3.0
"""Factor by which later prices are multiplied to see whether earlier values change."""

VOTES: Mapping[str, Callable[[pd.DataFrame], Component]] = {
    "trend": trend,
    "technical": technical,
}

SplitWindows = Callable[[Floats, int, float], WindowSplit]
"""Splits feature rows into windows of a length, with a share for validation."""


class LeakCheck(BaseModel, frozen=True):
    """Result of one check: the stage that was tested, and a sentence on the finding."""

    stage: str
    passed: bool
    detail: str

    @classmethod
    def from_leak(cls, stage: str, leak: str, clean: str) -> Self:
        """Return a failed check if `leak` describes a leak, else a passed one."""
        return cls(stage=stage, passed=not leak, detail=leak or clean)

    @classmethod
    def from_comparison(cls, stage: str, changed: str, *, same: bool) -> Self:
        """Return a check that passes if another `changed` leaves the stage the same."""
        detail = f"{'the same with' if same else 'it changes with'} another {changed}"
        return cls(stage=stage, passed=same, detail=detail)


def feature_checks(
    prices: pd.DataFrame,
    compute: Callable[..., pd.DataFrame] = indicator_frame,
    names: Sequence[str] = (*FEATURES, *INDICATORS),
) -> list[LeakCheck]:
    """Return one check per column: its values up to t do not depend on later rows.

    The values must be the same bits.
    """
    full, pasts = compute(prices), _past_histories(prices)
    parts = {rows: compute(past) for rows, past in pasts.items()}
    return [
        _check_differences(
            f"feature {name}",
            (
                _first_difference(part[name].iloc[:rows], full[name])
                for rows, part in parts.items()
            ),
            len(parts),
        )
        for name in dict.fromkeys(names)
    ]


def feature_row_check(
    prices: pd.DataFrame,
    compute_rows: Callable[..., Floats] = feature_rows,
    compute_indicators: Callable[..., pd.DataFrame] = indicator_frame,
) -> LeakCheck:
    """Check that a model's inputs up to t do not depend on later rows."""

    def compute(part: pd.DataFrame) -> pd.DataFrame:
        indicators = compute_indicators(part)
        rows = compute_rows(indicators)
        table = pd.DataFrame(rows, indicators.index[-len(rows) :], list(FEATURES))
        return table.reindex(indicators.index)

    checks = feature_checks(prices, compute, FEATURES)
    worst = min(checks, key=lambda check: check.passed)
    return worst.model_copy(update={"stage": "feature rows"})


def vote_checks(
    prices: pd.DataFrame, compute: Callable[..., pd.DataFrame] = indicator_frame
) -> list[LeakCheck]:
    """Return one check per vote: at t it does not depend on later sessions."""
    full, cuts = compute(prices), _cuts(len(prices))
    return [
        _check_differences(
            f"vote {name}",
            (
                _describe_difference(
                    full.index[rows - 1],
                    vote(full.iloc[:rows]),
                    vote(compute(prices.iloc[:rows])),
                )
                for rows in cuts
            ),
            len(cuts),
        )
        for name, vote in VOTES.items()
    ]


def scale_check(
    prices: pd.DataFrame, compute: Callable[[pd.DataFrame], pd.DataFrame] = standardise
) -> LeakCheck:
    """Check that the scale of a session depends neither on it nor on later sessions.

    A scale with its own session in it makes each standardised return too small.
    """
    full, cuts = compute(prices)["scale"], _cuts(len(prices))

    def leak(rows: int) -> str:
        session = prices.index[rows]
        other = compute(_alter_future(prices, rows))["scale"].get(session)
        if other == full.get(session):
            return ""
        return f"the scale of {session:%Y-%m-%d} changes with prices from that day on"

    return _check_differences("session scales", map(leak, cuts), len(cuts))


def window_checks(
    rows: Floats, length: int, share: float, split: SplitWindows = split_windows
) -> list[LeakCheck]:
    """Check that scaler, windows and spans use no rows of a later span.

    The validation span is the last rows, one row per validation window. These rows are
    altered, and nothing that the training uses may change.
    """
    whole = split(rows, length, share)
    calibration = len(whole.calibration)
    span = len(whole.stopping) + calibration
    altered, later, last = (
        split(_alter_last_rows(rows, count), length, share)
        for count in (span, calibration, 1)
    )
    same_stops = _same_bits(whole.stopping.next_closes, later.stopping.next_closes)
    same_inputs = _same_bits(whole.calibration.inputs, last.calibration.inputs)
    return [
        *_training_checks(whole, altered),
        LeakCheck.from_comparison(
            "stopping windows", "calibration span", same=same_stops
        ),
        LeakCheck.from_comparison("window inputs", "target", same=same_inputs),
    ]


def _training_checks(whole: WindowSplit, altered: WindowSplit) -> list[LeakCheck]:
    """Check that the training is the same with another validation span."""
    training, other = whole.training, altered.training
    scaler = whole.scaler == altered.scaler
    # Another scaler changes all inputs; the check of the scaler reports that already.
    inputs = not scaler or _same_bits(training.inputs, other.inputs)
    same = {
        "scaler": scaler,
        "training targets": _same_bits(training.next_closes, other.next_closes),
        "training inputs": inputs
        and _same_bits(training.last_closes, other.last_closes),
    }
    wrong = "" if _targets_are_next_closes(whole) else "a target is not the next close"
    return [
        LeakCheck.from_leak("next closes", wrong, "each target is the next close"),
        *(
            LeakCheck.from_comparison(stage, "validation span", same=equal)
            for stage, equal in same.items()
        ),
    ]


def _past_histories(prices: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Return histories that equal `prices` up to a number of rows, by that number.

    Most are cut there. If too few rows are left for indicators, later rows are altered
    instead: only that finds a column whose first values are filled with later ones.
    """
    early = np.linspace(1, MINIMUM_ROWS - 1, EARLY_CUTS).astype(int).tolist()
    altered = {rows: _alter_future(prices, rows) for rows in early}
    return {rows: prices.iloc[:rows] for rows in _cuts(len(prices))} | altered


def _alter_future(prices: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the prices with those after `rows` multiplied and in reverse order."""
    other = prices.copy()
    other.iloc[rows:] = prices.iloc[rows:].to_numpy()[::-1] * ALTERED
    return other


def _cuts(rows: int) -> Sequence[int]:
    """Return different numbers of rows, from the fewest allowed to all but one."""
    places = np.linspace(MINIMUM_ROWS, rows - 1, CUTS).astype(int)
    return sorted(set(places.tolist()))


def _first_difference(cut: pd.Series, full: pd.Series) -> str:
    """Return a sentence on the first value that differs, "" if all bits are the same.

    NaN equals NaN.
    """
    alone, with_later = cut.to_numpy(float), full.to_numpy(float)[: len(cut)]
    differs = (alone != with_later) & ~(np.isnan(alone) & np.isnan(with_later))
    if not differs.any():
        return ""
    place = int(differs.argmax())
    return _describe_difference(cut.index[place], with_later[place], alone[place])


def _describe_difference(session: date, with_later: object, alone: object) -> str:
    if with_later == alone:
        return ""
    return (
        f"at {session:%Y-%m-%d} it is {with_later} with later sessions, {alone} without"
    )


def _check_differences(stage: str, leaks: Iterable[str], cuts: int) -> LeakCheck:
    """Return the check of a stage; `leaks` holds one sentence, perhaps "", per cut."""
    clean = f"the same bits at {cuts} cuts"
    return LeakCheck.from_leak(stage, next(filter(None, leaks), ""), clean)


def _alter_last_rows(rows: Floats, count: int) -> Floats:
    other = rows.copy()
    other[-count:] *= ALTERED
    return other


def _same_bits(left: Floats, right: Floats) -> bool:
    return left.shape == right.shape and left.tobytes() == right.tobytes()


def _targets_are_next_closes(split: WindowSplit) -> bool:
    part = split.training
    changes = split.scaler.price_change(part.targets - part.inputs[:, -1, CLOSE_COLUMN])
    expected = part.last_closes + changes
    return bool(np.allclose(expected, part.next_closes, rtol=1e-9, atol=0))
