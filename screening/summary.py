"""How a run ended: counted, with reasons, for the person and for the exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from config.places import AnyPath
from modelling.model_metadata import ModelMetadata
from screening.row import Row
from screening.track_record import TrackRecords


@dataclass(frozen=True)
class RunSummary:
    """One run of screening or training, in numbers.

    `failures` are the reasons of unusable symbols, `untrained` those of symbols that
    training failed for; `seconds` is the wall-clock total; `trained` holds the models
    made in this run, with the seconds each took; `notices` are what lacked for all;
    `taken_over` counts by stage what an earlier run that did not end had done;
    `track_record` is how past calls fared, None where the ledger can't be read.
    """

    as_of: date
    symbols: tuple[str, ...]
    failures: Mapping[str, str]
    seconds: float
    untrained: Mapping[str, str] = field(default_factory=dict)
    trained: tuple[ModelMetadata, ...] = ()
    rows: Sequence[Row] = ()
    csv: AnyPath | None = None
    notices: tuple[str, ...] = ()
    taken_over: Mapping[str, int] = field(default_factory=dict)
    track_record: TrackRecords | None = None

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
        if self.taken_over:
            said = f"{said}; {self.taken_over_sentence}"
        if not self.failures:
            return said
        named = "; ".join(f"{name} ({why})" for name, why in self.failures.items())
        return f"{said}; failed: {named}"

    @property
    def taken_over_sentence(self) -> str:
        """Return `taken over from an unfinished run: 3 of prices, 2 of train`."""
        told = ", ".join(f"{count} {stage}" for stage, count in self.taken_over.items())
        return f"taken over from an unfinished run: {told}" if told else ""
