"""What `explain` says of the model where its direction needs a word."""

import pytest
from made_rows import csv_row, four

from config.settings import Settings
from flows.shown_explanation import show_explanation
from screening.explanation import explained

NONE = "The LSTM predicts no change: "
DOWN = (
    "The LSTM predicts +0.12%, yet its direction is down: with the errors that it made "
    "in its calibration sessions, 43% of the returns are above 0."
)
UP = (
    "The LSTM predicts -0.12%, yet its direction is up: with the errors that it made "
    "in its calibration sessions, 57% of the returns are above 0."
)


@pytest.mark.parametrize(
    ("predicted", "chance", "direction", "sentence"),
    [
        (0.0, 0.57, 1.0, NONE),
        (0.0012, 0.43, -1.0, DOWN),
        (-0.0012, 0.57, 1.0, UP),
        (0.0012, 0.57, 1.0, None),
        (-0.0012, 0.43, -1.0, None),
        (0.0012, 0.5, 0.0, None),
        (None, None, None, None),
    ],
)
def test_a_direction_against_the_predicted_change_is_told(
    capsys: pytest.CaptureFixture[str],
    predicted: float | None,
    chance: float | None,
    direction: float | None,
    sentence: str | None,
) -> None:
    """A forecast of a rise may say down: its own errors decide."""
    voices = four(direction or 0.0, 0.5, 0.5, None)
    if direction is None:
        voices["lstm"] = voices["finbert"]
    row = csv_row(voices, predicted_return=predicted, probability_up=chance)
    show_explanation(explained(row, Settings()))
    said = " ".join(capsys.readouterr().out.split())
    assert sentence in said if sentence else "The LSTM predicts" not in said
