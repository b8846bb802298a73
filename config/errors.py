"""The exception tree: what can go wrong, and with which exit code a run ends.

An error keeps its problem and its fix apart; together they are one sentence.
No handling here: the edge that can answer an error catches it.
"""

from collections.abc import Sequence
from typing import ClassVar

from config.plain_text import plain_text

LONGEST_QUOTE = 40

MOST_NAMED = 8
"""Names that a sentence lists; the others are counted."""


def quote_value(value: object) -> str:
    """Return the value as it may stand in a sentence: escaped, and cut where long."""
    if isinstance(value, str) and len(value) > LONGEST_QUOTE:
        return repr(f"{value[:LONGEST_QUOTE]}...")
    text = repr(value)
    return text if len(text) <= 2 * LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."


def list_names(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return `A, B and 3 more`: the first names, and how many follow them."""
    named = ", ".join(names[:most])
    more = len(names) - most
    return f"{named} and {more} more" if more > 0 else named


class OvernightError(Exception):
    """Root of every error this project raises on purpose.

    `problem` says what is wrong and why; `fix` says what to do, "" if there is nothing.
    Both are part of a sentence, without its full stop.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, fix: str = "") -> None:
        """Keep both, cleaned: they may quote a file, a path or an answer."""
        self.problem, self.fix = plain_text(problem), plain_text(fix)
        super().__init__(self.problem, self.fix)

    @property
    def sentence(self) -> str:
        """Return `PROBLEM; FIX.`, or the problem alone if there is nothing to do."""
        return f"{self.problem}; {self.fix}." if self.fix else self.problem

    def __str__(self) -> str:
        """Return the sentence, as a person reads it."""
        return self.sentence


class UsageError(OvernightError):
    """The request itself is wrong; refused before anything runs."""

    exit_code: ClassVar[int] = 2


class ParameterError(UsageError):
    """A parameter is outside its bounds or not among its choices."""


class SelectionError(UsageError):
    """The symbols, list or file asked for can't be read as stock symbols."""


class RunError(OvernightError):
    """The whole run can't go on."""


class BusyError(RunError):
    """Another run holds the same home folder."""


class StorageError(RunError):
    """A file can't be read or written; the message names its path."""


class SentimentUnavailable(RunError):
    """The language model is not there or not to be trusted; the message says which."""


class ClusterUnavailable(RunError):
    """The Dask cluster asked for does not answer, or can't run our jobs."""


class UncoveredExchange(SelectionError):
    """A symbol of an exchange that is not covered; a list goes on without it."""


class SymbolError(OvernightError):
    """One symbol can't go on; it becomes that symbol's row with this reason."""

    code: ClassVar[str] = "failed"

    def __str__(self) -> str:
        """Return the code and the sentence, as they stand in the CSV."""
        return f"{self.code}: {self.sentence}"


class UnknownSymbol(SymbolError):
    """The source knows no such symbol, or has no history of it."""

    code: ClassVar[str] = "unknown_symbol"


class RateLimited(SymbolError):
    """The source refuses for now because it was asked too often."""

    code: ClassVar[str] = "rate_limited"


class Unreachable(SymbolError):
    """The source gave no usable answer: time-out, dropped line, server error."""

    code: ClassVar[str] = "unreachable"


class NoNetwork(Unreachable):
    """No name or no line: asking again in this run would only cost time."""


class NoNews(SymbolError):
    """The symbol has no headline; the news component is missing."""

    code: ClassVar[str] = "no_news"


class NoCalendar(SymbolError):
    """An event source knows nothing of the symbol's coming events."""

    code: ClassVar[str] = "no_calendar"


class BadPrices(SymbolError):
    """Prices came, but can't be trusted."""

    code: ClassVar[str] = "bad_prices"


class DamagedTable(SymbolError):
    """A stored table is not what was written there, and could not be made anew."""

    code: ClassVar[str] = "damaged_table"


class StalePrices(SymbolError):
    """The last bar is older than the as-of session."""

    code: ClassVar[str] = "stale_prices"


class TooShort(SymbolError):
    """Fewer sessions than the computation needs."""

    code: ClassVar[str] = "too_short"


class TrainingFailed(SymbolError):
    """A training or forecasting process died, hung or gave no finite loss."""

    code: ClassVar[str] = "training_failed"


class ModelUnusable(SymbolError):
    """The symbol has no usable model: missing, damaged, rejected or from later."""

    code: ClassVar[str] = "model_unusable"
