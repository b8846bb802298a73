"""One paced connection to Yahoo for all feeds of a run, with typed causes of failure.

yfinance answers most faults with an empty frame and a log line. It keeps bad answers in
a cache of the process, and repeats few failed requests. This module corrects all three.
"""

import logging
import re
import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import tenacity

from config.errors import (
    NoNetwork,
    RateLimited,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import PriceSettings
from market_data.yahoo_earnings import read_earnings_page

if TYPE_CHECKING:
    from types import ModuleType

    from market_data.yahoo_session import TimedSession

NO_NETWORK_CODES = (5, 6, 7)
"""curl's codes for an unknown proxy, an unknown host and a refused connection."""

NOT_FOUND = 404

_CURL_TEXT = re.compile(
    r"^Failed to perform, curl: \(\d+\) |\.? See https://curl\.se.*"
)
"""The text that curl's bindings put around the cause."""

QUOTE_SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary"


class RequestBudget:
    """The requests and the waiting time that one run may use for a service.

    All threads of a run share it, so that the waiting times of many symbols do not add
    up.
    """

    def __init__(
        self, per_second: float, retry_seconds: float, give_up_after: int
    ) -> None:
        """Start with the full waiting time and no request."""
        self._interval = 1 / per_second
        self._deadline: float | None = None
        self._retry_seconds = retry_seconds
        self._give_up_after = give_up_after
        self._failures: list[SymbolError] = []
        self._spent = False
        self._next = 0.0
        self._lock = threading.Lock()

    def pace(self) -> None:
        """Wait until the next request is due."""
        with self._lock:
            now = time.monotonic()
            due = max(now, self._next)
            self._next = due + self._interval
        time.sleep(due - now)

    def extend(self, seconds: float) -> None:
        """Move the deadline by the seconds that a thread waited for its turn."""
        with self._lock:
            if self._deadline is not None:
                self._deadline += seconds

    def allows(self, pause: float) -> bool:
        """Return whether a pause ends before the deadline; the first call sets it."""
        with self._lock:
            now = time.monotonic()
            if self._deadline is None:
                self._deadline = now + self._retry_seconds
            fits = now + pause <= self._deadline
            self._spent = self._spent or not fits
            return fits

    def note(self, failure: SymbolError | None) -> None:
        """Count failures in a row; any answer of Yahoo resets the count."""
        with self._lock:
            if failure is not None and isinstance(failure, RateLimited | Unreachable):
                self._failures.append(failure)
            else:
                self._failures.clear()

    @property
    def given_up(self) -> SymbolError | None:
        """Return the last failure if the run makes no more requests, else None.

        The run stops after many failures in a row if its waiting time is used up or
        there is no network. Otherwise each symbol would wait for a dead service.
        """
        with self._lock:
            if len(self._failures) < self._give_up_after:
                return None
            last = self._failures[-1]
            return last if self._spent or isinstance(last, NoNetwork) else None


class YahooClient:
    """One client session for all threads and feeds.

    A night needs prices, so the calendar and the headlines have a separate waiting time
    and never use up that of the prices.

    The pace counts a query: one symbol's history, calendar or headlines. yfinance sends
    one request per query. It sends more if it lacks a cookie and a crumb (once per
    process) or a time zone (once per symbol, then kept on disk), or got an error.
    """

    def __init__(
        self,
        settings: PriceSettings,
        shared_pace: Callable[[], None] = lambda: None,
        pause_seconds: float = 1,
    ) -> None:
        """Prepare the client; it sends nothing before the first query.

        `shared_pace` waits for a turn among other clients. One thread at a time calls
        it, after the client's own pace. `pause_seconds` is the least pause before a
        failed query is sent again.
        """
        self.timeout = settings.request_timeout_seconds
        self._query_seconds = settings.question_timeout_seconds
        rate, failures = settings.requests_per_second, settings.give_up_after
        self._budget = RequestBudget(rate, settings.retry_seconds, failures)
        self._extras = RequestBudget(rate, settings.extras_retry_seconds, failures)
        self._shared_pace = shared_pace
        self._pause_seconds = pause_seconds
        self._turn = threading.Lock()
        self._opening = threading.Lock()
        self._opened: tuple[ModuleType, TimedSession] | None = None

    def ask[Answer](
        self,
        symbol: str,
        what: str,
        request: Callable[[Any], Answer],
        *,
        extra: bool = False,
    ) -> Answer:
        """Return what `request` gets from the symbol's `yfinance.Ticker`.

        After a rate limit or a broken answer it asks again, with growing, jittered
        pauses, while the run's shared budget lasts. It does not ask again for an
        unknown symbol. `what` names the answer in messages. `extra` marks an answer
        that a night can do without; it is asked for once if the prices were given up.

        Raises
        ------
        SymbolError
            `UnknownSymbol`, `RateLimited`, `Unreachable`, or what `request` raised.
        """
        budget = self._extras if extra else self._budget
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_temporary),
            wait=tenacity.wait_random_exponential(
                multiplier=2 * self._pause_seconds, min=self._pause_seconds, max=60
            ),
            stop=lambda state: (
                self._budget.given_up is not None
                or not budget.allows(state.upcoming_sleep)
            ),
            reraise=True,
        )
        answer: Answer = retrying(self._ask_once, budget, symbol, what, request)
        return answer

    @property
    def clock_lead_seconds(self) -> float | None:
        """Return how far this machine's clock is ahead of Yahoo's, None if unknown."""
        return self._opened[1].clock_lead_seconds if self._opened else None

    @property
    def service_time(self) -> datetime:
        """Return the present time of Yahoo's clock; if unknown, of this machine's."""
        return datetime.now(UTC) - timedelta(seconds=self.clock_lead_seconds or 0.0)

    def calendar_events(self, symbol: str) -> dict[str, Any]:
        """Return Yahoo's unchanged `calendarEvents` of the symbol, times as epochs.

        `Ticker.calendar` converts them to dates in the time zone of the process, which
        are one day off for Sydney or New York.
        """

        def request(ticker: Any) -> dict[str, Any]:  # noqa: ANN401
            from yfinance.data import YfData  # noqa: PLC0415

            answer = YfData(session=ticker.session).get_raw_json(
                f"{QUOTE_SUMMARY}/{symbol}",
                params={"modules": "calendarEvents", "formatted": "false"},
                timeout=self.timeout,
            )
            events: dict[str, Any] = answer["quoteSummary"]["result"][0][
                "calendarEvents"
            ]
            return events

        return self.ask(symbol, "a calendar", request, extra=True)

    def earnings(self, symbol: str) -> tuple[datetime, ...]:
        """Return the instants of past and coming earnings; see `yahoo_earnings`."""
        return self.ask(
            symbol,
            "past earnings",
            lambda ticker: read_earnings_page(ticker, symbol),
            extra=True,
        )

    def _ask_once[Answer](
        self,
        budget: RequestBudget,
        symbol: str,
        what: str,
        request: Callable[[Any], Answer],
    ) -> Answer:
        _require_not_given_up(budget, symbol, what)
        yfinance, session = self._client()
        self._wait_for_turn()
        ticker = yfinance.Ticker(symbol, session=session)
        try:
            with session.limited_query():
                answer = _raise_typed(symbol, what, lambda: request(ticker))
        except SymbolError as error:
            budget.note(error)
            raise
        budget.note(None)
        return answer

    def _wait_for_turn(self) -> None:
        self._budget.pace()
        with self._turn:
            start = time.monotonic()
            self._shared_pace()
            waited = time.monotonic() - start
        for budget in (self._budget, self._extras):
            budget.extend(waited)

    def _client(self) -> tuple["ModuleType", "TimedSession"]:
        """Return yfinance and its one session, opened on first use."""
        with self._opening:
            if self._opened is None:
                import yfinance  # noqa: PLC0415  slow, and only this source needs it

                from market_data.yahoo_session import TimedSession  # noqa: PLC0415

                yfinance.config.debug.hide_exceptions = False
                _silence(yfinance)
                session = TimedSession(self.timeout, self._query_seconds)
                self._opened = yfinance, session
        return self._opened


def _silence(yfinance: "ModuleType") -> None:
    # Our typed error reports each failure; yfinance's log lines would repeat it.
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    # On import yfinance shows the pandas 4 deprecation warnings of its own code.
    warnings.filterwarnings(
        "ignore", category=DeprecationWarning, module=yfinance.__name__
    )


def _require_not_given_up(budget: RequestBudget, symbol: str, what: str) -> None:
    """Raise the last failure's type if the run makes no more requests to Yahoo."""
    failure = budget.given_up
    if failure is None:
        return
    limited = isinstance(failure, RateLimited)
    answer = "429 too many requests" if limited else "no usable answer"
    raise type(failure)(
        f"this run no longer asks Yahoo for {what} of {symbol}: too many requests in a "
        f"row got {answer}",
        "wait an hour or lower `requests_per_second`" if limited else "run again later",
    )


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, RateLimited | Unreachable) and not isinstance(
        error, NoNetwork
    )


def _raise_typed[Answer](symbol: str, what: str, ask: Callable[[], Answer]) -> Answer:
    """Return the answer of `ask`; raise each of its failures as one of our errors."""
    from yfinance.data import YfData  # noqa: PLC0415

    # Otherwise yfinance answers from its cache after a 5xx, a 404 or a cut body.
    YfData.cache_get.cache_clear()
    try:
        return ask()
    except SymbolError:
        raise
    except Exception as error:  # yfinance raises transport and parse errors too.
        raise _typed_error(symbol, what, error) from error


def _typed_error(symbol: str, what: str, error: Exception) -> SymbolError:
    from yfinance.exceptions import (  # noqa: PLC0415
        YFPricesMissingError,
        YFRateLimitError,
        YFTzMissingError,
    )

    cause = f"{type(error).__name__}: {_CURL_TEXT.sub('', str(error))[:160]}"
    if isinstance(error, YFRateLimitError):
        return RateLimited(
            f"Yahoo refused {what} of {symbol}: 429 too many requests",
            "wait an hour or lower `requests_per_second`",
        )
    if isinstance(error, YFPricesMissingError | YFTzMissingError):
        cause = getattr(error, "yahoo_reason", None) or str(error.rationale)
    elif getattr(getattr(error, "response", None), "status_code", None) != NOT_FOUND:
        if getattr(error, "code", None) in NO_NETWORK_CODES:
            return NoNetwork(
                f"Yahoo cannot be reached for {symbol} ({cause})",
                "check the network connection, or use --source folder",
            )
        return Unreachable(
            f"Yahoo gave no usable answer for {what} of {symbol} ({cause})",
            "try again later",
        )
    return UnknownSymbol(
        f"Yahoo does not have {what} of {symbol} ({cause.strip().rstrip('.')})",
        "check the ticker, it may be delisted",
    )
