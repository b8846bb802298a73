"""Prices from Yahoo through yfinance, with a typed cause for every failure.

yfinance answers most faults with an empty frame and a log line, keeps bad answers in
a process-wide cache and retries nothing that matters; this module undoes each of those.
"""

import logging
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import tenacity

from config.errors import (
    BadPrices,
    NoNetwork,
    RateLimited,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import PriceSettings
from market_data.prices import YAHOO_COLUMNS, PriceHistory, price_frame

if TYPE_CHECKING:
    from types import ModuleType

NO_NETWORK_CODES = (5, 6, 7)
"""curl's codes for a proxy or host without address, and for a refused connection."""

NOT_FOUND = 404


class RequestBudget:
    """What one run may ask of a service: a steady pace, and a sum of waiting.

    Shared by all threads of a run, so that many symbols do not each wait their fill.
    """

    def __init__(self, per_second: float, retry_seconds: float) -> None:
        """Start with the whole waiting time and no request made."""
        self._interval = 1 / per_second
        self._deadline: float | None = None
        self._retry_seconds = retry_seconds
        self._next = 0.0
        self._lock = threading.Lock()

    def pace(self) -> None:
        """Wait until the next request is due."""
        with self._lock:
            now = time.monotonic()
            due = max(now, self._next)
            self._next = due + self._interval
        time.sleep(due - now)

    def allows(self, pause: float) -> bool:
        """Return whether a pause fits; the first that is asked for starts the time."""
        with self._lock:
            now = time.monotonic()
            if self._deadline is None:
                self._deadline = now + self._retry_seconds
            return now + pause <= self._deadline


class YahooSource:
    """Yahoo's daily bars; one client session for all threads."""

    name: ClassVar[str] = "yahoo"
    remote: ClassVar[bool] = True

    def __init__(self, settings: PriceSettings) -> None:
        """Prepare the client; nothing is sent before the first `fetch`."""
        self._timeout = settings.request_timeout_seconds
        self._budget = RequestBudget(
            settings.requests_per_second, settings.retry_seconds
        )
        self._opening = threading.Lock()
        self._opened: tuple[ModuleType, Any] | None = None

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:
        """Return Yahoo's rows from `first` to `last`; see `PriceSource`.

        Rate limits and broken answers are tried again, with growing, jittered pauses,
        while the run's shared budget lasts; an unknown symbol is not.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            wait=tenacity.wait_random_exponential(multiplier=2, min=1, max=60),
            stop=self._budget_is_spent,
            reraise=True,
        )
        return retrying(self._fetch_once, symbol, first, last)

    def _budget_is_spent(self, state: tenacity.RetryCallState) -> bool:
        return not self._budget.allows(state.upcoming_sleep)

    def _fetch_once(self, symbol: str, first: date, last: date) -> PriceHistory:
        yfinance, session = self._client()
        self._budget.pace()
        ticker = yfinance.Ticker(symbol, session=session)
        frame = _typed_causes(
            symbol,
            lambda: ticker.history(
                start=first.isoformat(),
                end=(last + timedelta(days=1)).isoformat(),
                auto_adjust=False,
                actions=True,
                keepna=True,
                timeout=self._timeout,
            ),
        )
        described = ticker.history_metadata or {}
        _require_same_symbol(symbol, described)
        return PriceHistory(
            finished_bars(_from_yahoo(symbol, frame, last), described),
            currency=str(described.get("currency") or ""),
            source=self.name,
        )

    def _client(self) -> tuple["ModuleType", Any]:
        """Return yfinance and its one session, opened on first use."""
        with self._opening:
            if self._opened is None:
                import curl_cffi  # noqa: PLC0415  heavy, and of this source only
                import yfinance  # noqa: PLC0415

                yfinance.config.debug.hide_exceptions = False
                _silence(yfinance)
                session: Any = curl_cffi.requests.Session(impersonate="chrome")
                self._opened = yfinance, session
        return self._opened


def _silence(yfinance: "ModuleType") -> None:
    # Each failure reaches the user once, typed; the client's own lines repeat it.
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    # The client un-hides pandas 4 deprecations of its own code when it is imported.
    warnings.filterwarnings(
        "ignore", category=DeprecationWarning, module=yfinance.__name__
    )


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RateLimited | Unreachable) and not isinstance(
        error, NoNetwork
    )


def _typed_causes(symbol: str, ask: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return what `ask` returns, its failures turned into ours."""
    from yfinance.data import YfData  # noqa: PLC0415

    # Without this a 5xx, 404 or cut body is answered from the client's cache for ever.
    YfData.cache_get.cache_clear()
    try:
        return ask()
    except Exception as error:  # The client lets transport and parse errors through.
        raise _cause(symbol, error) from error


def _cause(symbol: str, error: Exception) -> SymbolError:
    from yfinance.exceptions import (  # noqa: PLC0415
        YFPricesMissingError,
        YFRateLimitError,
        YFTzMissingError,
    )

    said = f"{type(error).__name__}: {str(error)[:120]}"
    if isinstance(error, YFRateLimitError):
        return RateLimited(
            f"Yahoo must answer for {symbol}, got 429 too many requests; "
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
            f"Yahoo must answer for {symbol} with prices, got {said}; try again later."
        )
    return UnknownSymbol(
        f"Yahoo must have a history of {symbol}, got: {said.strip().rstrip('.')}; "
        "check the ticker, it may be delisted."
    )


def _require_same_symbol(symbol: str, described: dict[str, Any]) -> None:
    answered = described.get("symbol", symbol)
    if answered != symbol:
        raise BadPrices(
            f"Yahoo must answer for {symbol}, got prices of {answered}; try again "
            "later."
        )


def _from_yahoo(symbol: str, frame: pd.DataFrame, last: date) -> pd.DataFrame:
    """Return the rows in our form, those after `last` left out."""
    missing = [name for name in YAHOO_COLUMNS if name not in frame.columns]
    if frame.empty or missing:
        lacking = f"no column {', '.join(missing)}" if missing else "no rows"
        raise Unreachable(
            f"Yahoo must send prices of {symbol}, got {lacking}; try again later."
        )
    days = pd.DatetimeIndex(frame.index).tz_localize(None).normalize()
    columns = {ours: frame[yahoo].to_list() for yahoo, ours in YAHOO_COLUMNS.items()}
    prices = price_frame(columns, days)
    return prices[prices.index <= pd.Timestamp(last)]


def finished_bars(prices: pd.DataFrame, described: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows without today's bar where Yahoo is still writing it.

    It is written while the last trade lies inside the session; the calendar's close
    alone does not tell, for an auction and Yahoo's own delay come after it. Before a
    session opens, Yahoo names that one and the last trade is of the one before:
    nothing is being written.
    """
    try:
        traded = pd.Timestamp(described["regularMarketTime"])
        session = described["currentTradingPeriod"]["regular"]
        start, end = pd.Timestamp(session["start"]), pd.Timestamp(session["end"])
    except (KeyError, TypeError, ValueError):
        return prices
    if not start <= traded < end:
        return prices
    return prices[prices.index < traded.tz_localize(None).normalize()]
