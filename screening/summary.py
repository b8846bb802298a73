"""How a run ended: counted, with reasons, for the person and for the exit code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from config.errors import RunError
from modelling.model_metadata import ModelMetadata
from screening.row import Row
from screening.track_record.track_record import TrackRecords
from storage.paths import StoragePath

NAMED_FAILURES = 10
"""A sentence names so many; the CSV has a row with the reason for each."""


@dataclass(frozen=True)
class RunSummary:
    """One run of screening or training, in numbers.

    `failures` are the reasons of unusable symbols, `untrained` those of symbols that
    training failed for; `seconds` is the wall-clock total; `trained` holds the models
    made in this run, with the seconds each took; `notices` are what lacked for all;
    `resumed` counts by stage what an earlier run that did not end had done;
    `track_record` is how past calls fared, None where the ledger can't be read;
    `rows` are all of the night's, those too that earlier runs of it published.
    """

    as_of: date
    symbols: tuple[str, ...]
    failures: Mapping[str, str]
    seconds: float
    untrained: Mapping[str, str] = field(default_factory=dict)
    trained: tuple[ModelMetadata, ...] = ()
    rows: Sequence[Row] = ()
    csv: StoragePath | None = None
    report: StoragePath | None = None
    notices: tuple[str, ...] = ()
    resumed: Mapping[str, int] = field(default_factory=dict)
    track_record: TrackRecords | None = None

    @property
    def kept(self) -> tuple[Row, ...]:
        """Return the rows of symbols that an earlier run of the night screened."""
        own = set(self.symbols)
        return tuple(row for row in self.rows if row["symbol"] not in own)

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
        """Return `9 of 10 symbols in 84 s; failed: X (reason)`, of many the first."""
        said = (
            f"{self.succeeded} of {len(self.symbols)} symbols in {self.seconds:.0f} s"
        )
        if self.resumed:
            said = f"{said}; {self.resumed_sentence}"
        if not self.failures:
            return said
        first = islice(self.failures.items(), NAMED_FAILURES)
        named = "; ".join(f"{name} ({why})" for name, why in first)
        more = len(self.failures) - NAMED_FAILURES
        return f"{said}; failed: {named}" + (f"; and {more} more" if more > 0 else "")

    @property
    def resumed_sentence(self) -> str:
        """Return `resumed from an unfinished run: 3 download, 2 train`."""
        counts = ", ".join(f"{count} {stage}" for stage, count in self.resumed.items())
        return f"resumed from an unfinished run: {counts}" if counts else ""


class TooFewSymbols(RunError):
    """Fewer symbols are usable than a run needs; `summary` holds the reasons."""

    def __init__(self, summary: RunSummary) -> None:
        """Keep the run's summary."""
        super().__init__(f"too few symbols are usable: {summary.sentence}")
        self.summary = summary

    def __reduce__(self) -> tuple[type["TooFewSymbols"], tuple[RunSummary]]:
        """Return how another process rebuilds it: from the summary alone."""
        return type(self), (self.summary,)
