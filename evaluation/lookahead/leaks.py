"""Prefix tests: nothing said at session t may change when later sessions are known.

Each check takes the function that it tests, so that a planted leak can be tested too.
Features, votes and windows here; networks in `model_leaks`; whole nights in `tasks`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

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

CUTS = 60
"""How many cuts of a history are tried, from the shortest that has indicators.

Each tells of one session's leak of a session: what only peeks on wild days needs many.
"""

EARLY = 6
"""How many sessions before the first cut are tried, with another future after them."""

ALTERED = 3.0
"""What a future price is multiplied by to see whether anything before it moves."""

Indicators = Callable[[pd.DataFrame], pd.DataFrame]
Vote = Callable[[pd.DataFrame], Component]
Rows = Callable[[pd.DataFrame], Floats]
Split = Callable[[Floats, int, float], WindowSplit]


class LeakCheck(BaseModel):
    """One finding: the stage that was tested, whether it passed, and by what."""

    model_config = ConfigDict(frozen=True)

    stage: str
    passed: bool
    detail: str


def feature_checks(
    prices: pd.DataFrame, compute: Indicators = indicator_frame
) -> list[LeakCheck]:
    """Return a check a column: on a history cut at t its values are the same bits."""
    full = compute(prices)
    parts = {rows: compute(past) for rows, past in _pasts(prices).items()}
    names = [*FEATURES, *(name for name in INDICATORS if name not in FEATURES)]
    return [
        _check(
            f"feature {name}",
            (
                _first_difference(part[name].iloc[:rows], full[name])
                for rows, part in parts.items()
            ),
            f"the same bits at {len(parts)} cuts",
        )
        for name in names
    ]


def vote_checks(
    prices: pd.DataFrame, compute: Indicators = indicator_frame
) -> list[LeakCheck]:
    """Return a check a vote: at t it is the same with and without later sessions."""
    full, cuts = compute(prices), _cuts(len(prices))
    votes: dict[str, Vote] = {"trend": trend, "technical": technical}
    return [
        _check(
            f"vote {name}",
            (
                _told_apart(
                    full.index[rows - 1].date(),
                    vote(full.iloc[:rows]),
                    vote(compute(prices.iloc[:rows])),
                )
                for rows in cuts
            ),
            f"the same at {len(cuts)} cuts",
        )
        for name, vote in votes.items()
    ]


def window_checks(
    rows: Floats, length: int, share: float, split: Split = split_windows
) -> list[LeakCheck]:
    """Return whether scaler, training windows and spans keep to their own rows.

    The validation span is the last rows, one a validation window; it is altered, and
    what belongs to the training must stay as it was.
    """
    whole = split(rows, length, share)
    calibration = len(whole.calibration)
    span = len(whole.stopping) + calibration
    other, later, last = (
        split(_altered(rows, count), length, share) for count in (span, calibration, 1)
    )
    return [
        *_training_checks(whole, other),
        _verdict(
            "calibration span",
            same=_same(whole.stopping.next_closes, later.stopping.next_closes),
            good="training stops by none of its sessions",
            bad="training stops by sessions that calibrate",
        ),
        _verdict(
            "window inputs",
            same=_same(whole.calibration.inputs, last.calibration.inputs),
            good="none holds its own target",
            bad="a window's inputs change with its own target",
        ),
    ]


def _training_checks(whole: WindowSplit, other: WindowSplit) -> list[LeakCheck]:
    """Return whether the training keeps still while the validation span changes."""
    same_scaler = whole.scaler == other.scaler
    training, altered = whole.training, other.training
    same_targets = _same(training.next_closes, altered.next_closes)
    # With another scaler all inputs differ, and its own check has said so.
    same_inputs = not same_scaler or _same(training.inputs, altered.inputs)
    return [
        _verdict(
            "scaler",
            same=same_scaler,
            good="fitted on the training rows alone",
            bad="it changes with prices of the validation span",
        ),
        _verdict(
            "training targets",
            same=same_targets and _is_next_close(whole),
            good="none lies in the validation span",
            bad="one lies in the validation span, or is not the next close",
        ),
        _verdict(
            "training inputs",
            same=same_inputs and _same(training.last_closes, altered.last_closes),
            good="they end before the validation span",
            bad="they change with prices of the validation span",
        ),
    ]


def feature_row_check(prices: pd.DataFrame, rows_of: Rows = feature_rows) -> LeakCheck:
    """Return whether a model's rows up to t are the same whatever comes after."""
    full = rows_of(indicator_frame(prices))
    pasts = _pasts(prices)
    return _check(
        "feature rows",
        (
            ""
            if _same(
                _known_rows(rows_of(indicator_frame(past)), len(past), rows),
                _known_rows(full, len(prices), rows),
            )
            else "they differ on a history known up to "
            f"{pd.DatetimeIndex(prices.index)[rows - 1].date()}"
            for rows, past in pasts.items()
        ),
        f"the same bits at {len(pasts)} cuts",
    )


def _known_rows(table: Floats, sessions: int, rows: int) -> Floats:
    """Return the table's rows of the first `rows` sessions; its own are the last."""
    return table[: max(0, rows - (sessions - len(table)))]


def _pasts(prices: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Return histories that are `prices` up to a number of rows, by that number.

    Cut there; before the first cut there are no indicators, and the later rows are
    others instead: what is filled from behind at the start of a column is found there.
    """
    early = np.linspace(1, MINIMUM_ROWS - 1, EARLY).astype(int).tolist()
    others = {rows: _with_another_future(prices, rows) for rows in early}
    return {rows: prices.iloc[:rows] for rows in _cuts(len(prices))} | others


def _with_another_future(prices: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return the prices with those after `rows` larger and in reverse."""
    other = prices.copy()
    other.iloc[rows:] = prices.iloc[rows:].to_numpy()[::-1] * ALTERED
    return other


def _cuts(rows: int) -> Sequence[int]:
    """Return numbers of rows, from the least to one less than all, each once."""
    places = np.linspace(MINIMUM_ROWS, rows - 1, CUTS).astype(int)
    return sorted(set(places.tolist()))


def _first_difference(cut: pd.Series, full: pd.Series) -> str:
    """Return where a column of the cut history differs from the full one, '' nowhere.

    Equal means bit for bit; undefined equals undefined.
    """
    mine, theirs = cut.to_numpy(float), full.to_numpy(float)[: len(cut)]
    differs = (mine != theirs) & ~(np.isnan(mine) & np.isnan(theirs))
    if not differs.any():
        return ""
    place = int(differs.argmax())
    return _sentence(
        pd.DatetimeIndex(cut.index)[place].date(), theirs[place], mine[place]
    )


def _told_apart(session: date, knowing: object, ignorant: object) -> str:
    return "" if knowing == ignorant else _sentence(session, knowing, ignorant)


def _sentence(session: date, knowing: object, ignorant: object) -> str:
    return f"at {session} it is {knowing} with later sessions known, {ignorant} without"


def _check(stage: str, differences: Iterable[str], good: str) -> LeakCheck:
    found = next((one for one in differences if one), "")
    return LeakCheck(stage=stage, passed=not found, detail=found or good)


def _verdict(stage: str, *, same: bool, good: str, bad: str) -> LeakCheck:
    return LeakCheck(stage=stage, passed=same, detail=good if same else bad)


def _altered(rows: Floats, count: int) -> Floats:
    other = rows.copy()
    other[-count:] *= ALTERED
    return other


def _same(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def _is_next_close(split: WindowSplit) -> bool:
    part = split.training
    changes = split.scaler.price_change(part.targets - part.inputs[:, -1, CLOSE_COLUMN])
    came = part.last_closes + changes
    return bool(np.allclose(came, part.next_closes, rtol=1e-9, atol=0))
