"""The summary of a run: what it screened or trained, what failed, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from config.errors import RunError
from modelling.model_metadata import ModelMetadata
from screening.market_state import MarketState
from screening.row import Row
from screening.track_record.track_record import TrackRecords
from storage.paths import StoragePath

NAMED_FAILURES = 10
"""Failures that a sentence names; the CSV has the reason of every failure."""


@dataclass(frozen=True)
class RunSummary:
    """One run of screening or training, in numbers.

    `failures` holds the reason per unusable symbol, `untrained` the reason per failed
    training. `seconds` is wall-clock time. `trained` holds the models made in this
    run. `notices` are sentences on what was missing for all symbols. `resumed` counts,
    per stage, the results taken from an unfinished run. `track_record` is None if the
    ledger can't be read. `rows` include rows that earlier runs of the night published.
    `market` holds the market's state per exchange of the rows. `added` are the symbols
    that were screened only because they are held.
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
    market: tuple[MarketState, ...] = ()
    added: frozenset[str] = frozenset()

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
        """Return the usable share of the symbols that were asked for."""
        asked = [symbol for symbol in self.symbols if symbol not in self.added]
        return sum(symbol not in self.failures for symbol in asked) / len(asked)

    @property
    def sentence(self) -> str:
        """Return `9 of 10 symbols in 84 s; failed: X (reason)`, at most ten."""
        parts = [
            f"{self.succeeded} of {len(self.symbols)} symbols in {self.seconds:.0f} s"
        ]
        if self.resumed:
            parts.append(self.resumed_sentence)
        if self.failures:
            first = islice(self.failures.items(), NAMED_FAILURES)
            named = "; ".join(f"{symbol} ({reason})" for symbol, reason in first)
            parts.append(f"failed: {named}")
        more = len(self.failures) - NAMED_FAILURES
        return "; ".join([*parts, f"and {more} more"] if more > 0 else parts)

    @property
    def resumed_sentence(self) -> str:
        """Return `resumed from an unfinished run: 3 download, 2 train`."""
        counts = ", ".join(f"{count} {stage}" for stage, count in self.resumed.items())
        return f"resumed from an unfinished run: {counts}" if counts else ""


class TooFewSymbols(RunError):
    """Fewer symbols are usable than a run needs; `summary` holds the reasons."""

    def __init__(self, summary: RunSummary) -> None:
        """Keep the run's summary."""
        super().__init__(
            f"too few symbols are usable: {summary.sentence}",
            "correct these symbols, or run again later if their source was down",
        )
        self.summary = summary

    def __reduce__(self) -> tuple[type["TooFewSymbols"], tuple[RunSummary]]:
        """Return how another process rebuilds the error from its summary."""
        return type(self), (self.summary,)
