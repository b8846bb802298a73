"""From the four voices through the haircut to the score, as bars on one axis. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from screening.blend import VOICES

LEAST_REACH = 0.4
"""The axis reaches at least so far to both sides, so that thresholds are on it."""

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


def axis_for(falls: Iterable[Spans]) -> Axis:
    """Return an axis on which all the spans find room."""
    ends = (abs(end) for spans in falls for span in spans.values() for end in span)
    return Axis(1.05 * max(LEAST_REACH, *ends))


def waterfall(cells: Mapping[str, str]) -> Spans:
    """Return where each bar of a CSV row starts and ends, both scores.

    In order: `lstm trend technical finbert haircut score`. A voice that is silent has
    no bar, nor has the haircut where the LSTM is silent; without a score there is none.
    """
    if not cells["score"]:
        return {}
    spans: dict[str, tuple[float, float]] = {}
    at = 0.0
    for name in VOICES:
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
