"""The waterfall: how components and haircut add up to the score, as bars. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.settings import BlendSettings
from screening.explanation import component_terms

MARGIN = 1.1
"""Length of the axis, as a multiple of the longest bar."""

Bars = Mapping[str, tuple[float, float]]
"""The scores at which each bar starts and ends, by name."""


@dataclass(frozen=True)
class Axis:
    """One axis of scores for all symbols, with 0 in its middle."""

    reach: float

    def place(self, score: float) -> float:
        """Return the score's place on the axis in percent."""
        return round(50 + 50 * score / self.reach, 2)

    def width(self, start: float, end: float) -> float:
        """Return the distance of two scores on the axis in percent."""
        return round(abs(self.place(end) - self.place(start)), 2)


def axis_for(waterfalls: Iterable[Bars], blend: BlendSettings) -> Axis:
    """Return an axis that has room for all bars and for both thresholds."""
    ends = [abs(end) for bars in waterfalls for bar in bars.values() for end in bar]
    return Axis(MARGIN * max(blend.buy_above, -blend.sell_below, *ends))


def waterfall(cells: Mapping[str, str]) -> Bars:
    """Return the bars of a CSV row, empty if the row has no score.

    The order is `lstm trend technical finbert haircut score`. A missing component has
    no bar, and the haircut has a bar only if the LSTM has one.
    """
    if not cells["score"]:
        return {}
    bars: dict[str, tuple[float, float]] = {}
    total = 0.0
    for term in component_terms(cells):
        start, total = total, total + term.uncut
        bars[term.component] = (start, total)
    score = float(cells["score"])
    if "lstm" in bars:
        bars["haircut"] = (total, score)
    return {**bars, "score": (0.0, score)}
