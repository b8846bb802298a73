"""The summary of a run: what it screened or trained, what failed, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from config.errors import ClusterFailed, RunError
from modelling.model_metadata import ModelMetadata
from screening.market_state import MarketState
from screening.row import Row
from screening.track_record.track_record import TrackRecords
from screening.verdict import Outcome, Tally, group_causes, list_causes
from storage.paths import StoragePath


@dataclass(frozen=True)
class RunSummary:
    """One run of screening or training, in numbers.

    `failures` holds the reason per unusable symbol, `untrained` the reason per failed
    training. `seconds` is wall-clock time. `trained` holds the models made in this
    run. `notices` are sentences on what was missing for all symbols. `resumed` counts,
    per stage, the results taken from an unfinished run. `track_record` is None if the
    ledger can't be read. `rows` include rows that earlier runs of the night published.
    `market` holds the market's state per exchange of the rows. `lead` are sentences
    on what the exchanges' lead markets had done by the as-of sessions.
    `min_coverage` is the share of usable symbols below which the run has failed.
    `added` are the symbols that were screened only because they are held.
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
    lead: tuple[str, ...] = ()
    min_coverage: float = 0.5
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
    def tally(self) -> Tally:
        """Return the numbers of the symbols that were asked for."""
        own = set(self.symbols) - self.added
        failed = sum(symbol in own for symbol in self.failures)
        degraded = sum(
            row["symbol"] in own and row["data_status"] == "degraded"
            for row in self.rows
        )
        verb = "usable" if self.csv else "done"
        untrained = len(own & self.unserved.keys())
        return Tally(len(own) - failed, failed, degraded, verb, untrained)

    @property
    def unserved(self) -> dict[str, str]:
        """Return why the cluster did not train a model, by symbol that is usable."""
        return {
            symbol: reason
            for symbol, reason in self.untrained.items()
            if is_cluster_fault(reason) and symbol not in self.failures
        }

    @property
    def outcome(self) -> Outcome:
        """Return how the run ended."""
        return self.tally.outcome(self.min_coverage)

    @property
    def verdict(self) -> str:
        """Return the sentence about how the run ended."""
        return self.tally.verdict(self.min_coverage)

    @property
    def sentence(self) -> str:
        """Return `9 of 10 symbols usable, 1 failed, in 84 s; failed: X (reason)`."""
        parts = [f"{self.tally.counts}, in {self.seconds:.0f} s"]
        if self.resumed:
            parts.append(self.resumed_sentence)
        if self.failures:
            parts.append(f"failed: {list_causes(group_causes(self.failures))}")
        if self.unserved:
            parts.append(f"not trained: {list_causes(group_causes(self.unserved))}")
        return "; ".join(parts)

    @property
    def resumed_sentence(self) -> str:
        """Return `resumed from an unfinished run: 3 download, 2 train`."""
        counts = ", ".join(f"{count} {stage}" for stage, count in self.resumed.items())
        return f"resumed from an unfinished run: {counts}" if counts else ""


def is_cluster_fault(reason: str) -> bool:
    """Return whether the cluster, not the symbol, is why a training failed."""
    return reason.startswith(f"{ClusterFailed.code}:")


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
