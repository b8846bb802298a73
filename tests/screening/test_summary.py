"""The summary of a run in one sentence."""

import pickle
from dataclasses import replace
from datetime import date

from screening.summary import RunSummary, TooFewSymbols


def summary(failed: int) -> RunSummary:
    """Return the summary of a run over 20 symbols of which `failed` failed."""
    symbols = tuple(f"S{number}" for number in range(20))
    failures = dict.fromkeys(symbols[:failed], "too_short: 3 rows")
    return RunSummary(date(2025, 11, 10), symbols, failures, seconds=84.2)


def test_a_sentence_names_each_failure_with_its_reason() -> None:
    """Symbols that failed for the same reason are named together."""
    assert summary(2).sentence == (
        "18 of 20 symbols done, 2 failed, in 84 s; failed: 2 symbols: S0, S1 "
        "(too_short: 3 rows)"
    )


def test_a_sentence_stays_one_when_thousands_fail() -> None:
    """Of many causes the first ten are named; the symbols of the others are counted."""
    base = summary(15)
    reasons = {symbol: f"{symbol}: {i} rows" for i, symbol in enumerate(base.symbols)}
    sentence = replace(base, failures=reasons).sentence
    assert "S9 (S9: 9 rows)" in sentence
    assert "S10" not in sentence
    assert sentence.endswith("; and 10 more")


def test_too_few_symbols_travel_between_processes() -> None:
    """The error holds the summary's sentence, and keeps the summary when pickled."""
    error = pickle.loads(pickle.dumps(TooFewSymbols(summary(15))))  # noqa: S301  ours
    assert error.problem == f"too few symbols are usable: {summary(15).sentence}"
    assert error.summary == summary(15)
