"""The sentences that say how a run ended, and its failures grouped by cause. Pure.

Page, terminal, Prefect's state and the delivered message all take them from here. It
imports nothing heavy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from config.errors import list_names

Outcome = Literal["Completed", "Completed with failures", "Failed"]

MAX_CAUSES = 10
"""Causes that a sentence names; the CSV has the reason of every failure."""


@dataclass(frozen=True)
class Tally:
    """The numbers of symbols of a run; `degraded` are usable with a defect.

    `untrained` are usable without the model that the run's cluster should have trained.
    `verb` is what a symbol that did not fail is: usable after a screening, done after a
    training.
    """

    usable: int
    failed: int
    degraded: int = 0
    verb: str = "usable"
    untrained: int = 0

    @property
    def total(self) -> int:
        """Return the number of all symbols."""
        return self.usable + self.failed

    @property
    def counts(self) -> str:
        """Return `4 of 5 symbols usable, 1 with a defect, 1 failed`."""
        parts = [f"{self.usable} of {self.total} symbols {self.verb}"]
        parts += [f"{self.degraded} with a defect"] if self.degraded else []
        parts += [f"{self.untrained} not trained"] if self.untrained else []
        parts += [f"{self.failed} failed"] if self.failed else []
        return ", ".join(parts)

    def outcome(self, min_coverage: float) -> Outcome:
        """Return how the run ended; `min_coverage` is a share of all symbols."""
        if not self.usable or self.usable / self.total < min_coverage:
            return "Failed"
        complete = not self.failed and not self.untrained
        return "Completed" if complete else "Completed with failures"

    def headline(self, min_coverage: float) -> str:
        """Return the counts, or the sentence about a failed run."""
        if self.outcome(min_coverage) != "Failed":
            return self.counts
        if not self.usable:
            return f"The run failed: none of {self.total} symbols is {self.verb}"
        return (
            f"The run failed: only {self.usable} of {self.total} symbols are "
            f"{self.verb}"
        )

    def verdict(self, min_coverage: float) -> str:
        """Return the headline, which begins with the outcome if symbols failed."""
        headline = self.headline(min_coverage)
        outcome = self.outcome(min_coverage)
        mixed = outcome == "Completed with failures"
        return f"{outcome}: {headline}" if mixed else headline


@dataclass(frozen=True)
class Cause:
    """The symbols that failed for the same reason."""

    symbols: tuple[str, ...]
    reason: str

    @property
    def subject(self) -> str:
        """Return the symbol, or `10 symbols: A, B and 8 more`."""
        if len(self.symbols) == 1:
            return self.symbols[0]
        return f"{len(self.symbols)} symbols: {list_names(self.symbols)}"

    @property
    def text(self) -> str:
        """Return `X (reason)`, or `2 symbols: X, Y (reason)`."""
        return f"{self.subject} ({self.reason})"


def group_causes(failures: Mapping[str, str]) -> tuple[Cause, ...]:
    """Return the causes of the failures by symbol, the most frequent first.

    Reasons that differ in the name of their symbol only are one cause; SYMBOL stands
    for the name in its reason.
    """
    found: dict[str, list[str]] = {}
    for symbol, reason in failures.items():
        found.setdefault(reason.replace(symbol, "SYMBOL"), []).append(symbol)
    causes = [
        Cause(tuple(symbols), reason if len(symbols) > 1 else failures[symbols[0]])
        for reason, symbols in found.items()
    ]
    return tuple(sorted(causes, key=lambda cause: -len(cause.symbols)))


def list_causes(causes: Sequence[Cause]) -> str:
    """Return the first causes with their symbols; the others are counted."""
    named = "; ".join(cause.text for cause in causes[:MAX_CAUSES])
    more = sum(len(cause.symbols) for cause in causes[MAX_CAUSES:])
    return f"{named}; and {more} more" if more else named
