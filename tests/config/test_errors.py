"""Exit code and message of an error."""

import pytest

from config.errors import (
    BadPrices,
    BusyError,
    ModelUnusable,
    OvernightError,
    ParameterError,
    RateLimited,
    RunError,
    SelectionError,
    StalePrices,
    StorageError,
    SymbolError,
    TooShort,
    TrainingFailed,
    UnknownSymbol,
    Unreachable,
)

SYMBOL_ERRORS: list[type[SymbolError]] = [
    UnknownSymbol,
    RateLimited,
    Unreachable,
    BadPrices,
    StalePrices,
    TooShort,
    TrainingFailed,
    ModelUnusable,
]


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [(ParameterError, 2), (SelectionError, 2), (BusyError, 1), (StorageError, 1)],
)
def test_wrong_requests_exit_with_2_and_broken_runs_with_1(
    kind: type[OvernightError], exit_code: int
) -> None:
    """A wrong request ends with exit code 2, a run that can't go on with 1."""
    assert kind("problem").exit_code == exit_code


@pytest.mark.parametrize(
    ("problem", "fix", "sentence"),
    [
        ("the disk is full", "free space", "the disk is full; free space."),
        ("the disk is full", "", "the disk is full."),
        ("the disk is full.", "", "the disk is full."),
        ("", "", ""),
    ],
)
def test_problem_and_fix_form_one_sentence(
    problem: str, fix: str, sentence: str
) -> None:
    """An error prints as `PROBLEM; FIX.` with one full stop."""
    error = RunError(problem, fix)
    assert (error.problem, error.fix, str(error)) == (problem, fix, sentence)


@pytest.mark.parametrize("kind", SYMBOL_ERRORS)
def test_a_symbols_reason_opens_with_its_code(kind: type[SymbolError]) -> None:
    """A symbol's error prints as `CODE: SENTENCE`, the text of the CSV."""
    assert str(kind("no data")) == f"{kind.code}: no data."


def test_every_symbol_error_has_a_code_of_its_own() -> None:
    """No two errors have the same code in the CSV."""
    assert len({kind.code for kind in SYMBOL_ERRORS}) == len(SYMBOL_ERRORS)
