"""The summary of a run in one sentence."""

import pickle
from datetime import date

from screening.summary import RunSummary, TooFewSymbols


def summary(failed: int) -> RunSummary:
    """Return the summary of a run over 20 symbols of which `failed` failed."""
    symbols = tuple(f"S{number}" for number in range(20))
    failures = dict.fromkeys(symbols[:failed], "too_short: 3 rows")
    return RunSummary(date(2025, 11, 10), symbols, failures, seconds=84.2)


def test_a_sentence_names_each_failure_with_its_reason() -> None:
    """Few failures are all named, in order."""
    sentence = summary(2).sentence
    assert sentence.startswith(
        "18 of 20 symbols in 84 s; failed: S0 (too_short: 3 rows);"
    )
    assert sentence.endswith("; S1 (too_short: 3 rows)")


def test_a_sentence_stays_one_when_thousands_fail() -> None:
    """Of many failures the first ten are named and the others counted."""
    sentence = summary(15).sentence
    assert "S9 (" in sentence
    assert "S10" not in sentence
    assert sentence.endswith("; and 5 more")


def test_too_few_symbols_travel_between_processes() -> None:
    """The error holds the summary's sentence, and keeps the summary when pickled."""
    error = pickle.loads(pickle.dumps(TooFewSymbols(summary(15))))  # noqa: S301  ours
    assert error.problem == f"too few symbols are usable: {summary(15).sentence}"
    assert error.summary == summary(15)
