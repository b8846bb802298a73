"""The price chart of one symbol as SVG geometry: paths, ticks, marks, texts. Pure.

Paths use a grid of whole numbers, which the browser stretches to the page's width.
Texts and marks keep their size and have positions in percent.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from market_data.sessions import sessions_apart
from risk_guard.events import EventType
from screening.report.cells import price
from screening.report.facts import PricePath

STEP = 4
"""Grid units per session."""

AHEAD = 8
"""Slots after the last session, for the forecast and the events of the next week."""

PRICE_UNITS, VOLUME_UNITS = 200, 100
"""Height of the price panel and of the volume panel in grid units."""

SMOOTH = 3
"""Averages and bands are drawn through every third session, to save bytes."""

MARK_HEIGHT = 20
"""Height of a mark in pixels."""

MARK_SLOTS = 8
"""Marks nearer than this are drawn below each other."""


@dataclass(frozen=True)
class ForecastPoint:
    """The forecast close and the prices at the ends of its interval.

    Without a model's forecast `predicted` is false, and `close` is the last close. The
    ends are NaN if they are not known.
    """

    close: float
    low: float
    high: float
    predicted: bool = True


@dataclass(frozen=True)
class MarkedEvent:
    """An event to mark in the chart: its kind, its days and its text."""

    kind: EventType
    first: date
    last: date
    text: str


@dataclass(frozen=True)
class Tick:
    """A text at a percentage of the panel's width or height."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """An event's mark: `left`, `right` in percent of the width, `top` in pixels."""

    left: float
    right: float
    letter: str
    kind: str
    top: int
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart's paths in grid units, and its texts and marks in percent.

    `now` is the end of the last session; `description` is for people who can't see the
    chart.
    """

    width: int
    close: str
    sma_20: str
    sma_50: str
    band: str
    volume: str
    interval: str
    point: str
    bridge: str
    now: float
    prices: tuple[Tick, ...]
    months: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    description: str


LETTERS: Mapping[EventType, str] = {
    "earnings": "E",
    "dividend": "D",
    "basel_iii": "P",
    "regulatory": "R",
}


def price_chart(
    path: PricePath,
    forecast: ForecastPoint | None,
    events: Sequence[MarkedEvent],
    exchange: str,
) -> Chart:
    """Return the chart of the prices, of the forecast if any, and of the events.

    Events outside the chart's days are left out.
    """
    count = len(path.sessions)
    low, high = _range(path, forecast)
    slots = count + AHEAD

    def y(value: float) -> int:
        return round(PRICE_UNITS * (high - value) / (high - low))

    def across(slot: float) -> float:
        return round(100 * (slot + 0.5) / slots, 2)

    point, bridge, interval = _forecast(path, forecast, y)
    return Chart(
        width=slots * STEP,
        close=_line(path.close, y),
        sma_20=_line(path.sma_20, y, SMOOTH),
        sma_50=_line(path.sma_50, y, SMOOTH),
        band=_band(path.lower_band, path.upper_band, y),
        volume=_volume(path.volume),
        interval=interval,
        point=point,
        bridge=bridge,
        now=across(count - 0.5),
        prices=tuple(
            Tick(round(100 * y(tick) / PRICE_UNITS, 2), price(tick))
            for tick in _round_ticks(low, high)
        ),
        months=tuple(Tick(across(slot), text) for slot, text in _months(path.sessions)),
        marks=_marks(path.sessions, events, exchange, across),
        description=_describe(path, forecast),
    )


def _range(path: PricePath, forecast: ForecastPoint | None) -> tuple[float, float]:
    """Return the lowest and highest price drawn, with room above and below."""
    drawn = [
        *(*path.close, *path.sma_20, *path.sma_50),
        *(*path.lower_band, *path.upper_band),
        *((forecast.low, forecast.high, forecast.close) if forecast else ()),
    ]
    known = [number for number in drawn if math.isfinite(number)]
    low, high = min(known), max(known)
    room = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
    return low - room, high + room


def _line(values: Sequence[float], y: Callable[[float], int], every: int = 1) -> str:
    """Return an SVG path through every `every`-th known value, up to the last."""
    slots = _slots(values, every)
    if not slots:
        return ""
    heights = [y(values[slot]) for slot in slots]
    return f"M{_x(slots[0])} {heights[0]}{_steps(heights, every * STEP)}"


def _slots(values: Sequence[float], every: int) -> list[int]:
    """Return every `every`-th slot with a known value, counted back from the last."""
    known = [slot for slot, value in enumerate(values) if math.isfinite(value)]
    return known[::-1][::every][::-1]


def _band(
    lower: Sequence[float], upper: Sequence[float], y: Callable[[float], int]
) -> str:
    """Return the closed path along the upper band and back along the lower band."""
    top, slots = _line(upper, y, SMOOTH), _slots(lower, SMOOTH)
    if not slots:
        return ""
    back = [y(lower[slot]) for slot in reversed(slots)]
    return f"{top}L{_x(slots[-1])} {back[0]}{_steps(back, -SMOOTH * STEP)}z"


def _steps(heights: Sequence[int], step: int) -> str:
    """Return relative line steps through the heights."""
    moves = [f"{step} {after - before}" for before, after in pairwise(heights)]
    return f"l{' '.join(moves)}".replace(" -", "-") if moves else ""


def _volume(volumes: Sequence[float]) -> str:
    """Return one closed path of steps, with the largest volume at full height."""
    known = [volume if math.isfinite(volume) else 0.0 for volume in volumes]
    largest = max(known) or 1.0
    tops = [round(VOLUME_UNITS * (1 - volume / largest)) for volume in known]
    steps = "".join(f"V{top}h{STEP}" for top in tops)
    return f"M0 {VOLUME_UNITS}{steps}V{VOLUME_UNITS}"


def _forecast(
    path: PricePath, forecast: ForecastPoint | None, y: Callable[[float], int]
) -> tuple[str, str, str]:
    """Return the paths of the forecast's dot, its connecting line and its interval."""
    if forecast is None:
        return "", "", ""
    last, ahead = len(path.sessions) - 1, len(path.sessions)
    dot = f"M{_x(ahead)} {y(forecast.close)}h0" if forecast.predicted else ""
    bridge = f"M{_x(last)} {y(path.close[-1])}L{_x(ahead)} {y(forecast.close)}"
    if not math.isfinite(forecast.low + forecast.high):
        return dot, bridge, ""
    high, low = y(forecast.high), y(forecast.low)
    cap = f"m-{STEP} 0h{2 * STEP}"
    interval = f"M{_x(ahead)} {high}{cap}M{_x(ahead)} {high}V{low}{cap}"
    return dot, bridge, interval


def _x(slot: int) -> int:
    return slot * STEP + STEP // 2


def _round_ticks(low: float, high: float) -> list[float]:
    """Return two to five round prices between `low` and `high`."""
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw)
    first = math.ceil(low / step)
    return [step * at for at in range(first, math.floor(high / step) + 1)]


def _months(sessions: Sequence[date]) -> list[tuple[int, str]]:
    """Return slot and name of each month's start; a January has the year's number."""
    return [
        (at, f"{day:%Y}" if day.month == 1 else f"{day:%b}")
        for at, day in enumerate(sessions)
        if at and day.month != sessions[at - 1].month
    ]


def _marks(
    sessions: Sequence[date],
    events: Sequence[MarkedEvent],
    exchange: str,
    across: Callable[[float], float],
) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    slots: list[int] = []
    edge = len(sessions) + AHEAD - 1
    for event in sorted(events, key=lambda event: event.first):
        first, last = (
            _slot(sessions, day, exchange) for day in (event.first, event.last)
        )
        if last < 0 or first > edge:
            continue
        at, until = max(first, 0), min(last, edge)
        top = MARK_HEIGHT * (sum(abs(at - other) < MARK_SLOTS for other in slots) % 3)
        slots.append(at)
        letter, ends = LETTERS[event.kind], (across(at), across(until))
        marks.append(Mark(*ends, letter, event.kind, top, event.text))
    return tuple(marks)


def _slot(sessions: Sequence[date], day: date, exchange: str) -> int:
    """Return the slot of the session on or after a day, -1 before the first session."""
    if day < sessions[0]:
        return -1
    if day <= sessions[-1]:
        return bisect_left(sessions, day)
    return len(sessions) - 1 + sessions_apart(exchange, sessions[-1], day)


def _describe(path: PricePath, forecast: ForecastPoint | None) -> str:
    close, last = path.close, path.sessions[-1]
    prices = (
        f"{len(close)} sessions from {path.sessions[0]} to {last}: closes from "
        f"{price(min(close))} to {price(max(close))}, the last {price(close[-1])}."
    )
    if forecast is None:
        return f"{prices} No forecast."
    point = "No model's forecast"
    if forecast.predicted:
        point = f"Forecast of the next close {price(forecast.close)}"
    if not math.isfinite(forecast.low + forecast.high):
        return f"{prices} {point}, no interval."
    ends = f"{price(forecast.low)} to {price(forecast.high)}"
    return f"{prices} {point}, 80 % interval {ends}."
