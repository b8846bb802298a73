"""Two pictures of a scorecard: what the rules avoid, and coverage on reactions."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from evaluation.day_bootstrap import Estimate
from evaluation.intervals import NOMINAL_COVERAGE
from evaluation.plots import draw_png
from evaluation.scorecard.random_sit_outs import Spread
from evaluation.scorecard.scorecard import FORECASTERS, GuardScorecard

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Known = tuple[float, float, float]
"""A value with both ends of its interval."""


def draw_scorecard(card: GuardScorecard | None) -> dict[str, bytes]:
    """Return the PNG files by name, none without a scorecard."""
    if card is None:
        return {}
    plots: Mapping[str, Callable[[Axes], None]] = {
        "sit_outs.png": lambda axes: _plot_policies(axes, card),
        "reaction_coverage.png": lambda axes: _plot_coverage(axes, card),
    }
    return {name: draw_png(plot) for name, plot in plots.items()}


def _plot_policies(axes: "Axes", card: GuardScorecard) -> None:
    """Plot squared returns avoided over sessions sat out; a line for random ones."""
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="at random")
    largest = 0.0
    for name, policy in card.policies.items():
        across, up = _known(policy.sessions), _known(policy.squared_returns)
        if across and up:
            axes.errorbar(
                across[0],
                up[0],
                xerr=_reaches(across),
                yerr=_reaches(up),
                fmt="o",
                capsize=3,
                label=name.replace("_", " "),
            )
            largest = max(largest, across[2], up[2])
    axes.set(xlabel="share of sessions sat out", ylabel="share of squared returns")
    limit = 1.05 * largest or 1
    axes.set(xlim=(0, limit), ylim=(0, limit))


def _plot_coverage(axes: "Axes", card: GuardScorecard) -> None:
    """Plot the share of returns inside the guard's interval and the ordinary one."""
    for place, name in enumerate(FORECASTERS):
        shift = (place - 0.5) * 0.2
        for spot, group in enumerate(card.intervals):
            known = _known(card.intervals[group][name].coverage)
            if known:
                axes.errorbar(
                    spot + shift,
                    known[0],
                    yerr=_reaches(known),
                    fmt="os"[place],
                    color=f"C{place}",
                    capsize=3,
                    label=None if spot else name,
                )
    axes.axhline(NOMINAL_COVERAGE, color="black", linestyle=":", label="80 %")
    axes.set_xticks(range(len(card.intervals)), list(card.intervals))
    axes.set(ylabel="share inside the interval", ylim=(0, 1))


def _known(estimate: Estimate | Spread) -> Known | None:
    """Return value and ends; the ends equal the value if there is no interval."""
    if estimate.value is None:
        return None
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return estimate.value, low, high


def _reaches(known: Known) -> list[list[float]]:
    """Return the lengths of the error bars, as matplotlib takes them."""
    value, low, high = known
    return [[max(0.0, value - low)], [max(0.0, high - value)]]
