"""What following the calls has gained, session by session, hedged. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.settings import RecordSettings
from screening.report.cells import format_signed, signed_percent
from screening.track_record.track_record import TOO_FEW, Mean, clustered_mean

WIDTH, HEIGHT = 640, 200

MIN_SESSIONS = 10
"""Sessions below which no curve is drawn; its interval would hide everything else."""

Floats = npt.NDArray[np.float64]

DIRECTIONS = {"BUY": 1.0, "SELL": -1.0}


@dataclass(frozen=True)
class Curve:
    """The curve of the live calls or of the replayed calls, as outlines in SVG.

    The curve adds up each session's mean hedged gain; all calls of a session have the
    same share. `line` is "" if there are too few calls. `top` and `bottom` are the
    values at the edges, fractions.
    """

    kind: str
    sentence: str
    line: str = ""
    band: str = ""
    first: date | None = None
    last: date | None = None
    top: float = 0.0
    bottom: float = 0.0

    @property
    def zero(self) -> float:
        """Return the height of the value 0 in pixels, from the top."""
        return round(HEIGHT * self.top / (self.top - self.bottom), 1)


def record_curve(scored: pd.DataFrame, settings: RecordSettings, kind: str) -> Curve:
    """Return the curve of scored calls of one kind, one row per call.

    `scored` has `as_of`, `call` and `hedged_return` after one session, NaN if unknown.
    A HOLD has no direction, so it is not followed.
    """
    direction = scored["call"].map(DIRECTIONS)
    gains = (direction * scored["hedged_return"]).dropna()
    days = scored.loc[gains.index, "as_of"]
    if len(gains) < settings.min_calls or days.nunique() < MIN_SESSIONS:
        return Curve(kind, _too_few(len(gains), days.nunique(), settings))
    by_day = gains.groupby(days).agg(["mean", "size"]).sort_index()
    mean = clustered_mean(gains, days, settings.interval)
    few = int((by_day["size"].cumsum() < settings.min_calls).sum())
    first = max(few, MIN_SESSIONS - 1)
    return _draw(by_day["mean"], first, settings.interval, kind, _sentence(mean, gains))


def _too_few(calls: int, days: int, settings: RecordSettings) -> str:
    return (
        f"{calls} hedged BUY and SELL calls on {days} sessions are scored: {TOO_FEW} "
        f"below {settings.min_calls} calls or {MIN_SESSIONS} sessions."
    )


def _sentence(mean: Mean | None, gains: pd.Series) -> str:
    """Return the mean with its interval; `gains` are not empty."""
    found = mean or Mean(mean=math.nan, low=None, high=None)
    ends = ""
    if found.low is not None and found.high is not None:
        low, high = (format_signed(100 * end, 2) for end in (found.low, found.high))
        ends = f" ({low} to {high})"
    average = signed_percent(found.mean)
    return f"Mean hedged gain per call {average}{ends}, of {len(gains):,} calls"


def _draw(
    means: pd.Series, first: int, interval: float, kind: str, sentence: str
) -> Curve:
    """Return the curve of the sessions' means; the first `first` are not drawn."""
    total = means.cumsum().to_numpy()
    reach = _reach(means.to_numpy(), interval)
    low, high = (total - reach)[first:], (total + reach)[first:]
    top, bottom = max(0.0, high.max()), min(0.0, low.min())
    if top == bottom:
        top, bottom = top + 0.01, bottom - 0.01
    places = np.linspace(0, WIDTH, len(low)) if len(low) > 1 else np.array([0.0])
    total, low, high = (
        HEIGHT * (top - values) / (top - bottom)
        for values in (total[first:], low, high)
    )
    sessions = pd.DatetimeIndex(means.index)
    around = [
        *zip(places, high, strict=True),
        *zip(places[::-1], low[::-1], strict=True),
    ]
    return Curve(
        kind=kind,
        sentence=f"{sentence} on {len(means):,} sessions.",
        line=_outline([*zip(places, total, strict=True)]),
        band=f"{_outline(around)}z",
        first=sessions[first].date(),
        last=sessions[-1].date(),
        top=float(top),
        bottom=float(bottom),
    )


def _reach(means: Floats, interval: float) -> Floats:
    """Return how far the interval of each sum reaches, 0 for the first session.

    t x standard deviation x square root of k, over the first k sessions.
    """
    from scipy.special import stdtrit  # noqa: PLC0415  a fifth of a second

    count = np.arange(1, len(means) + 1)
    free = np.maximum(count - 1, 1)
    squares = np.cumsum(means**2) - np.cumsum(means) ** 2 / count
    spread = np.sqrt(np.maximum(squares, 0) / free)
    reach = stdtrit(free, (1 + interval) / 2) * spread * np.sqrt(count)
    return np.where(count > 1, reach, 0.0)


def _outline(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
