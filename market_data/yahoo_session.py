"""The HTTP session of Yahoo's client: it limits the time of a whole query.

yfinance has no such limit: its requests for time zone, cookie and crumb wait 10 to 30 s
each, and it asks for cookie and crumb under one lock. If none is answered, 130 s pass.
Imports curl_cffi, so the client imports this module before its first query.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from curl_cffi.const import CurlECode
from curl_cffi.requests import Response, Session
from curl_cffi.requests.exceptions import RequestException, Timeout

CREDENTIAL_HOSTS = ("fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com")
CRUMB = "/v1/test/getcrumb"

CREDENTIAL_SHARE = 1 / 3
"""Share of a request's limit for a cookie or a crumb; prices need neither."""

PAUSE_SECONDS = 60
"""Time for which an address that gave no cookie or crumb is not asked again."""

REFUSALS = (429, 500, 502, 503, 504)
"""Without 404: the cookie's address answers 404 and still sets the cookie."""


class TimedSession(Session[Response]):
    """A browser-like session for any number of threads, each with its own query."""

    def __init__(self, request_seconds: float, query_seconds: float) -> None:
        """Limit each request, and all requests of one query together."""
        super().__init__(impersonate="chrome")
        self._request_seconds = request_seconds
        self._query_seconds = query_seconds
        self._paused_until: dict[str, float] = {}
        self._current = threading.local()
        self.clock_lead_seconds: float | None = None

    @contextmanager
    def limited_query(self) -> Iterator[None]:
        """Limit the time of all requests that this thread sends in the block."""
        self._current.ends = time.monotonic() + self._query_seconds
        self._current.body, self._current.status = b"", 0
        try:
            yield
        finally:
            del self._current.ends

    @property
    def last_body(self) -> bytes:
        """Return the unchanged body of the last answer to this thread."""
        body: bytes = self._current.body
        return body

    @property
    def last_status(self) -> int:
        """Return the HTTP status of the last answer to this thread."""
        status: int = self._current.status
        return status

    def request(self, method: Any, url: str, *parts: Any, **options: Any) -> Response:  # noqa: ANN401
        """Return the answer; see `curl_cffi.requests.Session.request`.

        Raises
        ------
        RequestException
            curl's. It is a `Timeout` without a request if the query's time is up, or if
            the address of a cookie or crumb recently gave no answer.
        """
        place = urlsplit(url)
        address = f"{place.hostname}{place.path}"
        credential = place.hostname in CREDENTIAL_HOSTS or place.path == CRUMB
        options["timeout"] = self._seconds_for(address, credential=credential)
        paused_until = time.monotonic() + PAUSE_SECONDS
        try:
            answer = super().request(method, url, *parts, **options)
        except RequestException:
            if credential:
                self._paused_until[address] = paused_until
            raise
        if credential and answer.status_code in REFUSALS:
            self._paused_until[address] = paused_until
        self._current.body = answer.content
        self._current.status = answer.status_code
        self._note_time(answer.headers.get("Date"))
        return answer

    def _note_time(self, stated: str | None) -> None:
        try:
            service_time = parsedate_to_datetime(stated or "").timestamp()
        except ValueError:
            return
        self.clock_lead_seconds = time.time() - service_time

    def _seconds_for(self, address: str, *, credential: bool) -> float:
        now = time.monotonic()
        left = getattr(self._current, "ends", now + self._query_seconds) - now
        if left <= 0:
            raise Timeout(
                f"no answer within {self._query_seconds:g} s",
                code=CurlECode.OPERATION_TIMEDOUT,
            )
        if not credential:
            return min(self._request_seconds, left)
        if now < self._paused_until.get(address, 0):
            raise Timeout(
                f"{address} gave no answer before", code=CurlECode.OPERATION_TIMEDOUT
            )
        return min(self._request_seconds * CREDENTIAL_SHARE, left)
