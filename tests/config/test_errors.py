"""What the caller of a run sees of an error: its exit code and its sentence."""

import pytest

from config.errors import (
    BadPrices,
    BusyError,
    ModelUnusable,
    OvernightError,
    ParameterError,
    RateLimited,
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
    assert kind("sentence.").exit_code == exit_code


@pytest.mark.parametrize("kind", SYMBOL_ERRORS)
def test_a_symbols_reason_opens_with_its_code(kind: type[SymbolError]) -> None:
    """A symbol's error reads as `code: sentence`, as it stands in the CSV."""
    assert str(kind("what came.")) == f"{kind.code}: what came."


def test_every_symbol_error_has_a_code_of_its_own() -> None:
    """No two causes share a code, so the CSV tells them apart."""
    assert len({kind.code for kind in SYMBOL_ERRORS}) == len(SYMBOL_ERRORS)
