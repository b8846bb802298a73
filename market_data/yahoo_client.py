"""One paced connection to Yahoo for all feeds of a run, with typed causes of failure.

yfinance answers most faults with an empty frame and a log line, keeps bad answers in
a process-wide cache and retries nothing that matters; this module undoes each of those.
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

if TYPE_CHECKING:
    from types import ModuleType

    from market_data.yahoo_session import TimedSession

NO_NETWORK_CODES = (5, 6, 7)
"""curl's codes for a proxy or host without address, and for a refused connection."""

NOT_FOUND = 404

_CURLS_OWN = re.compile(
    r"^Failed to perform, curl: \(\d+\) |\.? See https://curl\.se.*"
)
"""What curl's bindings put around the cause: nothing that a person can use."""

QUOTE_SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary"


class RequestBudget:
    """What one run may ask of a service: a steady pace, and a sum of waiting.

    Shared by all threads of a run, so that many symbols do not each wait their fill.
    """

    def __init__(
        self, per_second: float, retry_seconds: float, give_up_after: int
    ) -> None:
        """Start with the whole waiting time and no request made."""
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

    def excuse(self, seconds: float) -> None:
        """Do not count what was waited for a turn as waiting for Yahoo."""
        with self._lock:
            if self._deadline is not None:
                self._deadline += seconds

    def allows(self, pause: float) -> bool:
        """Return whether a pause fits; the first that is asked for starts the time."""
        with self._lock:
            now = time.monotonic()
            if self._deadline is None:
                self._deadline = now + self._retry_seconds
            fits = now + pause <= self._deadline
            self._spent = self._spent or not fits
            return fits

    def note(self, failure: SymbolError | None) -> None:
        """Count failures in a row; an answer, be it a no, ends the row."""
        with self._lock:
            if failure is not None and isinstance(failure, RateLimited | Unreachable):
                self._failures.append(failure)
            else:
                self._failures.clear()

    @property
    def given_up(self) -> SymbolError | None:
        """Return the last failure where asking on is hopeless, else None.

        That is: many in a row, and the waiting time spent or no network at all. Without
        it each of some hundred symbols would wait for a dead service once.
        """
        with self._lock:
            if len(self._failures) < self._give_up_after:
                return None
            last = self._failures[-1]
            return last if self._spent or isinstance(last, NoNetwork) else None


class YahooClient:
    """One client session for all threads and feeds.

    Prices are what a night can't do without; the calendar and the headlines have a
    waiting time of their own, so that they never use up that of the prices.

    What is paced is a question: one symbol's history, calendar or headlines. yfinance
    sends one request for it, and more where it lacks a cookie and a crumb (once a
    process) or a time zone (once a symbol, then kept on disk), or got an error (twice).
    """

    def __init__(
        self, settings: PriceSettings, shared_pace: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare the client; nothing is sent before the first request.

        `shared_pace` waits for a turn among other clients; one thread at a time calls
        it, after the client's own pace.
        """
        self.timeout = settings.request_timeout_seconds
        self._question_seconds = settings.question_timeout_seconds
        rate, most = settings.requests_per_second, settings.give_up_after
        self._budget = RequestBudget(rate, settings.retry_seconds, most)
        self._extras = RequestBudget(rate, settings.extras_retry_seconds, most)
        self._shared_pace = shared_pace
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

        Rate limits and broken answers are tried again, with growing, jittered pauses,
        while the run's shared budget lasts; an unknown symbol is not. `what` names the
        answer in messages; `extra` marks one that a night can do without, and that is
        tried once where the prices were given up.

        Raises
        ------
        SymbolError
            `UnknownSymbol`, `RateLimited`, `Unreachable`, or what `request` raised.
        """
        budget = self._extras if extra else self._budget
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=tenacity.wait_random_exponential(multiplier=2, min=1, max=60),
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
        """Return the present instant by Yahoo's clock, by this machine's if unknown."""
        return datetime.now(UTC) - timedelta(seconds=self.clock_lead_seconds or 0.0)

    def calendar_events(self, symbol: str) -> dict[str, Any]:
        """Return Yahoo's `calendarEvents` of the symbol as it came, times as epochs.

        `Ticker.calendar` has the same, in dates of the process's own time zone: a day
        off in Sydney and New York.
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

    def _ask_once[Answer](
        self,
        budget: RequestBudget,
        symbol: str,
        what: str,
        request: Callable[[Any], Answer],
    ) -> Answer:
        _require_hope(budget, symbol, what)
        yfinance, session = self._client()
        self._wait_for_turn()
        ticker = yfinance.Ticker(symbol, session=session)
        try:
            with session.question():
                answer = _typed_causes(symbol, what, lambda: request(ticker))
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
            budget.excuse(waited)

    def _client(self) -> tuple["ModuleType", "TimedSession"]:
        """Return yfinance and its one session, opened on first use."""
        with self._opening:
            if self._opened is None:
                import yfinance  # noqa: PLC0415  heavy, and of this source only

                from market_data.yahoo_session import TimedSession  # noqa: PLC0415

                yfinance.config.debug.hide_exceptions = False
                _silence(yfinance)
                session = TimedSession(self.timeout, self._question_seconds)
                self._opened = yfinance, session
        return self._opened


def _silence(yfinance: "ModuleType") -> None:
    # Each failure reaches the user once, typed; the client's own lines repeat it.
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    # The client un-hides pandas 4 deprecations of its own code when it is imported.
    warnings.filterwarnings(
        "ignore", category=DeprecationWarning, module=yfinance.__name__
    )


def _require_hope(budget: RequestBudget, symbol: str, what: str) -> None:
    """Raise what the last of too many failures was, without another request."""
    failure = budget.given_up
    if failure is None:
        return
    limited = isinstance(failure, RateLimited)
    said = "429 too many requests" if limited else "no usable answer"
    cure = "wait an hour or lower `requests_per_second`" if limited else "try later"
    raise type(failure)(
        f"Yahoo must answer for {symbol} with {what}, got {said} for too long, so it "
        f"is asked no more in this run; {cure}."
    )


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RateLimited | Unreachable) and not isinstance(
        error, NoNetwork
    )


def _typed_causes[Answer](symbol: str, what: str, ask: Callable[[], Answer]) -> Answer:
    """Return what `ask` returns, its failures turned into ours."""
    from yfinance.data import YfData  # noqa: PLC0415

    # Without this a 5xx, 404 or cut body is answered from the client's cache for ever.
    YfData.cache_get.cache_clear()
    try:
        return ask()
    except SymbolError:
        raise
    except Exception as error:  # The client lets transport and parse errors through.
        raise _cause(symbol, what, error) from error


def _cause(symbol: str, what: str, error: Exception) -> SymbolError:
    from yfinance.exceptions import (  # noqa: PLC0415
        YFPricesMissingError,
        YFRateLimitError,
        YFTzMissingError,
    )

    said = f"{type(error).__name__}: {_CURLS_OWN.sub('', str(error))[:160]}"
    if isinstance(error, YFRateLimitError):
        return RateLimited(
            f"Yahoo must answer for {symbol} with {what}, got 429 too many requests; "
            "wait an hour or lower `requests_per_second`."
        )
    if isinstance(error, YFPricesMissingError | YFTzMissingError):
        said = getattr(error, "yahoo_reason", None) or str(error.rationale)
    elif getattr(getattr(error, "response", None), "status_code", None) != NOT_FOUND:
        if getattr(error, "code", None) in NO_NETWORK_CODES:
            return NoNetwork(
                f"the network must reach Yahoo for {symbol}, got {said}; connect, or "
                "use --source folder."
            )
        return Unreachable(
            f"Yahoo must answer for {symbol} with {what}, got {said}; try again later."
        )
    return UnknownSymbol(
        f"Yahoo must have {what} of {symbol}, got: {said.strip().rstrip('.')}; "
        "check the ticker, it may be delisted."
    )
