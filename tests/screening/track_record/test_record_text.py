"""The record as text: counts always, figures if there are enough calls."""

from made_calls import NOW, SESSIONS, call, calls_frame, outcome, outcomes_frame

from config.settings import RecordSettings
from screening.track_record.record_text import record_section
from screening.track_record.track_record import TOO_FEW, TrackRecords, track_records


def records(live: int, replayed: int) -> TrackRecords:
    """Return the records of so many BUYs that rose by 1 % and 3 % in turn."""
    made = [call("A.AX", as_of) for as_of in SESSIONS[:live]]
    made += [call("B.AX", as_of, live=False) for as_of in SESSIONS[:replayed]]
    found = [outcome(one, 1, 0.01 + 0.02 * (n % 2)) for n, one in enumerate(made)]
    return track_records(
        calls_frame(*made), outcomes_frame(*found), RecordSettings(), NOW
    )


def test_an_empty_record_says_so_and_has_no_table() -> None:
    """Before the first call there is one sentence and no table."""
    section = record_section(records(0, 0))
    assert section.sentences == ("Live calls: none yet.",)
    assert section.tables == ()


def test_figures_stand_with_their_intervals() -> None:
    """A line has count, days, hit rate and gain; only hits alone have no interval."""
    (table,) = record_section(records(40, 0)).tables
    assert table.caption == "After 1 session: 40 scored."
    assert table.lines[0] == (
        "BUY and SELL",
        "40",
        "40",
        "100%",
        "+2.00% (+1.68..+2.32)",
        "-",
    )


def test_too_few_calls_have_their_count_alone() -> None:
    """Below 30 scored calls a group has a verdict instead of figures."""
    (table,) = record_section(records(29, 0)).tables
    assert table.lines[0] == ("BUY and SELL", "29", "29", TOO_FEW, "", "")


def test_replays_follow_and_are_named() -> None:
    """Tables of replayed calls have their own caption, after the live tables."""
    section = record_section(records(30, 31))
    live, replayed = section.tables
    assert replayed.caption == "Replayed calls. After 1 session: 31 scored."
    assert (live,) == record_section(records(30, 0)).tables
    replayed = [one for one in section.sentences if one.startswith("Replayed calls")]
    assert replayed == [
        "Replayed calls (their outcome was known): 31, of 2025-06-02 to 2025-07-15."
    ]
