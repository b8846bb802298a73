"""The explanation of a call: its numbers follow from the row, and flips are real."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_rows import csv_row, four

from config.settings import BlendSettings, Settings
from features.component import Component
from screening.blend import COMPONENTS, blend
from screening.columns import COLUMNS
from screening.explanation import Explanation, explain

DEFAULTS = Settings()


LEAN = st.floats(-1, 1).map(lambda one: round(one, 3))
VOICE_SETS = st.builds(
    four, st.sampled_from([-1.0, 1.0]), LEAN, LEAN, st.one_of(st.none(), LEAN)
)
HAIRCUTS = st.sampled_from([0.0, 0.2, 0.45, 0.7])


def explanation_of(row: dict[str, str]) -> Explanation:
    """Return the row's explanation with the default settings."""
    return explain(row, DEFAULTS)


@settings(deadline=None, max_examples=40)
@given(VOICE_SETS, HAIRCUTS)
def test_the_terms_add_up_to_the_row(components: Any, haircut: float) -> None:  # noqa: ANN401
    """Weight x direction x confidence of the row's cells give its score and call."""
    row = csv_row(components, haircut)
    found = explanation_of(row)
    by_hand = sum(
        float(row[f"{name}_weight"])
        * float(row[f"{name}_direction"])
        * float(row[f"{name}_confidence"])
        * (1 - haircut if name == "lstm" else 1)
        for name in COMPONENTS
        if row[f"{name}_weight"]
    )
    assert found.computed_score == pytest.approx(by_hand, abs=1e-12)
    assert found.score == pytest.approx(by_hand, abs=1e-9)
    assert found.call_by_score == row["prediction"]
    assert found.differs == ()


@settings(deadline=None, max_examples=40)
@given(VOICE_SETS, HAIRCUTS)
def test_without_the_haircut_it_is_the_blend_without_one(
    components: Any,  # noqa: ANN401
    haircut: float,
) -> None:
    """The score without haircut is the score that the blend would give."""
    found = explanation_of(csv_row(components, haircut))
    answer = blend(components, 0.0, BlendSettings())
    assert answer
    assert found.score_without_haircut == pytest.approx(answer.score)
    assert found.call_without_haircut == answer.call


@settings(deadline=None, max_examples=40)
@given(VOICE_SETS, HAIRCUTS)
def test_a_component_at_the_needed_value_flips_the_call(
    components: Any,  # noqa: ANN401
    haircut: float,
) -> None:
    """With one component just beyond what it needs, the blend makes the other call."""
    found = explanation_of(csv_row(components, haircut))
    for flip in found.flips:
        for component in flip.components:
            kept = 1 - haircut if component.component == "lstm" else 1
            beyond = 1e-6 if flip.difference > 0 else -1e-6
            lean = (component.needed + beyond) / kept
            if abs(lean) > 1:
                assert not component.possible or abs(lean) < 1.00001
                continue
            other = Component(1.0 if lean > 0 else -1.0, abs(lean))
            answer = blend(
                components | {component.component: other}, haircut, BlendSettings()
            )
            assert answer
            assert answer.call == flip.call


def test_the_distance_to_another_call_is_its_threshold_less_the_score() -> None:
    """The distance of each other call is its threshold less the score."""
    found = explanation_of(csv_row(four(1, -0.5, -0.5, None)))
    score = found.score or 0
    assert found.call == "HOLD"
    assert [(one.call, one.difference) for one in found.flips] == [
        ("BUY", pytest.approx(0.30 - score)),
        ("SELL", pytest.approx(-0.30 - score)),
    ]


def test_a_sit_out_has_its_end() -> None:
    """Earnings on a Tuesday are sat out until Friday; Monday's night trades again."""
    found = explanation_of(
        csv_row(
            four(1, 1, 1, 1),
            event_skip_trading=True,
            event_type="earnings",
            event_date="2025-11-11",
        )
    )
    assert (found.call, found.call_by_score) == ("HOLD", "BUY")
    assert str(found.trades_again) == "2025-11-17"
    assert found.sit_out_rule == "published"
    assert found.differs == ()


def test_a_sit_out_ends_by_the_rule_that_its_row_names() -> None:
    """For a report before the open, `reaction` ends with its reaction session."""
    found = explanation_of(
        csv_row(
            four(1, 1, 1, 1),
            event_skip_trading=True,
            event_type="earnings",
            event_date="2025-11-11",
            event_time="before_open",
            reason="HOLD, sat out by the rule `reaction`: earnings 2025-11-11.",
        )
    )
    assert found.sit_out_rule == "reaction"
    assert str(found.trades_again) == "2025-11-12"


@pytest.mark.parametrize(
    ("risk", "cells", "points"),
    [
        (0.45, {}, [0.45]),
        (0.65, {}, [0.45, 0.20]),
        (0.70, {"sentiment_72h": -0.2}, [0.45, 0.25]),
        (0.40, {"sentiment_72h": -0.2, "volatility_spike": True}, [0.25, 0.15]),
        (
            1.0,
            {"sentiment_72h": -0.2, "volatility_spike": True},
            [0.45, 0.2, 0.25, 0.15],
        ),
        (0.15, {"sentiment_72h": -0.05, "volatility_spike": True}, [0.15]),
    ],
)
def test_the_risk_has_its_terms(
    risk: float,
    cells: dict[str, Any],
    points: list[float],
) -> None:
    """The points of event, report, bad news and volatility follow from the row."""
    around = {"event_risk_score": risk, "volatility_ratio": 1.5}
    found = explanation_of(csv_row(four(1, 0, 0, None), **around, **cells))
    assert [one.points for one in found.risk] == points


@pytest.mark.parametrize(
    ("predicted", "note"), [(0.0, "predicts no change: "), (0.0012, ""), (None, "")]
)
def test_a_forecast_of_no_change_has_a_note(predicted: float | None, note: str) -> None:
    """The note says that it adds nothing; other forecasts have no note."""
    row = csv_row(four(0, 0.5, 0.5, None), predicted_return=predicted)
    found = explanation_of(row).forecast_note
    assert note in found
    assert bool(found) == bool(note)


def test_a_call_that_nobody_can_act_on_is_explained() -> None:
    """The explanation has the reason, and no other rule is looked for."""
    row = csv_row(four(1, 1, 0, None), return_scale=0.001, prediction="HOLD")
    found = explanation_of(row)
    assert found.not_tradable.startswith("it hardly moves: 0.100%")
    assert (found.call_by_score, found.differs) == ("BUY", ())


def test_a_row_made_with_other_thresholds_differs() -> None:
    """A call that today's settings would not give is reported."""
    strict = Settings(blend=BlendSettings(buy_above=0.9))
    found = explain(csv_row(four(1, 1, 0, None)), strict)
    assert found.call == "BUY"
    assert found.call_by_score == "HOLD"
    assert "the row's call is BUY, today's thresholds +0.9" in found.differs[0]


def test_a_changed_score_is_noticed() -> None:
    """A score that does not follow from the row's columns is reported with both."""
    found = explanation_of(csv_row(four(1, 0, 0, None)) | {"score": "0.1"})
    assert "the row's score is +0.100000, its columns give" in found.differs[0]


def test_a_failed_row_has_a_reason_and_no_terms() -> None:
    """The explanation of a failed row has only its reason."""
    blank = dict.fromkeys(COLUMNS, "")
    known = {
        "symbol": "CBA.AX",
        "as_of": "2025-11-10",
        "forecast_session": "2025-11-11",
    }
    found = explanation_of(
        blank | known | {"data_status": "failed", "reason": "too_short: 40."}
    )
    assert (found.call, found.score, found.terms) == (None, None, ())
    assert found.reason == "too_short: 40."
