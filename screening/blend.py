"""Four components to one score, confidence and call (SPEC 7). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from config.settings import BlendSettings
from features.component import Component

COMPONENTS = ("lstm", "trend", "technical", "finbert")

Call = Literal["BUY", "HOLD", "SELL"]


@dataclass(frozen=True)
class Blend:
    """The night's answer for one symbol.

    `score` in [-1, 1]; `confidence_pct` 0-100; `weights` sum to 1 over the components that
    spoke and hold no others.
    """

    score: float
    confidence_pct: float
    call: Call
    weights: dict[str, float]
    lstm_confidence_after_haircut: float | None

    @property
    def source(self) -> Literal["LSTM", "TREND"]:
        """Return `LSTM` where a usable model spoke."""
        return "LSTM" if "lstm" in self.weights else "TREND"


def blend(
    components: Mapping[str, Component],
    haircut: float,
    settings: BlendSettings,
    *,
    sit_out: bool = False,
) -> Blend | None:
    """Return the blend of the components that speak, None where none does.

    `haircut` (0 to 1) is taken off the LSTM's confidence alone; in a `sit_out` the call
    is HOLD whatever the score.
    """
    weights = voice_weights(components, settings)
    if not weights:
        return None
    score = confidence = 0.0
    after_haircut = None
    for name, weight in weights.items():
        sure = components[name].confidence or 0.0
        if name == "lstm":
            sure = after_haircut = sure * (1 - haircut)
        score += weight * (components[name].direction or 0.0) * sure
        confidence += weight * sure
    call: Call = "HOLD" if sit_out else call_at(score, settings)
    return Blend(score, 100 * confidence, call, weights, after_haircut)


def voice_weights(
    components: Mapping[str, Component], settings: BlendSettings
) -> dict[str, float]:
    """Return the weights of the components that speak, in order, summing to 1.

    Without the LSTM the others have weights of their own; any other silent component's
    weight is spread over the rest in proportion.
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
    """Return the call of a score outside of any sit-out."""
    if score > settings.buy_above:
        return "BUY"
    return "SELL" if score < settings.sell_below else "HOLD"
