"""The sentences about how a run ended, which every place takes from one module."""

import pytest

from screening.verdict import Tally, group_causes, list_causes


@pytest.mark.parametrize(
    ("tally", "sentence"),
    [
        (Tally(5, 0), "5 of 5 symbols usable"),
        (Tally(5, 0, 1), "5 of 5 symbols usable, 1 with a defect"),
        (Tally(3, 2), "Completed with failures: 3 of 5 symbols usable, 2 failed"),
        (
            Tally(5, 0, untrained=2),
            "Completed with failures: 5 of 5 symbols usable, 2 not trained",
        ),
        (Tally(1, 2), "The run failed: only 1 of 3 symbols are usable"),
        (Tally(0, 2, verb="done"), "The run failed: none of 2 symbols is done"),
    ],
)
def test_the_verdict_names_the_outcome_and_counts(tally: Tally, sentence: str) -> None:
    """A run with failures, or with too few symbols, is named so before the counts."""
    assert tally.verdict(0.5) == sentence


def test_one_cause_of_many_symbols_is_one_sentence() -> None:
    """Reasons that differ in the name of their symbol only are one cause."""
    failures = {"GONE.AX": "unknown_symbol: no GONE.AX"}
    failures |= {name: f"unreachable: no network for {name}" for name in ("A.L", "B.L")}
    assert list_causes(group_causes(failures)) == (
        "2 symbols: A.L, B.L (unreachable: no network for SYMBOL); "
        "GONE.AX (unknown_symbol: no GONE.AX)"
    )
