"""What past calls say beside tonight's calls."""

from made_calls import NOW, SESSIONS, call, calls_frame, outcome, outcomes_frame

from config.settings import RecordSettings
from screening.track_record.evidence import (
    call_evidence,
    forecast_sentence,
    sit_out_sentence,
)
from screening.track_record.sit_out_cost import SitOutCost
from screening.track_record.track_record import TrackRecords, track_records


def records(live: int, replayed: int) -> TrackRecords:
    """Return the records of so many BUYs that all rose by 2 %."""
    made = [call("A.AX", as_of) for as_of in SESSIONS[:live]]
    made += [call("B.AX", as_of, live=False) for as_of in SESSIONS[:replayed]]
    found = [outcome(one, 1, 0.02) for one in made]
    return track_records(
        calls_frame(*made), outcomes_frame(*found), RecordSettings(), NOW
    )


def test_enough_calls_have_their_rate_and_count() -> None:
    """Live calls come before replayed ones; a kind without calls is too few."""
    found = call_evidence(records(40, 0))
    assert found["BUY"].brief == "live right 100% of 40"
    assert found["BUY"].full == "live right 100% of 40; replayed too few to tell (0)"
    assert found["SELL"].brief == "too few to tell"


def test_few_live_calls_leave_the_replayed_ones() -> None:
    """The sentence has both kinds, never added up."""
    found = call_evidence(records(3, 31))["BUY"]
    assert found.brief == "replayed right 100% of 31"
    assert found.full.startswith("live too few to tell (3); replayed right")


def test_without_a_record_it_is_not_known() -> None:
    """No number is invented for a ledger that can't be read."""
    assert call_evidence(None)["BUY"].brief == "record not known"


def test_the_own_record_comes_before_the_evaluation() -> None:
    """All calls alike have no interval, so they are not better than chance."""
    own = forecast_sentence(records(40, 0))
    assert own.startswith("The 40 live BUY and SELL calls of this home were right")
    assert own.endswith("not better than chance.")
    few = forecast_sentence(records(3, 0))
    assert "docs/evaluation.md" in few
    assert few.endswith("this home has too few scored calls to tell.")


def test_what_sitting_out_cost_in_all_is_said_or_too_few() -> None:
    """Without enough sat-out calls an evaluation is used, else the count is given."""
    few = sit_out_sentence(records(3, 0), None, replay=False)
    assert few == (
        "What sitting out has cost or avoided in all: too few to tell, 0 sat-out calls "
        "of this kind of night scored, fewer than 30."
    )
    days = {"first": "2025-01-02", "last": "2025-12-30", "sessions": 252}
    cost = SitOutCost(**days, forgone=0.013, worst=7, avoided=3)
    found = sit_out_sentence(records(3, 0), cost, replay=False)
    assert found.startswith("Sitting out has cost 1.3 % a year and avoided 3 of the 7")
