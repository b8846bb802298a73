"""The exceptions of this project, each with the exit code of a run that it ends.

An error keeps its problem and its fix apart; printed, they form one sentence.
"""

from collections.abc import Sequence
from typing import ClassVar

from config.plain_text import plain_text

MAX_QUOTE_LENGTH = 40

MAX_NAMES = 8
"""Names that a message lists; the others are counted."""


def quote_value(value: object) -> str:
    """Return the value as a message quotes it: escaped, and cut if it is long."""
    if isinstance(value, str) and len(value) > MAX_QUOTE_LENGTH:
        return repr(f"{value[:MAX_QUOTE_LENGTH]}...")
    text = repr(value)
    long = len(text) > 2 * MAX_QUOTE_LENGTH
    return f"{text[:MAX_QUOTE_LENGTH]}..." if long else text


def list_names(names: Sequence[str], limit: int = MAX_NAMES) -> str:
    """Return `A, B and 3 more`: the first names, and the number of the others."""
    named = ", ".join(names[:limit])
    more = len(names) - limit
    return f"{named} and {more} more" if more > 0 else named


class OvernightError(Exception):
    """Base class of every error that this project raises on purpose.

    `problem` is what is wrong and why; `fix` is what to do, "" if nothing can be done.
    Neither has a full stop at its end.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, fix: str = "") -> None:
        """Keep problem and fix without control characters, which a quote may bring."""
        self.problem, self.fix = plain_text(problem), plain_text(fix)
        super().__init__(self.problem, self.fix)

    @property
    def sentence(self) -> str:
        """Return `PROBLEM; FIX.`, or `PROBLEM.` without a fix."""
        text = f"{self.problem}; {self.fix}" if self.fix else self.problem
        return text if text.endswith((".", "?")) or not text else f"{text}."

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


class UsageError(OvernightError):
    """The request itself is wrong; raised before anything runs."""

    exit_code: ClassVar[int] = 2


class ParameterError(UsageError):
    """A parameter or setting is out of range, unknown or not among its choices."""


class SelectionError(UsageError):
    """The requested symbols, stock list or file are not stock symbols."""


class RunError(OvernightError):
    """The whole run can't go on."""


class BusyError(RunError):
    """Another run uses the same home."""


class LostHome(BaseException):
    """Another run took over the home of this run, which must end at once.

    Like `asyncio.CancelledError` it is no `Exception`: many handlers let a night go on
    after an exception, and none of them may go on after this. Printed, it is a sentence
    with the cause, the run that holds the home now, and what to do.
    """

    exit_code: ClassVar[int] = 1


class StorageError(RunError):
    """A file can't be read or written; the message holds its path."""


class SentimentUnavailable(RunError):
    """The language model is missing or damaged."""


class ClusterUnavailable(RunError):
    """The Dask cluster does not answer or can't run our jobs."""


class UncoveredExchange(SelectionError):
    """The exchange of a symbol is not covered; a stock list skips such a symbol."""


class SymbolError(OvernightError):
    """One symbol can't be processed; the message becomes its row's `reason`."""

    code: ClassVar[str] = "failed"

    def __init_subclass__(cls, code: str = "") -> None:
        """Set the code with which the reason of such an error begins."""
        cls.code = code or cls.code

    def __str__(self) -> str:
        """Return `CODE: SENTENCE`, the text of the CSV."""
        return f"{self.code}: {self.sentence}"


class UnknownSymbol(SymbolError, code="unknown_symbol"):
    """The source has no such symbol or no history of it."""


class RateLimited(SymbolError, code="rate_limited"):
    """The source refuses further requests for now."""


class Unreachable(SymbolError, code="unreachable"):
    """The source gave no usable answer: time-out, broken connection, server error."""


class NoNetwork(Unreachable):
    """The source's name or address can't be reached; a retry would only cost time."""


class NoNews(SymbolError, code="no_news"):
    """The symbol has no headlines, so its news component is missing."""


class NoCalendar(SymbolError, code="no_calendar"):
    """An event source has no coming events of the symbol."""


class BadPrices(SymbolError, code="bad_prices"):
    """The downloaded prices are wrong or contradict each other."""


class DamagedTable(SymbolError, code="damaged_table"):
    """A stored table was changed after it was written, or can't be read."""


class StalePrices(SymbolError, code="stale_prices"):
    """The last bar is older than the as-of session."""


class TooShort(SymbolError, code="too_short"):
    """The history has fewer sessions than the computation needs."""


class TrainingFailed(SymbolError, code="training_failed"):
    """A training or forecasting process was killed, hung or gave no finite loss."""


class ClusterFailed(TrainingFailed, code="cluster_failed"):
    """The Dask cluster, not the symbol, is why a model was not trained."""


class ModelUnusable(SymbolError, code="model_unusable"):
    """The symbol's model is missing, damaged, rejected, expired or from the future."""
