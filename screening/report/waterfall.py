"""From the four components through the haircut to the score, as bars on one axis. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.settings import BlendSettings
from screening.blend import COMPONENTS

MARGIN = 1.1
"""So much longer than the longest bar the axis is."""

Spans = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """One axis of scores for all symbols, 0 in its middle; places are in percent."""

    reach: float

    def place(self, score: float) -> float:
        """Return where on the axis the score lies."""
        return round(50 + 50 * score / self.reach, 2)

    def width(self, start: float, end: float) -> float:
        """Return how much of the axis lies between both scores."""
        return round(abs(self.place(end) - self.place(start)), 2)


def axis_for(falls: Iterable[Spans], blend: BlendSettings) -> Axis:
    """Return an axis on which all the spans and both thresholds find room."""
    ends = [abs(end) for spans in falls for span in spans.values() for end in span]
    return Axis(MARGIN * max(blend.buy_above, -blend.sell_below, *ends))


def waterfall(cells: Mapping[str, str]) -> Spans:
    """Return where each bar of a CSV row starts and ends, both scores.

    In order: `lstm trend technical finbert haircut score`. A component that is silent has
    no bar, nor has the haircut where the LSTM is silent; without a score there is none.
    """
    if not cells["score"]:
        return {}
    spans: dict[str, tuple[float, float]] = {}
    at = 0.0
    for name in COMPONENTS:
        if cells[f"{name}_weight"]:
            added = math.prod(
                float(cells[f"{name}_{part}"])
                for part in ("weight", "direction", "confidence")
            )
            spans[name] = (at, at + added)
            at += added
    score = float(cells["score"])
    if "lstm" in spans:
        spans["haircut"] = (at, score)
    return {**spans, "score": (0.0, score)}
