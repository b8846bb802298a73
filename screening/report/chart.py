"""One symbol's price chart as SVG geometry: paths, ticks, marks, words. Pure.

Paths are drawn in a grid of whole numbers that is stretched to the page's width, so
that a phone and a wide screen share one picture; words and marks keep their size and
stand at percentages of the width.
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
"""Grid units a session."""

AHEAD = 8
"""Empty slots right of the last session: the forecast, and what comes within a week."""

PRICE_UNITS, VOLUME_UNITS = 200, 100
"""Grid units from bottom to top of the two panels."""

SMOOTH = 2
"""Averages and bands are drawn through every second session: they hardly bend."""

MARK_HEIGHT = 20
"""Pixels."""

MARK_SLOTS = 8
"""Marks nearer to each other than this stand one above the other."""


@dataclass(frozen=True)
class ForecastPoint:
    """The forecast close and the prices at the ends of its interval."""

    close: float
    low: float
    high: float


@dataclass(frozen=True)
class Occasion:
    """An event to mark: its kind, its days, and what is said of it."""

    kind: EventType
    first: date
    last: date
    said: str


@dataclass(frozen=True)
class Tick:
    """A word at a percentage of the panel's width or height."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A marked event: percentages of the width, its letter and its height in pixels."""

    left: float
    right: float
    letter: str
    kind: str
    top: int
    said: str


@dataclass(frozen=True)
class Chart:
    """A chart's paths in grid units, `width` of them across."""

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
    described: str


LETTERS: Mapping[EventType, str] = {
    "earnings": "E",
    "dividend": "D",
    "basel_iii": "P",
    "regulatory": "R",
}


def price_chart(
    path: PricePath,
    forecast: ForecastPoint | None,
    occasions: Sequence[Occasion],
    exchange: str,
) -> Chart:
    """Return the chart of the path, its forecast where there is one, and its events.

    Events beyond the chart's ends are left out.
    """
    count = len(path.sessions)
    low, high = _range(path, forecast)
    y = _scale(low, high)
    point, bridge, interval = _forecast(path, forecast, y)
    slots = count + AHEAD

    def across(slot: float) -> float:
        return round(100 * (slot + 0.5) / slots, 2)

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
        marks=_marks(path.sessions, occasions, exchange, across),
        described=_described(path, forecast),
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


def _scale(low: float, high: float) -> Callable[[float], int]:
    return lambda value: round(PRICE_UNITS * (high - value) / (high - low))


def _line(values: Sequence[float], y: Callable[[float], int], every: int = 1) -> str:
    """Return an SVG path through every so many known values, the last one included."""
    slots = _slots(values, every)
    if not slots:
        return ""
    heights = [y(values[slot]) for slot in slots]
    return f"M{_x(slots[0])} {heights[0]}{_steps(heights, every * STEP)}"


def _slots(values: Sequence[float], every: int) -> list[int]:
    """Return the slots drawn, counted back from the last; NaN stands at the start."""
    known = [slot for slot, value in enumerate(values) if math.isfinite(value)]
    return known[::-1][::every][::-1]


def _band(
    lower: Sequence[float], upper: Sequence[float], y: Callable[[float], int]
) -> str:
    """Return the closed path between both bands: along the upper, back by the lower."""
    top, slots = _line(upper, y, SMOOTH), _slots(lower, SMOOTH)
    if not slots:
        return ""
    back = [y(lower[slot]) for slot in reversed(slots)]
    return f"{top}L{_x(slots[-1])} {back[0]}{_steps(back, -SMOOTH * STEP)}z"


def _steps(heights: Sequence[int], step: int) -> str:
    """Return relative line steps from the first height on."""
    moves = [f"{step} {after - before}" for before, after in pairwise(heights)]
    return f"l{' '.join(moves)}".replace(" -", "-") if moves else ""


def _volume(volumes: Sequence[float]) -> str:
    """Return one closed path of steps, each as tall as its share of the largest."""
    known = [one if math.isfinite(one) else 0.0 for one in volumes]
    largest = max(known) or 1.0
    tops = [round(VOLUME_UNITS * (1 - one / largest)) for one in known]
    return (
        f"M0 {VOLUME_UNITS}{''.join(f'V{top}h{STEP}' for top in tops)}V{VOLUME_UNITS}"
    )


def _forecast(
    path: PricePath, forecast: ForecastPoint | None, y: Callable[[float], int]
) -> tuple[str, str, str]:
    """Return the forecast's dot, the line that leads to it, and its interval."""
    if forecast is None:
        return "", "", ""
    last, ahead = len(path.sessions) - 1, len(path.sessions)
    dot = f"M{_x(ahead)} {y(forecast.close)}h0"
    bridge = f"M{_x(last)} {y(path.close[-1])}L{_x(ahead)} {y(forecast.close)}"
    high, low = y(forecast.high), y(forecast.low)
    cap = f"m-{STEP} 0h{2 * STEP}"
    interval = f"M{_x(ahead)} {high}{cap}M{_x(ahead)} {high}V{low}{cap}"
    return dot, bridge, interval


def _x(slot: int) -> int:
    return slot * STEP + STEP // 2


def _round_ticks(low: float, high: float) -> list[float]:
    """Return two to five round prices between both ends."""
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(one for one in (1, 2, 2.5, 5, 10) if one * power >= raw)
    first = math.ceil(low / step)
    return [step * at for at in range(first, math.floor(high / step) + 1)]


def _months(sessions: Sequence[date]) -> list[tuple[int, str]]:
    """Return the first slot of each month but the first, January by its year."""
    return [
        (at, f"{day:%Y}" if day.month == 1 else f"{day:%b}")
        for at, day in enumerate(sessions)
        if at and day.month != sessions[at - 1].month
    ]


def _marks(
    sessions: Sequence[date],
    occasions: Sequence[Occasion],
    exchange: str,
    across: Callable[[float], float],
) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    slots: list[int] = []
    edge = len(sessions) + AHEAD - 1
    for one in sorted(occasions, key=lambda occasion: occasion.first):
        first, last = (_slot(sessions, day, exchange) for day in (one.first, one.last))
        if last < 0 or first > edge:
            continue
        at, until = max(first, 0), min(last, edge)
        top = MARK_HEIGHT * (sum(abs(at - other) < MARK_SLOTS for other in slots) % 3)
        slots.append(at)
        letter = LETTERS[one.kind]
        marks.append(Mark(across(at), across(until), letter, one.kind, top, one.said))
    return tuple(marks)


def _slot(sessions: Sequence[date], day: date, exchange: str) -> int:
    """Return the slot of the session on or after a day; -1 before the first."""
    if day < sessions[0]:
        return -1
    if day <= sessions[-1]:
        return bisect_left(sessions, day)
    return len(sessions) - 1 + sessions_apart(exchange, sessions[-1], day)


def _described(path: PricePath, forecast: ForecastPoint | None) -> str:
    """Return the chart in words, for those who don't see it."""
    close, last = path.close, path.sessions[-1]
    said = (
        f"{len(close)} sessions from {path.sessions[0]} to {last}: closes from "
        f"{price(min(close))} to {price(max(close))}, the last {price(close[-1])}."
    )
    if forecast is None:
        return f"{said} No forecast."
    return (
        f"{said} Forecast of the next close {price(forecast.close)}, 80 % interval "
        f"{price(forecast.low)} to {price(forecast.high)}."
    )
