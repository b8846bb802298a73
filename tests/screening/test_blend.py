"""The blend's laws: weights, thresholds, and what must never change a score."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import BlendSettings
from features.component import Component
from screening.blend import COMPONENTS, blend, component_weights

SETTINGS = BlendSettings()
MISSING = Component.missing("no data")

directions = st.floats(-1, 1)
shares = st.floats(0, 1)
available = st.builds(Component, direction=directions, confidence=shares)
panels = st.fixed_dictionaries(
    {name: st.one_of(st.just(MISSING), available) for name in COMPONENTS}
)


def panel(**components: tuple[float, float]) -> dict[str, Component]:
    """Return four components; components not named are missing."""
    return {
        name: Component(*components[name]) if name in components else MISSING
        for name in COMPONENTS
    }


def test_all_components_have_the_published_weights() -> None:
    """With all four components the weights are 0.45, 0.25, 0.15 and 0.15."""
    components = panel(lstm=(1, 1), trend=(1, 1), technical=(1, 1), finbert=(1, 1))
    expected = {"lstm": 0.45, "trend": 0.25, "technical": 0.15, "finbert": 0.15}
    assert component_weights(components, SETTINGS) == pytest.approx(expected)


def test_without_the_lstm_the_others_have_weights_of_their_own() -> None:
    """Without a usable LSTM: trend 0.40, technical 0.35, finbert 0.25."""
    components = panel(trend=(1, 1), technical=(1, 1), finbert=(1, 1))
    expected = {"trend": 0.40, "technical": 0.35, "finbert": 0.25}
    assert component_weights(components, SETTINGS) == pytest.approx(expected)


def test_the_weight_of_a_missing_component_is_shared_in_proportion() -> None:
    """Without finbert the other components keep their proportions and sum to 1."""
    components = panel(lstm=(1, 1), trend=(1, 1), technical=(1, 1))
    expected = {"lstm": 0.45 / 0.85, "trend": 0.25 / 0.85, "technical": 0.15 / 0.85}
    assert component_weights(components, SETTINGS) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("direction", "confidence", "call"),
    [
        (1, 0.3000001, "BUY"),
        (1, 0.3, "HOLD"),
        (-1, 0.3, "HOLD"),
        (-1, 0.3000001, "SELL"),
        (0, 1, "HOLD"),
    ],
)
def test_the_call_follows_the_thresholds(
    direction: float, confidence: float, call: str
) -> None:
    """BUY is above +0.30, SELL below -0.30, and the thresholds themselves HOLD."""
    answer = blend(panel(trend=(direction, confidence)), 0.2, SETTINGS)
    assert answer
    assert answer.call == call


def test_a_sit_out_holds_and_keeps_the_score() -> None:
    """In a sit-out the call is HOLD, and the score does not change."""
    components = panel(trend=(1, 1), technical=(1, 1))
    answer = blend(components, 0.7, SETTINGS, hold=True)
    assert answer
    assert (answer.call, answer.score) == ("HOLD", pytest.approx(1.0))


def test_without_components_there_is_no_blend() -> None:
    """If all components are missing there is no score, not a score of 0."""
    assert blend(panel(), 0.2, SETTINGS) is None


@given(panels, shares)
def test_score_and_confidence_can_be_recomputed(
    components: dict[str, Component], haircut: float
) -> None:
    """The score is a sum over the available components, confidence over all four."""
    answer = blend(components, haircut, SETTINGS)
    if answer is None:
        assert not any(component.present for component in components.values())
        return
    lstm = components["lstm"]
    after = replace(lstm, confidence=answer.lstm_confidence_after_haircut)
    used = {**components, "lstm": after}
    assert sum(answer.weights.values()) == pytest.approx(1)
    assert answer.score == pytest.approx(
        sum(
            weight * (used[name].direction or 0) * (used[name].confidence or 0)
            for name, weight in answer.weights.items()
        )
    )
    base = {"lstm": 0.45, "trend": 0.25, "technical": 0.15, "finbert": 0.15}
    known = sum(base[name] * (components[name].confidence or 0) for name in COMPONENTS)
    assert answer.confidence_pct == pytest.approx(100 * (1 - haircut) * known)
    assert -1 <= answer.score <= 1
    assert 0 <= answer.confidence_pct <= 100 + 1e-9


@given(panels, shares, directions, directions, shares)
def test_worse_news_never_raises_the_score(
    components: dict[str, Component],
    haircut: float,
    one: float,
    other: float,
    confidence: float,
) -> None:
    """With equal confidence, a lower news direction gives no higher score."""
    worse, better = sorted([one, other])
    scores = [
        blend({**components, "finbert": Component(news, confidence)}, haircut, SETTINGS)
        for news in (worse, better)
    ]
    assert scores[0]
    assert scores[1]
    assert scores[0].score <= scores[1].score + 1e-12


@given(available, shares, shares)
def test_a_larger_haircut_never_raises_the_lstms_part(
    lstm: Component, one: float, other: float
) -> None:
    """The LSTM's share of the score shrinks as the haircut grows."""
    small, large = sorted([one, other])
    components = panel(trend=(0, 0)) | {"lstm": lstm}
    parts = [blend(components, haircut, SETTINGS) for haircut in (small, large)]
    assert parts[0]
    assert parts[1]
    assert abs(parts[1].score) <= abs(parts[0].score) + 1e-12


@given(panels, st.sampled_from(COMPONENTS), shares)
def test_a_missing_component_changes_no_other_direction(
    components: dict[str, Component], lost: str, haircut: float
) -> None:
    """Removing a component keeps the sign of every other component's part."""
    full = blend(components, haircut, SETTINGS)
    less = blend({**components, lost: MISSING}, haircut, SETTINGS)
    if full is None or less is None:
        return
    assert set(less.weights) == set(full.weights) - {lost}
    assert all(weight >= 0 for weight in less.weights.values())


@given(panels, st.sampled_from(COMPONENTS), shares, shares)
def test_less_knowledge_is_never_more_confidence(
    components: dict[str, Component], lost: str, one: float, other: float
) -> None:
    """Neither a missing component nor a larger haircut raises the confidence."""
    small, large = sorted([one, other])
    full = blend(components, small, SETTINGS)
    less = blend({**components, lost: MISSING}, small, SETTINGS)
    with_event = blend(components, large, SETTINGS)
    if full and with_event:
        assert with_event.confidence_pct <= full.confidence_pct + 1e-9
    if full and less:
        assert less.confidence_pct <= full.confidence_pct + 1e-9


def test_weights_that_do_not_sum_to_one_keep_confidence_below_100() -> None:
    """Four components that are all sure give 100, whatever their weights are."""
    components = panel(lstm=(1, 1), trend=(1, 1), technical=(1, 1), finbert=(1, 1))
    heavy = BlendSettings(lstm=1, trend=1, technical=1, finbert=0.5)
    answer = blend(components, 0.0, heavy)
    assert answer
    assert answer.confidence_pct == pytest.approx(100)
