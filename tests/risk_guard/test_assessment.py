"""The guard's finding: an unknown event is a risk, and what a position shrinks to."""

import pytest

from config.settings import GuardSettings
from risk_guard.assessment import EventAssessment, unknown_events


def test_an_unanswered_question_costs_the_least_haircut() -> None:
    """Where no source answered, the haircut is 20 % and nothing else is claimed."""
    finding = unknown_events("no source is set up", GuardSettings())
    assert finding.status == "unknown"
    assert finding.haircut == 0.20
    assert finding.sit_out is None
    assert (finding.event_type, finding.event_date, finding.title) == (None, None, None)


@pytest.mark.parametrize(
    ("haircut", "shown"), [(0.2, "20%"), (0.45, "45%"), (1.0, "100%")]
)
def test_the_warning_names_reason_and_haircut(haircut: float, shown: str) -> None:
    """The warning says why nothing is known, what it costs, and what to do."""
    finding = unknown_events("Yahoo timed out", GuardSettings(unknown_haircut=haircut))
    assert finding.haircut == haircut
    assert finding.warning == (
        f"Events unknown (Yahoo timed out): {shown} haircut, "
        "check the calendar yourself."
    )


@pytest.mark.parametrize(
    ("haircut", "sit_out", "scale"),
    [
        (0.0, False, 1.0),
        (0.2, None, 0.8),
        (0.45, False, 0.55),
        (0.7, False, 0.3),
        (1.0, False, 0.0),
        (0.0, True, 0.0),
        (0.7, True, 0.0),
    ],
)
def test_the_position_shrinks_by_the_haircut(
    *, haircut: float, sit_out: bool | None, scale: float
) -> None:
    """The position is 0 in a sit-out, else what the haircut leaves."""
    finding = EventAssessment("upcoming", haircut, sit_out, "")
    assert finding.position_scale == pytest.approx(scale)


def test_an_unknown_event_leaves_four_fifths() -> None:
    """Not knowing takes a fifth off the position and does not force a HOLD."""
    finding = unknown_events("no source is set up", GuardSettings())
    assert finding.position_scale == pytest.approx(0.8)
