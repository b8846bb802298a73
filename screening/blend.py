"""Blend of four components into one score, confidence and call (SPEC 7). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from config.settings import BlendSettings
from features.component import Component

COMPONENTS = ("lstm", "trend", "technical", "finbert")

Call = Literal["BUY", "HOLD", "SELL"]


@dataclass(frozen=True)
class Blend:
    """The call for one symbol on one night.

    `score` is in [-1, 1], `confidence_pct` in 0 to 100. `weights` holds only the
    components that were available; they sum to 1.
    """

    score: float
    confidence_pct: float
    call: Call
    weights: dict[str, float]
    lstm_confidence_after_haircut: float | None


def blend(
    components: Mapping[str, Component],
    haircut: float,
    settings: BlendSettings,
    *,
    hold: bool = False,
) -> Blend | None:
    """Return the blend of the available components, None if all are missing.

    In the score `haircut` (0 to 1) reduces only the LSTM's confidence. With `hold`, in
    a sit-out or if nobody can act on the call, it is HOLD, whatever the score.
    """
    weights = component_weights(components, settings)
    if not weights:
        return None
    score = 0.0
    after_haircut = None
    for name, weight in weights.items():
        confidence = components[name].confidence or 0.0
        if name == "lstm":
            confidence = after_haircut = confidence * (1 - haircut)
        score += weight * (components[name].direction or 0.0) * confidence
    call: Call = "HOLD" if hold else call_at(score, settings)
    confidence_pct = 100 * (1 - haircut) * _total_confidence(components, settings)
    return Blend(score, confidence_pct, call, weights, after_haircut)


def _total_confidence(
    components: Mapping[str, Component], settings: BlendSettings
) -> float:
    """Return the weighted mean of the confidences, 0 for a missing component.

    The weights are those of four available components, whatever is missing: so less
    knowledge never gives more confidence.
    """
    base = {name: getattr(settings, name) for name in COMPONENTS}
    known = (base[name] * (components[name].confidence or 0.0) for name in COMPONENTS)
    return float(sum(known) / sum(base.values()))


def component_weights(
    components: Mapping[str, Component], settings: BlendSettings
) -> dict[str, float]:
    """Return the weights of the available components, in order, summing to 1.

    Without the LSTM the other components use the `_without_lstm` settings. The weight
    of any other missing component is shared by the rest in proportion.
    """
    suffix = "" if components["lstm"].present else "_without_lstm"
    given = {
        name: getattr(settings, "lstm" if name == "lstm" else name + suffix)
        for name in COMPONENTS
        if components[name].present
    }
    total = sum(given.values())
    return {name: weight / total for name, weight in given.items()} if total else {}


def call_at(score: float, settings: BlendSettings) -> Call:
    """Return the call that the thresholds give a score, without any sit-out."""
    if score > settings.buy_above:
        return "BUY"
    return "SELL" if score < settings.sell_below else "HOLD"
