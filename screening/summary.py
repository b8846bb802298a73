"""How a run ended: counted, with reasons, for the person and for the exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from modelling.model_metadata import ModelMetadata
from screening.row import Row


@dataclass(frozen=True)
class RunSummary:
    """One run of screening or training, in numbers.

    `failures` are the reasons of unusable symbols, `untrained` those of symbols that
    training failed for; `seconds` is the wall-clock total; `trained` holds the models
    made in this run, with the seconds each took; `notices` are what lacked for all.
    """

    as_of: date
    symbols: tuple[str, ...]
    failures: Mapping[str, str]
    seconds: float
    untrained: Mapping[str, str] = field(default_factory=dict)
    trained: tuple[ModelMetadata, ...] = ()
    rows: Sequence[Row] = ()
    csv: Path | None = None
    notices: tuple[str, ...] = ()

    @property
    def succeeded(self) -> int:
        """Return how many symbols are usable."""
        return len(self.symbols) - len(self.failures)

    @property
    def coverage(self) -> float:
        """Return the share of usable symbols."""
        return self.succeeded / len(self.symbols)

    @property
    def sentence(self) -> str:
        """Return `9 of 10 symbols in 84 s; failed: X (reason)`."""
        said = (
            f"{self.succeeded} of {len(self.symbols)} symbols in {self.seconds:.0f} s"
        )
        if not self.failures:
            return said
        named = "; ".join(f"{name} ({why})" for name, why in self.failures.items())
        return f"{said}; failed: {named}"
