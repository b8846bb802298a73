"""What sitting out cost and avoided: in the track record, and by an evaluation."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from made_calls import NOW, SESSIONS, call, calls_frame, outcome, outcomes_frame

from config.settings import RecordSettings
from screening.track_record.record_text import record_section
from screening.track_record.sit_out_cost import (
    SitOutCost,
    cost_sentence,
    read_cost,
    sit_out_cost,
    worst_returns,
)
from screening.track_record.track_record import TrackRecords, track_records

EVALUATED = SitOutCost(
    rule="published",
    first=date(2015, 7, 9),
    last=date(2025, 12, 30),
    sessions=2520,
    forgone=0.5,
    worst=728,
    avoided=233,
)


def records(sat_out: int) -> TrackRecords:
    """Return the record of 40 nights, the first of them sat out with a fall of 2 %."""
    made = [
        call("A.AX", as_of, sit_out=number < sat_out)
        for number, as_of in enumerate(SESSIONS[:40])
    ]
    moves = [-0.02 if number < sat_out else 0.01 for number in range(40)]
    scored = [outcome(of, 1, moved) for of, moved in zip(made, moves, strict=True)]
    settings = RecordSettings(horizons=(1,))
    return track_records(calls_frame(*made), outcomes_frame(*scored), settings, NOW)


def test_the_cost_is_the_mean_over_stocks_of_the_returns_sat_out() -> None:
    """Two stocks: the one sat out rose by 4 %, so a holder of both lost 2 %."""
    days = pd.Series([date(2025, 6, 2)] * 2 + [date(2025, 6, 3)] * 2)
    returns = pd.Series([0.04, -0.01, 0.00, -0.03])
    sat_out = pd.Series([True, False, False, False])
    found = sit_out_cost(days, returns, sat_out, worst_returns(returns))
    assert found.forgone == pytest.approx(0.02)
    assert (found.sessions, found.worst, found.avoided) == (2, 1, 0)


def test_the_sentence_gives_the_cost_by_the_year_of_a_long_span() -> None:
    """It names the rule, and what the days count."""
    assert cost_sentence(EVALUATED, "Evaluated nights") == (
        "Sitting out has cost 5.0 % a year and avoided 233 of the 728 worst days "
        "(Evaluated nights of 2015-07-09 to 2025-12-30, rule `published`; a day counts "
        "once per stock)."
    )


def test_the_home_s_own_calls_come_first() -> None:
    """With 30 sat-out calls the report speaks of them; 30 falls of 2 % were avoided."""
    own = records(30)
    assert own.live.sit_outs
    (sentence,) = [
        text for text in record_section(own, EVALUATED).sentences if "Sitting" in text
    ]
    assert sentence.startswith(
        "Sitting out has gained 60.0 % in 40 sessions and avoided 1 of the 1 worst days"
    )


def test_with_too_few_calls_the_last_evaluation_is_shown() -> None:
    """Without an evaluation the report says nothing about it."""
    few = records(29)
    assert few.live.sit_outs is None
    assert "728 worst days" in record_section(few, EVALUATED).sentences[-1]
    assert not any("Sitting" in text for text in record_section(few).sentences)


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    """What an evaluation wrote comes back; anything else is no cost."""
    path = tmp_path / "sit_out_cost.json"
    assert read_cost(path) is None
    path.write_text(EVALUATED.model_dump_json())
    assert read_cost(path) == EVALUATED
    path.write_text("{}")
    assert read_cost(path) is None
